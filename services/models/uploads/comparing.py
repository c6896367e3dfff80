"""Two versions answer the same questions, each in the process that it is or would be sold from."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from db.base import JsonObject
from db.tables.predictions import ErrorCode
from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.models.uploads.likeness import Difference, differences, shared_outputs
from services.models.uploads.shelf import Shelved
from services.models.uploads.trial_run import megabytes_of
from services.predictions.error_codes import code_of
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value, default_value
from services.values.samples import example_row

RUNS, QUICK = 5, 1000.0  # of each question, as long as they took fewer milliseconds in all
SECONDS: Final = 120.0  # for all questions of a version; what is left then is not asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedQuestion:
    """`input`: the question whose answer the new version does not take; None: it fails at the run, with `code`."""

    code: ErrorCode
    input: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """`asked`: how many questions both were asked; `same`: how many answers read the same. Milliseconds of a usual
    answer and megabytes at the highest point are of the old version and the new one."""

    asked: int
    same: int
    shared: bool
    largest: Difference | None
    refusals: Sequence[RefusedQuestion]
    milliseconds: tuple[int, int]
    megabytes: tuple[int | None, int | None]

    def dump(self) -> JsonObject:
        refused = [{"code": each.code, "input": each.input} for each in self.refusals]
        return {
            "asked": self.asked,
            "same": self.same,
            "shared": self.shared,
            "largest": None if self.largest is None else self.largest.dump(),
            "refused": refused,
            "milliseconds": list(self.milliseconds),
            "megabytes": list(self.megabytes),
        }


@dataclass(slots=True)
class _Run:
    answers: list[Result | RefusedQuestion | None] = field(default_factory=list)  # None: there was no time for it
    milliseconds: list[float] = field(default_factory=list)
    megabytes: int | None = None

    @property
    def usual(self) -> int:
        return max(1, round(statistics.median_low(self.milliseconds))) if self.milliseconds else 0


def compare(old: Shelved, new: Shelved, past: Sequence[Row]) -> Compared:
    """On the old one's example and on `past`; what the old one refuses today is left out. Raises ModelBroken,
    RunTimeout, ManifestError."""
    rows = [example_row(*old), *past]
    before = _run(old, rows)
    asked = [(row, was) for row, was in zip(rows, before.answers, strict=True) if isinstance(was, Result)]
    after = _run(new, [_fitted(new.manifest, row) for row, _ in asked])
    pairs = [(was, now) for (_, was), now in zip(asked, after.answers, strict=True) if now is not None]
    outputs = shared_outputs(old.manifest, new.manifest)
    apart = [
        max(differences(outputs, was, now), key=_distance) for was, now in pairs if outputs and isinstance(now, Result)
    ]
    largest = max(apart, key=_distance, default=None)
    return Compared(
        asked=len(pairs),
        same=sum(not each.apart for each in apart),
        shared=bool(outputs),
        largest=None if largest is None or not largest.apart else largest,
        refusals=[now for _, now in pairs if isinstance(now, RefusedQuestion)],
        milliseconds=(before.usual, after.usual),
        megabytes=(before.megabytes, after.megabytes),
    )


def _distance(difference: Difference) -> float:
    return difference.apart


def _run(version: Shelved, rows: Sequence[Row | RefusedQuestion]) -> _Run:
    done, runtime = _Run(), IsolatedOnnxRuntime(*version)
    seconds, until = version.manifest.runtime.timeout, time.monotonic() + SECONDS
    try:
        runtime.load()
        with watched(Limit(seconds)) as limit:
            runtime.warm_up(limit)
        for row in rows:
            late = time.monotonic() > until
            done.answers.append(
                row if isinstance(row, RefusedQuestion) else None if late else _answer(runtime, row, done)
            )
        done.megabytes = megabytes_of(runtime.process_id)
    finally:
        runtime.close()
    return done


def _answer(runtime: IsolatedOnnxRuntime, row: Row, done: _Run) -> Result | RefusedQuestion:
    first: Result | None = None
    took: list[float] = []
    while len(took) < RUNS and sum(took) < QUICK:
        begun = time.perf_counter()
        try:
            with watched(Limit(runtime.manifest.runtime.timeout)) as limit:
                (answer,) = runtime.run([row], limit)
        except ShopError as error:
            answer = error
        if isinstance(answer, ShopError):
            return RefusedQuestion(code=code_of(answer))
        took.append((time.perf_counter() - begun) * 1000)
        first = first or answer
    done.milliseconds.append(statistics.median(took))
    assert first is not None
    return first


def _fitted(manifest: Manifest, row: Row) -> Row | RefusedQuestion:
    """The same answers to the new version's questions, as a form would take them."""
    values: dict[str, Value] = {}
    for asked in manifest.inputs:
        try:
            given = row.values[asked.name] if asked.name in row.values else default_value(asked)
            values[asked.name] = check_value(asked, given)
        except InvalidValue as error:
            return RefusedQuestion(code=code_of(error), input=asked.name)
    return Row(values=values, files=row.files)
