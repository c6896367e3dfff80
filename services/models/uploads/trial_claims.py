"""Claims on trials that wait for their run, and what came of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.models import ModelTrial, TrialStatus
from db.tables.predictions import ErrorCode, FileKind
from services.files import files
from services.files.files import StoredFile
from services.models.uploads.leases import claim_oldest
from services.models.uploads.trials import TrialView
from services.models.uploads.versions import version
from services.notifications import outbox
from services.notifications.kinds.models import UploadTried

_trials = table_of(ModelTrial)
_QUEUED = _trials.c.status == TrialStatus.QUEUED


def claim(session: Session, *, holder: str, now: datetime, until: datetime) -> TrialView | None:
    """The oldest that nobody is at; it is the holder's until then."""
    row = claim_oldest(session, _trials, _QUEUED, holder=holder, now=now, until=until)
    return None if row is None else TrialView.of(row, version(session, row.version_id))


def renew(session: Session, trial_id: UUID, *, holder: str, until: datetime) -> None:
    mine = update(_trials).where(_trials.c.id == trial_id, _QUEUED, _trials.c.leased_by == holder)
    session.execute(mine.values(leased_until=until))


def settle(
    session: Session,
    view: TrialView,
    *,
    holder: str,
    now: datetime,
    result: JsonObject | None = None,
    pictures: Sequence[StoredFile] = (),
    error: tuple[ErrorCode, str] | None = None,
) -> bool:
    """With a `result`, or with an error's code and text. False where somebody else has it now."""
    mine = update(_trials).where(_trials.c.id == view.id, _QUEUED, _trials.c.leased_by == holder)
    code, text = error or (None, None)
    status = TrialStatus.FAILED if result is None else TrialStatus.SUCCEEDED
    values = {"status": status, "result": result, "error_code": code, "error": text and text[:255]}
    ended = mine.values(values | {"finished_at": now, "leased_by": None, "leased_until": None})
    if session.execute(ended.returning(_trials.c.id)).first() is None:
        return False
    for picture in pictures:
        files.add(session, picture, user_id=view.asked_by, kind=FileKind.RESULT, now=now)
    outbox.put(session, UploadTried(trial_id=view.id), user_id=view.asked_by, now=now)
    return True
