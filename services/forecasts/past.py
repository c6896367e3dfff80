"""Past forecasts of a file, judged as the shop's own are: a CSV with a line for each. Columns: what was said, by output
(of a band `OUTPUT_low` and `OUTPUT_high`, in per cent of the last close), and what came: `worst`, the change to the
lowest close within the horizon, and `change`, that until its end, both in per cent."""

import csv
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from services.forecasts.figures import OutcomeFigures, Tally, figures_of
from services.forecasts.judging import Judged, judge
from services.forecasts.observed import Observed
from services.forecasts.said import MOST, StatedOutcome
from services.manifests.manifest import Manifest
from services.manifests.outcomes import DeclaredOutcome

WORST, CHANGE = "worst", "change"
BASE = 100.0  # the last close: a change of 3 % is a close of 103
_NO_DAY = dt.date.min


class BadForecasts(Exception):
    """`str(error)` says in one line what is wrong with the file."""


def judge_file(file: Path, manifest: Manifest) -> list[OutcomeFigures]:
    """Raises BadForecasts, OSError."""
    if not manifest.outcomes:
        raise BadForecasts("the manifest declares no [[outcomes]]")
    sums: dict[tuple[str, int | None], list[tuple[StatedOutcome, Judged]]] = defaultdict(list)
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        try:
            _require_columns(reader, manifest)
            for said, judged in _judged(reader, manifest.outcomes):
                sums[said.name, judged.bin].append((said, judged))
        except (UnicodeDecodeError, csv.Error) as error:
            raise BadForecasts(f"it is no CSV in UTF-8: {error}") from None
    if not sums:
        raise BadForecasts("it has no forecasts")
    return figures_of([_tally(group, manifest.outcomes[0].horizon) for group in sums.values()])


def _require_columns(reader: "csv.DictReader[str]", manifest: Manifest) -> None:
    needed = [WORST, CHANGE, *(name for each in manifest.outcomes for name in _columns(each))]
    if absent := [name for name in needed if name not in (reader.fieldnames or ())]:
        raise BadForecasts(f"columns are missing: {', '.join(absent)}")


def _columns(outcome: DeclaredOutcome) -> list[str]:
    ends = (f"{outcome.output}_low", f"{outcome.output}_high")
    return [*ends] if outcome.event == "inside" else [outcome.output]


def _judged(rows: "csv.DictReader[str]", declared: Sequence[DeclaredOutcome]) -> Iterator[tuple[StatedOutcome, Judged]]:
    for number, row in enumerate(rows, start=2):
        observed = Observed(worst=_number(row, WORST, number), change=_number(row, CHANGE, number), until=_NO_DAY)
        if observed.worst > observed.change:
            raise BadForecasts(f"line {number}: {WORST} is over {CHANGE}")
        for outcome in declared:
            said = _said(outcome, row, number)
            yield said, judge(said, BASE, observed)


def _said(outcome: DeclaredOutcome, row: Mapping[str, str], number: int) -> StatedOutcome:
    measure = outcome.threshold if outcome.threshold is not None else outcome.level
    assert measure is not None
    values = [_number(row, name, number) for name in _columns(outcome)]
    said = {"name": outcome.name, "event": outcome.event, "output": outcome.output}
    if outcome.event == "inside":
        low, high = (BASE * (1 + value / 100) for value in values)
        if low > high:
            raise BadForecasts(f"line {number}: the lower end of {outcome.output} is over the upper one")
        return StatedOutcome(**said, measure=measure, low=low, high=high)  # type: ignore[arg-type]  # words by name
    if outcome.event == "drawdown" and not 0 <= values[0] <= 1:
        raise BadForecasts(f"line {number}: {outcome.output} is no probability from 0 to 1")
    return StatedOutcome(**said, measure=measure, stated=values[0])  # type: ignore[arg-type]  # as above


def _number(row: Mapping[str, str], name: str, number: int) -> float:
    try:
        value = math.nan if "_" in row[name] else float(row[name])
    except (TypeError, ValueError):
        value = math.nan
    if not abs(value) <= MOST:
        raise BadForecasts(f"line {number}: {name} is no number")
    return value


def _tally(group: Sequence[tuple[StatedOutcome, Judged]], horizon: int) -> Tally:
    said, first = group[0]
    return Tally(
        name=said.name,
        event=said.event,
        output=said.output,
        measure=said.measure,
        horizon=horizon,
        bin=first.bin,
        count=len(group),
        came=sum(judged.came for _, judged in group),
        stated=math.fsum(each.stated or 0.0 for each, _ in group),
        score=math.fsum(judged.score for _, judged in group),
    )
