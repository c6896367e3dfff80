"""Has tables looked at and written in processes of their own."""

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final, cast

from services.manifests.characters import all_cleaned, cleaned
from services.manifests.manifest import Input
from services.scoring.source import Checked, Told
from services.values.errors import InvalidValue
from services.values.intake_answers import BrokenAnswer, refusal_of
from services.values.intake_child import Bounds, gave_up, run_child

PROGRAM: Final = "services.scoring.table_process"
CHECK: Final = Bounds(seconds=30, wall_seconds=40, bytes=2_000_000)
WRITE: Final = Bounds(seconds=120, wall_seconds=300, bytes=2_000_000)
_SAMPLES: Final = {"default", "example", "help"}  # a question's keys that say nothing of an answer

Say = Callable[[str, InvalidValue], str]
"""The words for what is wrong with an input's cell; with a row as a whole where no input is named."""


async def look(fd: int) -> Told:
    """Raises a leaf of InvalidValue."""
    return await _run({"job": "look"}, (fd,), CHECK)


async def check(
    fd: int,
    fields: Sequence[Input],
    columns: Mapping[str, int],
    constants: Mapping[str, Any],  # Any: values, as JSON has them
    *,
    header_row: int,
    language: str,
    say: Say,
) -> Checked:
    """`constants`: what has the same answer in every row. Raises a leaf of InvalidValue."""
    wanted = {
        "job": "check",
        "fields": [each.model_dump(mode="json", exclude_none=True, exclude=_SAMPLES) for each in fields],
        "columns": dict(columns),
        "constants": dict(constants),
        "header_row": header_row,
        "language": language,
    }
    with ExitStack() as files:
        good, problems = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
        told = await _run(wanted, (fd, good.fileno(), problems.fileno()), CHECK)
        good.seek(0)
        problems.seek(0)
        labels = {each.name: each.label.pick(language) for each in fields}
        words = await asyncio.to_thread(_in_words, problems.read(), labels, say)
        rows, comma = told["rows"], told["decimal_comma"]
        return Checked(rows=rows, good=good.read(), problems=words, decimal_comma=comma)


async def write(source: bytes, answers: bytes, table: Told) -> bytes:
    """The customer's file with the answers. Raises a leaf of InvalidValue."""
    with ExitStack() as files:
        original, given, result = (files.enter_context(tempfile.TemporaryFile()) for _ in range(3))
        original.write(source)
        given.write(answers)
        for file in (original, given):
            file.flush()
            file.seek(0)
        fds = (original.fileno(), given.fileno(), result.fileno())
        await _run({"job": "write", "table": table}, fds, WRITE)
        result.seek(0)
        return result.read()


async def _run(wanted: Told, fds: Sequence[int], bounds: Bounds) -> Told:
    answer = await run_child(PROGRAM, fds, json.dumps(wanted).encode(), bounds)
    try:
        match json.loads(answer):
            case {"told": dict(told)}:
                return cast(Told, all_cleaned(told))
            case {"refusal": dict(told)}:
                refusal = refusal_of(told)
            case _:
                raise BrokenAnswer("unknown")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise gave_up(f"answer not understood: {type(error).__name__}") from error
    raise refusal


def _in_words(packed: bytes, labels: Mapping[str, str], say: Say) -> tuple[tuple[int, str], ...]:
    said = ((row, say(labels.get(name, ""), refusal_of(told))) for row, name, told in json.loads(packed))
    return tuple((int(row), cleaned(text)) for row, text in said)
