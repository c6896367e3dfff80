"""A file comes in: which version of which model it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.models import ModelVersion, VersionStatus
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, record
from services.errors import N_, ShopError
from services.manifests.characters import cleaned
from services.models.uploads.versions import (
    MODEL,
    SLUG_LENGTH,
    StoredContent,
    VersionView,
    free_slug,
    next_number,
    sent_before,
    slug_of,
    versions_of,
)
from services.notifications.message_ref import MessageRef, message_columns
from services.users.actor import Actor

_versions = table_of(ModelVersion)
MAX_NAME: Final = 255
TRIES: Final = 20  # at a number that others take at the same moment


class AlreadyHere(ShopError):
    """This very file was sent before; `version` is what became of it."""

    message = N_("This very file is here already.")

    def __init__(self, version: VersionView) -> None:
        super().__init__(version=version.id)
        self.version = version


class NoSuchUpload(ShopError):
    message = N_("This model did not come as an upload, so a file cannot be its new version.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """`slug`: of the model that it is a new version of; None: it is another model. `wanted_slug`: what that shall be
    called, where it is not the file that says so. `apart`: a person said that it is another one."""

    name: str
    content: StoredContent
    slug: str | None = None
    wanted_slug: str | None = None
    apart: bool = False
    shown_in: MessageRef | None = None


def receive(session: Session, new: NewUpload, version_id: UUID, *, actor: Actor, now: datetime) -> VersionView:
    """Raises AlreadyHere, NoSuchUpload."""
    for _ in range(TRIES):
        if (known := sent_before(session, new.content.sha256)) is not None:
            raise AlreadyHere(known)
        row = {
            "id": version_id,
            "status": VersionStatus.RECEIVED,
            "sent_name": cleaned(new.name)[:MAX_NAME],
            "sent_sha256": new.content.sha256,
            "files": {MODEL: new.content.dump()},
            "uploaded_by": actor.user_id,
            "attempts": 0,
            "created_at": now,
            **message_columns(new.shown_in),
            "resembles": None if new.slug is None and not new.apart else {"slugs": []},
            **_place(session, new),
        }
        insert = insert_into(session, _versions).values(row).on_conflict_do_nothing()
        made = session.execute(insert.returning(*_versions.c)).first()
        if made is not None:
            view = VersionView.of(made)
            after = {"version": view.number, "file": view.sent_name, "sha256": new.content.sha256}
            what = AuditRecord(actor=actor, action=AuditAction.UPLOAD_RECEIVE, subject=view.slug, after=after)
            record(session, what, now)
            return view
    raise RuntimeError("no number is free")


def _place(session: Session, new: NewUpload) -> JsonObject:
    """The model that it is a version of, and which; what was told of the last one is told of it too."""
    if new.slug is None:
        slug = free_slug(session, (new.wanted_slug or slug_of(new.name))[:SLUG_LENGTH])
        return {"slug": slug, "number": next_number(session, slug)}
    told = told_of_last(session, new.slug)
    return {"slug": new.slug, "number": next_number(session, new.slug), **told}


def told_of_last(session: Session, slug: str) -> JsonObject:
    """What people have told of the version on sale, else of the last. Raises NoSuchUpload."""
    earlier = versions_of(session, slug)
    if not earlier:
        raise NoSuchUpload(slug=slug)
    last = next((each for each in earlier if each.status is VersionStatus.PUBLISHED), earlier[0])
    return {
        "title": dict(last.title) or None,
        "price": last.price,
        "hints": dict(last.hints) or None,
        "texts": dict(last.texts) or None,
    }
