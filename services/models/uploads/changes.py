"""What people tell of a version, and that nobody wants it."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.models import ModelVersion, VersionStatus
from db.tables.users import AuditAction
from services.audit_log.record import AuditRecord, record
from services.errors import N_, ShopError
from services.models.uploads.receiving import AlreadyHere
from services.models.uploads.versions import ASKED_BY, VersionNotFound, VersionView, sent_before
from services.notifications.message_ref import MessageRef, message_columns
from services.users.actor import Actor

_versions = table_of(ModelVersion)
WORDED: Final = (VersionStatus.CHECKED, VersionStatus.PUBLISHED, VersionStatus.RETIRED)
LABELS, FEATURES = "labels", "features"
UNDECIDED: Final = (VersionStatus.CHECKED, VersionStatus.REFUSED)


class NotNow(ShopError):
    """The version is in another state than this takes: on sale, under its check, or discarded."""

    message = N_("This cannot be done with this version now. Open its card again.")


def set_title(
    session: Session, version_id: UUID, language: str, text: str, *, actor: Actor, now: datetime
) -> VersionView:
    row = locked(session, version_id, (VersionStatus.CHECKED,))
    return _told(session, row, {"title": {**(row.title or {}), language: text}}, actor=actor, now=now)


def set_price(session: Session, version_id: UUID, price: int, *, actor: Actor, now: datetime) -> VersionView:
    row = locked(session, version_id, (VersionStatus.CHECKED,))
    return _told(session, row, {"price": price}, actor=actor, now=now)


def set_hint(session: Session, version_id: UUID, what: str, text: str, *, actor: Actor, now: datetime) -> VersionView:
    """It is checked anew with it, for whoever told it, and what was written for single ones goes. Raises AlreadyHere,
    too."""
    row = locked(session, version_id, UNDECIDED)
    if (same := sent_before(session, row.sent_sha256)) is not None and same.id != version_id:
        raise AlreadyHere(same)
    hints = {**(row.hints or {}), what: text}
    texts = {key: words for key, words in (row.texts or {}).items() if not _is_named_by(key, what)} or None
    told = {"hints": hints, "texts": texts, "status": VersionStatus.RECEIVED, "checked_at": None}
    told["report"] = {ASKED_BY: actor.user_id}
    return _told(session, row, told, actor=actor, now=now)


def _is_named_by(key: str, what: str) -> bool:
    """Whether names of all questions, or of all answers, say this text anew."""
    return key.startswith("inputs.") if what == FEATURES else key.endswith(".classes")


def discard(session: Session, version_id: UUID, *, actor: Actor, now: datetime) -> VersionView:
    every = tuple(each for each in VersionStatus if each is not VersionStatus.PUBLISHED)
    row = locked(session, version_id, every)
    if row.status != VersionStatus.DISCARDED:
        put(session, row, {"status": VersionStatus.DISCARDED, "leased_by": None, "leased_until": None})
        record_change(session, AuditAction.UPLOAD_DISCARD, row, actor=actor, now=now)
    return VersionView.of(locked(session, version_id, every))


def show_in(session: Session, version_id: UUID, place: MessageRef) -> None:
    session.execute(update(_versions).where(_versions.c.id == version_id).values(message_columns(place)))


def locked(session: Session, version_id: UUID, statuses: Collection[VersionStatus]) -> AnyRow:
    """Raises VersionNotFound, NotNow."""
    mine = select(_versions).where(_versions.c.id == version_id)
    row = session.execute(mine.with_for_update()).first()
    if row is None:
        raise VersionNotFound(version=version_id)
    if row.status not in statuses:
        raise NotNow(version=version_id, status=row.status)
    return row


def record_change(
    session: Session,
    action: AuditAction,
    row: AnyRow,
    *,
    actor: Actor,
    now: datetime,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
) -> None:
    told = {"version": row.number, **(after or {})}
    record(session, AuditRecord(actor=actor, action=action, subject=row.slug, before=before, after=told), now)


def _told(session: Session, row: AnyRow, values: JsonObject, *, actor: Actor, now: datetime) -> VersionView:
    put(session, row, values)
    after = {name: value for name, value in values.items() if name in {"title", "price"}}
    before = {"title": row.title, "price": row.price}
    before = {name: before[name] for name in after}
    after |= dict.fromkeys(values.get("hints", {}), True)
    record_change(session, AuditAction.UPLOAD_CHANGE, row, actor=actor, now=now, before=before, after=after)
    return VersionView.of(locked(session, row.id, tuple(VersionStatus)))


def put(session: Session, row: AnyRow, values: JsonObject) -> None:
    """Of a version that is in the state in which it was looked at. Raises NotNow."""
    same = update(_versions).where(_versions.c.id == row.id, _versions.c.status == row.status).values(values)
    if session.execute(same.returning(_versions.c.id)).first() is None:
        raise NotNow(version=row.id, status=row.status)
