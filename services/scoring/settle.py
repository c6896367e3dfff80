"""The end of a table: its result, what is paid back, and the message about it, in one transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, update
from sqlalchemy.orm import Session

from db.base import constant
from db.tables.predictions import ErrorCode, FileKind
from db.tables.scorings import ScoringStatus
from services.billing import ledger
from services.files import files
from services.files.cleanup import wish_away
from services.files.files import StoredFile
from services.notifications import outbox
from services.notifications.kinds.scorings import ScoringEnded
from services.plans.allowances import give_back
from services.scoring.claims import hold_for_end, parts, parts_of
from services.scoring.queries import UNFINISHED, ScoringNotFound, ScoringView, hold, scorings

_QUEUED = scorings.c.status == constant(ScoringStatus.QUEUED)
_unfinished = scorings.c.status.in_([constant(each) for each in UNFINISHED])
_change = update(scorings).where(scorings.c.id == bindparam("row"), _unfinished).returning(scorings.c.id)


def settle(
    session: Session,
    scoring_id: UUID,
    result: StoredFile | None,
    *,
    worker: str,
    now: datetime,
    error_code: ErrorCode | None = None,
    error: str | None = None,
) -> bool:
    """What was answered is paid for, the rest comes back. Without a `result` all of it does. False where this worker
    holds it no more."""
    view = hold_for_end(session, scoring_id, worker)
    if view is None:
        return False
    if result is not None:
        files.add(session, result, user_id=view.user_id, kind=FileKind.ANSWERED_TABLE, now=now)
    return _end(session, view, result, now, error_code=error_code, error=error)


def cancel(session: Session, scoring_id: UUID, user_id: int, now: datetime) -> bool:
    """Its customer wants no more of it. One that nobody works on and of which nothing is done ends at once; of another
    what is done is delivered. False where it has ended. Raises `ScoringNotFound`."""
    view = hold(session, scoring_id, user_id)
    if view.status is ScoringStatus.DRAFT:
        raise ScoringNotFound(scoring_id=scoring_id)
    if view.finished_at is not None:
        return False
    values = {"cancel_requested_at": now}
    if view.status is ScoringStatus.QUEUED:
        values["available_at"] = now
    if session.execute(_change.values(values), {"row": view.id}).first() is None:
        return False
    if view.status is ScoringStatus.QUEUED and not view.done:
        return _end(session, hold(session, scoring_id, user_id), None, now)
    return True


def _end(
    session: Session,
    view: ScoringView,
    result: StoredFile | None,
    now: datetime,
    *,
    error_code: ErrorCode | None = None,
    error: str | None = None,
) -> bool:
    """False where it has ended already."""
    answered = 0 if result is None else view.answered
    status = ScoringStatus.CANCELED if view.canceling else ScoringStatus.FAILED
    if answered:
        status, error_code = ScoringStatus.SUCCEEDED, None
    elif error_code is None and status is ScoringStatus.FAILED:
        error_code = ErrorCode.RUN_FAILED
    values = {
        "status": status,
        "result_file_id": None if result is None else result.id,
        "error_code": error_code,
        "error": error and error[:255],
        "finished_at": now,
        "leased_until": None,
        "leased_by": None,
    }
    if session.execute(_change.values(values), {"row": view.id}).first() is None:
        return False
    _pay_back(session, view, answered, now)
    gone = [*parts_of(session, view.id), *(each for each in (view.checked_file_id, view.problems_file_id) if each)]
    session.execute(delete(parts).where(parts.c.scoring_id == view.id))
    wish_away(session, gone)
    outbox.put(session, ScoringEnded(scoring_id=view.id), user_id=view.user_id, now=now)
    return True


def _pay_back(session: Session, view: ScoringView, answered: int, now: datetime) -> None:
    if not view.price:
        give_back(session, scoring_id=view.id, keep=answered)
    elif not answered:
        ledger.charge_refund(session, scoring_id=view.id, now=now)
    elif unanswered := view.good - answered:
        ledger.charge_return(session, scoring_id=view.id, amount=unanswered * view.price, now=now)
