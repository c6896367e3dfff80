"""Whether a file that came as a new model is a new version of one on sale, and what the owner says to that."""

import tomllib
from collections import Counter
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db.base import JsonObject
from db.tables.models import VersionStatus
from db.tables.users import AuditAction
from services.models.uploads import comparisons
from services.models.uploads.changes import NotNow, locked, put, record_change
from services.models.uploads.receiving import told_of_last
from services.models.uploads.versions import ASKED_BY, VersionView, next_number, on_sale, slug_of, version
from services.users.actor import Actor

MOST: Final = 3
DECIDED: Final[JsonObject] = {"slugs": []}


def resembled(session: Session, view: VersionView, manifest: str) -> list[str]:
    """Slugs of what is on sale from a file of this name, or with a form of the same inputs; those of the same outputs
    first. `manifest`: TOML, as the check wrote it."""
    asked, answered = _form(manifest)
    found = []
    for sold in on_sale(session):
        if sold.slug == view.slug or sold.manifest is None:
            continue
        its_asked, its_answered = _form(sold.manifest)
        named = sold.slug == slug_of(view.sent_name)
        if named or its_asked == asked:
            found.append((not named, its_answered != answered, sold.slug))
    return [slug for *_, slug in sorted(found)][:MOST]


def keep_apart(session: Session, version_id: UUID, *, actor: Actor, now: datetime) -> VersionView:
    """It is a model of its own."""
    row = locked(session, version_id, (VersionStatus.CHECKED,))
    put(session, row, {"resembles": DECIDED})
    record_change(session, AuditAction.UPLOAD_CHANGE, row, actor=actor, now=now, after={"apart": True})
    return version(session, version_id)


def join(session: Session, version_id: UUID, slug: str, *, actor: Actor, now: datetime) -> VersionView:
    """It is the next version of this model: what was told of the last one is told of it too, and both are compared;
    where questions or answers were named, it is checked anew with their names. Raises NotNow, NoSuchUpload."""
    row = locked(session, version_id, (VersionStatus.CHECKED,))
    view = VersionView.of(row)
    if slug not in view.resembles:
        raise NotNow(version=version_id, slug=slug)
    told = told_of_last(session, slug)
    place: JsonObject = {"slug": slug, "number": next_number(session, slug), "resembles": DECIDED, **told}
    if told["hints"]:
        place |= {"status": VersionStatus.RECEIVED, "checked_at": None, "report": {ASKED_BY: actor.user_id}}
    put(session, row, place)
    joined = version(session, version_id)
    if joined.status is VersionStatus.CHECKED:
        comparisons.begin(session, version_id, slug, asked_by=actor.user_id, now=now)
    after = locked(session, version_id, tuple(VersionStatus))
    record_change(session, AuditAction.UPLOAD_CHANGE, after, actor=actor, now=now, after={"joined": row.slug})
    return joined


def _form(manifest: str) -> tuple[Counter[str], frozenset[str]]:
    """How many questions each tensor is asked by, and the tensors of its answers."""
    data = tomllib.loads(manifest)
    asked = Counter(str(entry["tensor"]["name"]) for entry in data.get("inputs", ()))
    return asked, frozenset(str(entry["tensor"]) for entry in data.get("outputs", ()))
