"""Claims on versions that wait for their check, and what came of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.models import ModelVersion, VersionStatus
from db.tables.users import AuditAction
from services.audit_log.record import AuditRecord, record
from services.models.uploads import comparisons
from services.models.uploads.leases import claim_oldest
from services.models.uploads.reader import UploadRefused
from services.models.uploads.versions import StoredContent, VersionView, asked_by
from services.notifications import outbox
from services.notifications.kinds.models import UploadChecked
from services.users.actor import Actor

_versions = table_of(ModelVersion)
_RECEIVED = _versions.c.status == VersionStatus.RECEIVED


def claim(session: Session, *, holder: str, now: datetime, until: datetime) -> VersionView | None:
    """The oldest that nobody is at; it is the holder's until then."""
    row = claim_oldest(session, _versions, _RECEIVED, holder=holder, now=now, until=until)
    return None if row is None else VersionView.of(row)


def renew(session: Session, version_id: UUID, *, holder: str, until: datetime) -> None:
    mine = update(_versions).where(_versions.c.id == version_id, _RECEIVED, _versions.c.leased_by == holder)
    session.execute(mine.values(leased_until=until))


def give_back(session: Session, version_id: UUID, *, holder: str, until: datetime) -> None:
    """For another time: what is needed for its check is away."""
    mine = update(_versions).where(_versions.c.id == version_id, _RECEIVED, _versions.c.leased_by == holder)
    session.execute(mine.values(leased_by=None, leased_until=until, attempts=_versions.c.attempts - 1))


def accept(
    session: Session,
    version_id: UUID,
    *,
    holder: str,
    manifest: str,
    report: JsonObject,
    files: Mapping[str, StoredContent],
    resembles: Sequence[str],
    now: datetime,
) -> bool:
    """False where somebody else has it now, or nobody wants it any more."""
    stored = {name: each.dump() for name, each in files.items()}
    values = {"status": VersionStatus.CHECKED, "manifest": manifest, "report": report, "files": stored}
    ended = _end(session, version_id, holder, values, now)
    if ended:
        undecided = update(_versions).where(_versions.c.id == version_id, _versions.c.resembles.is_(None))
        session.execute(undecided.values(resembles={"slugs": list(resembles)}))
    return ended


def refuse(session: Session, version_id: UUID, *, holder: str, refused: UploadRefused, now: datetime) -> bool:
    """As `accept`."""
    report = {"problem": refused.problem, "fix": refused.fix}
    return _end(session, version_id, holder, {"status": VersionStatus.REFUSED, "report": report}, now)


def _end(session: Session, version_id: UUID, holder: str, values: JsonObject, now: datetime) -> bool:
    wanted = select(_versions.c.report, _versions.c.uploaded_by).where(_versions.c.id == version_id)
    before = session.execute(wanted).one()
    mine = update(_versions).where(_versions.c.id == version_id, _RECEIVED, _versions.c.leased_by == holder)
    ended = mine.values(**values, checked_at=now, leased_by=None, leased_until=None, attempts=0)
    row = session.execute(ended.returning(*_versions.c)).first()
    if row is None:
        return False
    after = {"version": row.number, "status": row.status}
    what = AuditRecord(actor=Actor.system(), action=AuditAction.UPLOAD_CHECK, subject=row.slug, after=after)
    record(session, what, now)
    who = asked_by(before.report, before.uploaded_by)
    if row.status == VersionStatus.CHECKED:
        comparisons.begin(session, version_id, row.slug, asked_by=who, now=now)
    if who is not None:
        news = UploadChecked(version_id=version_id, at=now)
        outbox.put(session, news, user_id=who, now=now)
    return True
