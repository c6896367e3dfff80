"""A version of a model, as it stands in its row."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.models import Model, ModelVersion, Preset, VersionStatus
from services.errors import N_, ShopError
from services.notifications.message_ref import MessageRef

_versions, _models, _presets = table_of(ModelVersion), table_of(Model), table_of(Preset)
MODEL: Final = "model.onnx"
ASKED_BY: Final = "asked_by"
SLUG_LENGTH: Final = 32
ALIVE: Final = (VersionStatus.RECEIVED, VersionStatus.CHECKED, VersionStatus.PUBLISHED, VersionStatus.RETIRED)
SELLABLE: Final = (VersionStatus.CHECKED, VersionStatus.PUBLISHED, VersionStatus.RETIRED)


class VersionNotFound(ShopError):
    message = N_("There is no such upload any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """`file`: what the store knows it by; its content is known by `sha256`."""

    file: UUID
    sha256: str
    size: int

    @classmethod
    def load(cls, entry: JsonObject) -> Self:
        return cls(file=UUID(hex=entry["file"]), sha256=entry["sha256"], size=entry["size"])

    def dump(self) -> JsonObject:
        return {"file": self.file.hex, "sha256": self.sha256, "size": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """`title`: {ru, en}, as far as it was told; `texts`: what else owners have written for customers, by its place in
    the manifest; `resembles`: models on sale that it may be a version of, until that is decided; `price` in hundredths
    of a credit, None until it was told; `report`: what the check found, or {"problem", "fix"}; of a check under way
    {ASKED_BY}, where it is not the sender's."""

    id: UUID
    slug: str
    number: int
    status: VersionStatus
    sent_name: str
    files: Mapping[str, StoredContent]
    title: Mapping[str, str]
    price: int | None
    hints: Mapping[str, str]
    texts: Mapping[str, Any]  # Any: JSON, as texts.py makes it
    resembles: Sequence[str]
    manifest: str | None
    report: JsonObject
    uploaded_by: int | None
    shown_in: MessageRef | None
    attempts: int
    created_at: datetime
    published_at: datetime | None

    @property
    def told_to(self) -> int | None:
        """Who hears of it next."""
        return asked_by(self.report, self.uploaded_by)

    @classmethod
    def of(cls, row: AnyRow) -> Self:
        return cls(
            id=row.id,
            slug=row.slug,
            number=row.number,
            status=VersionStatus(row.status),
            sent_name=row.sent_name,
            files={name: StoredContent.load(entry) for name, entry in row.files.items()},
            title=row.title or {},
            price=row.price,
            hints=row.hints or {},
            texts=row.texts or {},
            resembles=(row.resembles or {}).get("slugs", ()),
            manifest=row.manifest,
            report=row.report or {},
            uploaded_by=row.uploaded_by,
            shown_in=MessageRef.of(row),
            attempts=row.attempts,
            created_at=row.created_at,
            published_at=row.published_at,
        )


def asked_by(report: JsonObject | None, sender: int | None) -> int | None:
    """Who wants the check whose `report` is to come: whoever told names last, or the sender."""
    return (report or {}).get(ASKED_BY, sender)


def version(session: Session, version_id: UUID) -> VersionView:
    """Raises VersionNotFound."""
    row = session.execute(select(_versions).where(_versions.c.id == version_id)).first()
    if row is None:
        raise VersionNotFound(version=version_id)
    return VersionView.of(row)


def versions_of(session: Session, slug: str, statuses: Collection[VersionStatus] = ALIVE) -> list[VersionView]:
    """The newest first."""
    mine = select(_versions).where(_versions.c.slug == slug, _versions.c.status.in_(statuses))
    return [VersionView.of(row) for row in session.execute(mine.order_by(_versions.c.number.desc()))]


def on_sale(session: Session) -> list[VersionView]:
    """Of each uploaded model the version that is published."""
    published = select(_versions).where(_versions.c.status == VersionStatus.PUBLISHED)
    return [VersionView.of(row) for row in session.execute(published.order_by(_versions.c.slug))]


def removed(session: Session) -> dict[str, JsonObject]:
    """The manifests of uploaded models that have left the shop, by slug, as they were sold last."""
    uploaded = select(_versions.c.slug).where(_versions.c.published_at.is_not(None))
    gone = select(_models.c.slug, _models.c.manifest).where(~_models.c.present, _models.c.slug.in_(uploaded))
    return {row.slug: row.manifest for row in session.execute(gone)}


def unpublished(session: Session, limit: int) -> Sequence[VersionView]:
    """What waits for somebody's decision, the newest first."""
    waiting = (VersionStatus.RECEIVED, VersionStatus.CHECKED, VersionStatus.REFUSED)
    found = select(_versions).where(_versions.c.status.in_(waiting)).order_by(_versions.c.created_at.desc())
    return [VersionView.of(row) for row in session.execute(found.limit(limit))]


def sent_before(session: Session, sha256: str) -> VersionView | None:
    """The version that this very file is, if it is one that is wanted."""
    same = select(_versions).where(_versions.c.sent_sha256 == sha256, _versions.c.status.in_(ALIVE))
    row = session.execute(same).first()
    return None if row is None else VersionView.of(row)


def next_number(session: Session, slug: str) -> int:
    return (session.scalar(select(func.max(_versions.c.number)).where(_versions.c.slug == slug)) or 0) + 1


def slug_of(name: str) -> str:
    """What a model of a file of this name is called."""
    stem = re.sub(r"\.onnx$", "", name.lower())
    stem = re.sub(r"[ _-]*\(\d+\)$", "", stem)  # a browser's mark of a second download
    return re.sub("[^a-z0-9]+", "-", stem).strip("-")[:SLUG_LENGTH].strip("-") or "model"


def free_slug(session: Session, wanted: str) -> str:
    """It, or with a number behind it: no model and no style has had it."""
    number = 1
    while True:
        ending = "" if number == 1 else f"-{number}"
        slug = wanted[: SLUG_LENGTH - len(ending)] + ending
        if not _is_taken(session, slug):
            return slug
        number += 1


def _is_taken(session: Session, slug: str) -> bool:
    columns = (_models.c.slug, _presets.c.slug, _versions.c.slug)
    return any(session.execute(select(column).where(column == slug).limit(1)).first() for column in columns)
