"""The track record, for everybody: what was forecast, what came, and the whole list to be checked."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from i18n.forecasts import too_early
from services.forecasts.entries import PublishedEntry
from services.forecasts.record import Track
from services.identity.throttles import network_of
from services.spreadsheets import harmless
from web.cabinet.track_view import shown_record
from web.kit.limits import Policy, take
from web.kit.pages import page
from web.kit.viewer import Someone

router = APIRouter()
TABLE: Final = "text/csv; charset=utf-8"
WHOLE: Final = Policy(name="track", times=10)
COLUMNS: Final = (
    *("number", "kind", "first", "published_at", "model", "version", "paper", "exchange", "week", "last_day"),
    *("last_close", "horizon", "void", "text", "hash"),
)


@router.get("/track")
async def show_track(who: Someone) -> Response:
    record = await who.site.services.track.record()
    shown = [shown_record(model, who) for model in record.models]
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
