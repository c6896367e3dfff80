"""The track record as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from i18n.forecasts import (
    ScoreLine,
    calibration_of,
    counts_line,
    event_title,
    interval,
    overlap_line,
    score_lines,
    short_line,
)
from i18n.outputs import percent
from i18n.translator import Html, Translator
from services.charts import Calibration
from services.forecasts.record import RecordPart, TrackRecord
from web.kit.viewer import PageViewer

LEFT, RIGHT, TOP, BOTTOM = 56.0, 294.0, 16.0, 216.0
"""Of the drawing, 320 by 250: where 0 % and 100 % are, with room for whole dots around."""
STEPS: Final = 4
"""Of an axis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPoint:
    """In points of the drawing; `said`: in words."""

    x: float
    y: float
    low: float
    high: float
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCalibration:
    chart: Calibration
    points: Sequence[DrawnPoint]
    marks: Sequence[tuple[float, float, str]]
    """Along both axes: where on the one, where on the other, what it says."""
    rows: Sequence[Sequence[str]]
    """What was said, how often it came, its interval, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """Of a record, ready to be shown. `figures`: a title and lines for each thing that is said; `short`: the same in a
    line; empty where it is too early."""

    name: str
    counts: Html
    figures: Sequence[tuple[str, Sequence[ScoreLine]]]
    short: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    title: str
    record: TrackRecord
    listed: ShownPart
    bought: ShownPart
    versions: Sequence[ShownPart]
    papers: Sequence[ShownPart]
    chart: DrawnCalibration | None
    overlap: Html


def shown_record(record: TrackRecord, who: PageViewer) -> ShownRecord:
    tr = who.tr
    probability = record.listed.of_event("drawdown")
    chart = None if probability is None or not probability.is_enough else calibration_of(probability, tr)
    return ShownRecord(
        title=who.titles.of(record.model_slug).text,
        record=record,
        listed=_part(record.listed, "", tr),
        bought=_part(record.bought, "", tr),
        versions=[_part(part, tr.gettext("Version {version}", version=part.key), tr) for part in record.versions],
        papers=[_part(part, _paper(part, record), tr) for part in record.papers],
        chart=None if chart is None else _drawn(chart, tr),
        overlap=overlap_line(record.horizon, tr),
    )


def _part(part: RecordPart, name: str, tr: Translator) -> ShownPart:
    figures = [(event_title(each, tr), score_lines(each, tr)) for each in part.told]
    return ShownPart(name=name, counts=counts_line(part.counts, tr), figures=figures, short=short_line(part, tr))


def _paper(part: RecordPart, record: TrackRecord) -> str:
    """With its exchange where two have this symbol."""
    alike = sum(each.key == part.key for each in record.papers)
    return f"{part.name} ({part.key})" if alike == 1 else f"{part.name} ({part.key}, {part.exchange})"


def _drawn(chart: Calibration, tr: Translator) -> DrawnCalibration:
    rows = [
        (
            percent(each.stated, 0, tr),
            percent(each.came, 0, tr),
            interval(each.low, each.high, tr),
            str(each.count),
        )
        for each in chart.points
    ]
    points = [
        DrawnPoint(
            x=_x(each.stated),
            y=_y(each.came),
            low=_y(each.low),
            high=_y(each.high),
            said=tr.gettext("said {said}, came {came} of {count}", said=said, came=came, count=count),
        )
        for each, (said, came, _, count) in zip(chart.points, rows, strict=True)
    ]
    marks = [(_x(step / STEPS), _y(step / STEPS), f"{step * 100 // STEPS}\u00a0%") for step in range(STEPS + 1)]
    return DrawnCalibration(chart=chart, points=points, marks=marks, rows=rows)


def _x(share: float) -> float:
    return round(LEFT + (RIGHT - LEFT) * share, 1)


def _y(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
