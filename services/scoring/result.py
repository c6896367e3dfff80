"""The customer's table with the answers that there are."""

import asyncio
import json
from collections.abc import Sequence

from services.files.files import Files
from services.inference.column_files import pack_answers, unpack, unpack_answers
from services.inference.columns import AnswerColumns, join, none_answered
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView
from services.scoring.source import Told
from services.scoring.table_work import write
from services.values.errors import NotATable


async def make_result(view: ScoringView, part_contents: Sequence[bytes], files: Files) -> bytes:
    """Raises StoreAway, and a leaf of InvalidValue where the customer's file is gone or cannot be read again."""
    wanted = [view.source_file_id, view.checked_file_id, view.problems_file_id]
    found = await files.contents((each, view.user_id) for each in wanted if each is not None)
    contents = [found.get(each) for each in wanted if each is not None]
    if len(contents) < len(wanted) or None in contents or not view.answers.columns:
        raise NotATable()
    source, checked, problems = (each or b"" for each in contents)
    packed = await asyncio.to_thread(_packed, part_contents, checked)
    return await write(source, packed, _table(view, json.loads(problems)))


def _packed(part_contents: Sequence[bytes], checked: bytes) -> bytes:
    """All answers, and at which lines of the customer's file they belong."""
    parts = [unpack_answers(each) for each in part_contents]
    answers = join(parts) if parts else none_answered(0)
    lines = unpack(checked)[ROWS]
    return pack_answers(AnswerColumns(columns={**answers.columns, ROWS: lines}, failed=answers.failed))


def _table(view: ScoringView, notes: Sequence[tuple[int, str]]) -> Told:
    return {
        **view.answers.dump(),
        "facts": view.source.dump(),
        "notes": list(notes),
        "note_heading": view.wording.note,
        "decimal": view.wording.decimal,
        "not_answered": view.wording.not_answered,
    }
