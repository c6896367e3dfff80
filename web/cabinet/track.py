"""The track record, for everybody: what was forecast, what came, and the whole list to be checked."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from i18n.forecasts import calibration_of, counts_line, event_title, overlap_line, score_lines, too_early
from i18n.translator import Html, Translator
from services.charts import Calibration
from services.forecasts.entries import PublishedEntry
from services.forecasts.record import RecordPart, Track, TrackRecord
from services.identity.throttles import network_of
from services.spreadsheets import harmless
from web.kit.limits import Policy, take
from web.kit.pages import page
from web.kit.viewer import PageViewer, Someone

router = APIRouter()
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 400.0, 300.0, 44.0, 268.0, 12.0
"""Of the drawing: its frame begins at `LEFT` and ends above `BOTTOM`."""
TABLE: Final = "text/csv; charset=utf-8"
WHOLE: Final = Policy(name="track", times=10)
COLUMNS: Final = (
    *("number", "kind", "first", "published_at", "model", "version", "paper", "exchange", "week", "last_day"),
    *("last_close", "horizon", "void", "text", "hash"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPoint:
    """In points of the drawing; `said`: in words."""

    x: float
    y: float
    low: float
    high: float
    count: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCalibration:
    chart: Calibration
    points: Sequence[DrawnPoint]
    marks: Sequence[tuple[float, float, str]]
    """Along both axes: where on the one, where on the other, what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPart:
    """Of a record, ready to be shown. `figures`: a title and lines for each thing that is said."""

    name: str
    counts: Html
    figures: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    title: str
    record: TrackRecord
    listed: ShownPart
    bought: ShownPart
    chart: DrawnCalibration | None
    rows: Sequence[Sequence[str]]
    """Of versions and papers."""
    overlap: Html


@router.get("/track")
async def show_track(who: Someone) -> Response:
    record = await who.site.services.track.record()
    shown = [_shown(model, who) for model in record.models]
    return page(who, "cabinet/track.html", shown=shown, length=record.length, hash=record.hash, early=too_early(who.tr))


@router.get("/track.csv")
async def save_track(request: Request, who: Someone) -> Response:
    """All that was published, in its order, with hashes. Raises `TooManyRequests`: it is read from end to end, but for
    HEAD, which reads nothing."""
    named = {"content-disposition": 'attachment; filename="track.csv"', "cache-control": "no-cache"}
    if request.method == "HEAD":
        return StreamingResponse(iter(()), media_type=TABLE, headers=named)
    await take(request, who.site.services.coordination, WHOLE, network_of(who.device.address))
    return StreamingResponse(_lines(who.site.services.track), media_type=TABLE, headers=named)


async def _lines(track: Track) -> AsyncIterator[bytes]:
    yield _csv([COLUMNS])
    async for entries in track.published():
        yield _csv([_row(entry) for entry in entries])


def _row(entry: PublishedEntry) -> Sequence[object]:
    return (
        *(entry.number, entry.kind, entry.first_number, entry.at.isoformat(), entry.model, entry.version),
        *(
            harmless(entry.paper or ""),
            harmless(entry.exchange or ""),
            entry.week,
            entry.last_day.isoformat() if entry.last_day else "",
            "" if entry.last_close is None else repr(float(entry.last_close)),
        ),
        *(entry.horizon or "", entry.void or "", entry.text, entry.hash),
    )


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _shown(record: TrackRecord, who: PageViewer) -> ShownRecord:
    tr = who.tr
    probability = record.listed.of_event("drawdown")
    chart = None if probability is None or not probability.is_enough else calibration_of(probability, tr)
    return ShownRecord(
        title=who.titles.of(record.model_slug).text,
        record=record,
        listed=_part(record.listed, tr),
        bought=_part(record.bought, tr),
        chart=None if chart is None else _drawn(chart, tr),
        rows=[
            *(_line(part, tr.gettext("Version {version}", version=part.key), tr) for part in record.versions),
            *(_line(part, _paper(part, record), tr) for part in record.papers),
        ],
        overlap=overlap_line(record.horizon, tr),
    )


def _part(part: RecordPart, tr: Translator) -> ShownPart:
    figures = [(event_title(each, tr), score_lines(each, tr)) for each in part.told]
    return ShownPart(name=part.name, counts=counts_line(part.counts, tr), figures=figures, enough=bool(figures))


def _paper(part: RecordPart, record: TrackRecord) -> str:
    """With its exchange where two have this symbol."""
    alike = sum(each.key == part.key for each in record.papers)
    return f"{part.name} ({part.key})" if alike == 1 else f"{part.name} ({part.key}, {part.exchange})"


def _line(part: RecordPart, name: str, tr: Translator) -> list[str]:
    """Name, how many of each kind, Brier score beside the base rate's, coverage of the band; dashes where it is too
    early."""
    counts, probability, band = part.counts, part.of_event("drawdown"), part.of_event("inside")
    scores = ["—", "—", "—"]
    if probability is not None and probability.is_enough:
        scores[:2] = [tr.number(probability.score, 4), tr.number(probability.base_score or 0, 4)]
    if band is not None and band.is_enough:
        scores[2] = f"{tr.number(band.share * 100, 1)}\u00a0%"
    return [name, str(counts.judged), str(counts.waiting), str(counts.void), *scores]


def _drawn(chart: Calibration, tr: Translator) -> DrawnCalibration:
    points = [
        DrawnPoint(
            x=_x(each.stated),
            y=_y(each.came),
            low=_y(each.low),
            high=_y(each.high),
            count=each.count,
            said=tr.gettext(
                "said {said} %, came {came} % of {count}",
                said=tr.number(each.stated * 100, 0),
                came=tr.number(each.came * 100, 0),
                count=each.count,
            ),
        )
        for each in chart.points
    ]
    marks = [(_x(step / 5), _y(step / 5), f"{step * 20}\u00a0%") for step in range(6)]
    return DrawnCalibration(chart=chart, points=points, marks=marks)


def _x(share: float) -> float:
    return round(LEFT + (WIDTH - 24 - LEFT) * share, 1)


def _y(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * share, 1)
