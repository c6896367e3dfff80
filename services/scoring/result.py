"""The customer's table with the answers that there are."""

import json
from collections.abc import Mapping, Sequence

from services.files.files import Files
from services.inference.columns import (
    AnswerColumns,
    join,
    none_answered,
    pack_answers,
    share_of,
    unpack,
    unpack_answers,
)
from services.manifests.cells import told_in_cells
from services.manifests.manifest import ClassesOutput, Manifest, NumberOutput, SeriesOutput, TextOutput
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView
from services.scoring.source import Told, Wording
from services.scoring.table_work import write
from services.values.errors import NotATable


async def make_result(view: ScoringView, manifest: Manifest, part_contents: Sequence[bytes], files: Files) -> bytes:
    """Raises StoreAway, and a leaf of InvalidValue where the customer's file is gone or cannot be read again."""
    wanted = [view.source_file_id, view.checked_file_id, view.problems_file_id]
    found = await files.contents((each, view.user_id) for each in wanted if each is not None)
    contents = [found.get(each) for each in wanted if each is not None]
    if len(contents) < len(wanted) or None in contents:
        raise NotATable()
    source, checked, problems = (each or b"" for each in contents)
    parts = [unpack_answers(each) for each in part_contents]
    answers = join(parts) if parts else none_answered(0)
    lines = unpack(checked)[ROWS]
    packed = pack_answers(AnswerColumns(columns={**answers.columns, ROWS: lines}, failed=answers.failed))
    return await write(source, packed, _table(view, manifest, json.loads(problems)))


def _table(view: ScoringView, manifest: Manifest, notes: Sequence[tuple[int, str]]) -> Told:
    headings: dict[str, str] = {}
    labels: dict[str, Sequence[str]] = {}
    for output in told_in_cells(manifest):
        label = output.label.pick(view.wording.language)
        if isinstance(output, NumberOutput | SeriesOutput) and output.unit is not None:
            label = f"{label}, {output.unit.pick(view.wording.language)}"
        headings[output.name] = label
        if isinstance(output, ClassesOutput):
            headings[share_of(output.name)] = f"{label}: {view.wording.share}"
            labels[output.name] = [each.label.pick(view.wording.language) for each in output.classes]
    return {
        "facts": view.source.dump(),
        "headings": list(headings.values()),
        "columns": list(headings),
        "labels": labels,
        "texts": text_labels(manifest, view.wording),
        "notes": list(notes),
        "note_heading": view.wording.note,
        "not_answered": view.wording.not_answered,
    }


def text_labels(manifest: Manifest, wording: Wording) -> Mapping[str, Mapping[str, str]]:
    """Words for what a model answers in its own, by output."""
    return {
        output.name: {each.value: each.label.pick(wording.language) for each in output.classes}
        for output in told_in_cells(manifest)
        if isinstance(output, TextOutput) and output.classes
    }
