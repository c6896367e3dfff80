"""What one look at a paper's closes tells of its forecasts: what came, or why that cannot be told. No database."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from db.base import AnyRow, JsonObject
from db.tables.forecasts import VoidReason
from services.forecasts import due
from services.forecasts.observed import Anchor, NoSuchDay, Observed
from services.forecasts.said import StatedOutcome, stated_in
from services.market.prices import PaperHistory

Written = dict[int, Sequence[JsonObject]]
Seen = dict[int, VoidReason | None]


def look(rows: Sequence[AnyRow], history: PaperHistory | None, now: datetime) -> tuple[Written, Seen]:
    """Rows of `outcomes` by forecast, and of the others why they cannot be judged now."""
    written: Written = {}
    seen: Seen = {}
    for row, found in zip(rows, _observed(rows, history), strict=True):
        jump = None if history is None else _jump_after(row, history)
        reason = _why_not(history, jump, found)
        if isinstance(found, Observed) and (jump is None or found.until < jump):
            written[row.id] = [_judged(said, row.last_close, found) for said in stated_in(row.said)]
        elif reason is not None and due.is_late(row, reason, now):
            anchored = reason not in (VoidReason.SILENT, VoidReason.NO_ANCHOR)
            written[row.id] = _rest(row, reason, _until(history, jump) if history and anchored else None)
        else:
            seen[row.id] = reason
    return written, seen


def _observed(rows: Sequence[AnyRow], history: PaperHistory | None) -> Sequence[Observed | NoSuchDay | None]:
    if history is None or not history.days:
        return [None] * len(rows)
    from services.forecasts.judging import observe  # numpy, once there is something to judge

    anchors = [Anchor(last_day=row.last_day, horizon=row.horizon) for row in rows]
    return observe(history.days, history.values, anchors)


def _jump_after(row: AnyRow, history: PaperHistory) -> dt.date | None:
    return next((each.day for each in history.jumps if each.day > row.last_day), None)


def _why_not(
    history: PaperHistory | None, jump: dt.date | None, found: Observed | NoSuchDay | None
) -> VoidReason | None:
    """None: nothing is in the way, its time has only not come."""
    if history is None or (not history.days and history.end is None):
        return VoidReason.SILENT
    if isinstance(found, NoSuchDay):
        return VoidReason.NO_ANCHOR
    if jump is not None:
        return VoidReason.JUMPED
    return None if history.end is None else VoidReason(history.end)


def _until(history: PaperHistory, jump: dt.date | None) -> PaperHistory:
    """Its closes before the jump."""
    if jump is None:
        return history
    at = history.days.index(jump)
    return replace(history, days=history.days[:at], values=history.values[:at])


def _judged(said: StatedOutcome, last_close: float, observed: Observed) -> JsonObject:
    from services.forecasts.judging import judge

    found = judge(said, last_close, observed)
    told: JsonObject = {
        "bin": found.bin,
        "came": found.came,
        "observed": found.observed,
        "score": found.score,
        "until": observed.until,
        "void": None,
    }
    return _named(said) | told


def _rest(row: AnyRow, reason: VoidReason, history: PaperHistory | None = None) -> list[JsonObject]:
    """Void, but for what the closes that there are have settled."""
    from services.forecasts.judging import is_settled, observe_start

    found = None
    if history is not None:
        anchor = Anchor(last_day=row.last_day, horizon=row.horizon)
        found = observe_start(history.days, history.values, anchor)
    nothing = dict.fromkeys(("bin", "came", "observed", "score", "until"))
    return [
        _judged(said, row.last_close, found)
        if found is not None and is_settled(said, found)
        else _named(said) | nothing | {"void": reason}
        for said in stated_in(row.said)
    ]


def _named(said: StatedOutcome) -> JsonObject:
    return {
        "name": said.name,
        "event": said.event,
        "output": said.output,
        "measure": said.measure,
        "stated": said.stated,
    }
