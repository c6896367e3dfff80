"""A version goes on sale in the place of another; a model leaves the shop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.models import Model, ModelVersion, VersionStatus
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.errors import N_, ShopError
from services.manifests.manifest import Manifest
from services.models.offers import price_of
from services.models.rows import columns_of
from services.models.uploads.changes import NotNow, put, record_change
from services.models.uploads.comparisons import Comparison, comparison
from services.models.uploads.versions import MODEL, SELLABLE, VersionNotFound, VersionView, version, versions_of
from services.users.actor import Actor

_versions, _models = table_of(ModelVersion), table_of(Model)
RUSSIAN, ENGLISH, PRICE = "ru", "en", "price"
ANEW: Final = {"failures": 0, "stopped_for": None, "resting_since": None, "resting_for": None, "next_try_at": None}
"""What was counted of the version before says nothing of this one."""


class NotAnswered(ShopError):
    """Something that has to be told before it is sold; `part` is what."""

    message = N_("Its name in Russian and in English, and its price, are needed first.")

    def __init__(self, part: str) -> None:
        super().__init__(part=part)
        self.part = part


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadCard:
    """`published`: the version on sale now, and `compared` with it; `resembled`: versions on sale of models that it may
    be the next version of; `before`: of a version on sale the one that it came after; `price`: what the model costs, or
    would, in hundredths; `missing`: parts that have to be told before it is sold."""

    version: VersionView
    published: VersionView | None
    before: VersionView | None
    compared: Comparison | None
    resembled: Sequence[VersionView]
    price: int | None
    missing: Sequence[str]


def card(session: Session, version_id: UUID) -> UploadCard:
    view = version(session, version_id)
    published = next(iter(_all(session, view.slug, (VersionStatus.PUBLISHED,))), None)
    model = _model(session, view.slug)
    on_sale = None if published is None else VersionView.of(published)
    price = view.price if on_sale is None or model is None else price_of(model)
    known = {**view.title, **({} if price is None else {PRICE: "told"})}
    missing = [part for part in (RUSSIAN, ENGLISH, PRICE) if part not in known]
    sold = on_sale is not None and on_sale.id == view.id
    return UploadCard(
        version=view,
        published=on_sale,
        before=_before(session, view) if sold else None,
        compared=None if on_sale is None or sold else comparison(session, view.id, on_sale.id),
        resembled=_resembled(session, view),
        price=price,
        missing=missing,
    )


def _resembled(session: Session, view: VersionView) -> list[VersionView]:
    if view.status is not VersionStatus.CHECKED:
        return []
    sold = (versions_of(session, slug, (VersionStatus.PUBLISHED,)) for slug in view.resembles)
    return [each for found in sold for each in found]


def to_publish(session: Session, version_id: UUID) -> VersionView:
    """As it would be sold: of a model on sale the author's price stays. Raises VersionNotFound, NotNow, NotAnswered."""
    found = card(session, version_id)
    view = found.version
    if view.status not in SELLABLE:
        raise NotNow(version=version_id, status=view.status)
    if found.missing:
        raise NotAnswered(found.missing[0])
    model = None if found.published is None else _model(session, view.slug)
    return view if model is None else replace(view, price=model.manifest_price)


def publish(session: Session, view: VersionView, manifest: Manifest, *, actor: Actor, now: datetime) -> VersionView:
    """`manifest`: of this view, as `to_publish` gave it. Raises NotNow where it has changed since."""
    rows = _all(session, view.slug, SELLABLE, lock=True)
    row = next((each for each in rows if each.id == view.id), None)
    if row is None or to_publish(session, view.id) != replace(view, status=VersionStatus(row.status)):
        raise NotNow(version=view.id)
    if row.status == VersionStatus.PUBLISHED:
        return view
    before = next((each for each in rows if each.status == VersionStatus.PUBLISHED), None)
    if before is not None:
        put(session, before, {"status": VersionStatus.RETIRED})
    put(session, row, {"status": VersionStatus.PUBLISHED, "published_at": now, "price": view.price})
    if not is_folders(session, view.slug):
        _sell(session, manifest, first=before is None, now=now)
    after = {"before": None if before is None else before.number}
    record_change(session, AuditAction.UPLOAD_PUBLISH, row, actor=actor, now=now, after=after)
    return version(session, view.id)


def remove(session: Session, slug: str, *, actor: Actor, now: datetime) -> None:
    """Raises VersionNotFound."""
    every = [each for each in VersionStatus if each is not VersionStatus.DISCARDED]
    rows = _all(session, slug, every, lock=True)
    if not rows:
        raise VersionNotFound(slug=slug)
    for row in rows:
        put(session, row, {"status": VersionStatus.DISCARDED, "leased_by": None, "leased_until": None})
    if any(row.status == VersionStatus.PUBLISHED for row in rows) and not is_folders(session, slug):
        session.execute(update(_models).where(_models.c.slug == slug).values(present=False, updated_at=now))
    record_change(session, AuditAction.UPLOAD_REMOVE, rows[0], actor=actor, now=now)


def _before(session: Session, view: VersionView) -> VersionView | None:
    """What was on sale last, before or after it came back."""
    mine = select(_versions).where(_versions.c.slug == view.slug, _versions.c.status == VersionStatus.RETIRED)
    row = session.execute(mine.order_by(_versions.c.published_at.desc(), _versions.c.number.desc()).limit(1)).first()
    return None if row is None else VersionView.of(row)


def _sell(session: Session, manifest: Manifest, *, first: bool, now: datetime) -> None:
    columns: JsonObject = columns_of(manifest, now) | ANEW
    if first:
        columns |= {"admin_price": None, "admin_enabled": None}
    insert = insert_into(session, _models).values(slug=manifest.slug, created_at=now, **columns)
    session.execute(insert.on_conflict_do_update(index_elements=["slug"], set_=columns))


def _all(session: Session, slug: str, statuses: Sequence[VersionStatus], *, lock: bool = False) -> Sequence[AnyRow]:
    """In one order, so that two who publish at once do not wait for each other."""
    mine = select(_versions).where(_versions.c.slug == slug, _versions.c.status.in_(statuses))
    mine = mine.order_by(_versions.c.number)
    return session.execute(mine.with_for_update() if lock else mine).all()


def _model(session: Session, slug: str) -> AnyRow | None:
    """The row of an upload, not of a folder that is sold in its place."""
    row = session.execute(select(_models).where(_models.c.slug == slug)).first()
    return None if row is None or is_folders(session, slug) else row


def is_folders(session: Session, slug: str) -> bool:
    """Whether a folder of the same slug is what is sold: its model is no version of ours."""
    sold = session.scalar(select(_models.c.sha256).where(_models.c.slug == slug, _models.c.present))
    ours = session.scalars(select(_versions.c.files).where(_versions.c.slug == slug))
    return sold is not None and all(files[MODEL]["sha256"] != sold for files in ours)
