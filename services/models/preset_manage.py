"""What owners change about presets. Each change is in the audit log, and no file is written over it any more."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.models import Model, Preset
from db.tables.predictions import FileKind, Prediction
from db.tables.users import AuditAction, Role
from services import ordering
from services.audit_log.record import AuditRecord, record
from services.clock import Clock
from services.files import files
from services.files.files import Files, StoredFile
from services.manifests.manifest import Manifest
from services.models.manage import ModelNotFound
from services.models.offers import Models
from services.models.preset_rules import (
    MAX_ICON,
    MAX_PRICE,
    BadPreset,
    PresetInUse,
    PresetNotFound,
    check_category,
    check_prompt,
    check_title,
    checked_inputs,
)
from services.models.presets import PresetView, get_preset, listed, of_category
from services.users.actor import Actor
from services.users.roles import Staff

_presets, _models, _predictions = table_of(Preset), table_of(Model), table_of(Prediction)
_FREE_SLUG: Final = 23  # characters of the name; a dash and eight others make it nobody else's


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPreset:
    """`title`, `category`: {ru, en}; `price` in hundredths, None is the model's; `inputs`: answers by input."""

    model_slug: str
    title: Mapping[str, str]
    category: Mapping[str, str] | None = None
    icon: str | None = None
    price: int | None = None
    prompt: str | None = None
    inputs: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChange:
    """What a preset shall be; as in `NewPreset`. No category: it stands among the models."""

    title: Mapping[str, str]
    category: Mapping[str, str] | None
    icon: str | None
    price: int | None
    prompt: str | None


class PresetManagement:
    """For owners. All raise `NotAllowed`, and `PresetNotFound` where they name a preset."""

    def __init__(self, db: Database, clock: Clock, staff: Staff, models: Models, files: Files) -> None:
        self._db = db
        self._files = files
        self._clock = clock
        self._staff = staff
        self._models = models

    async def create(self, preset: NewPreset, *, actor: Actor) -> PresetView:
        """Sold at once, behind the others of its category. Raises BadPreset, NoPrompt, ModelNotFound."""
        return await self._db.write(self._create, self.check(preset), actor, self._clock())

    def check(self, preset: NewPreset) -> JsonObject:
        """The row that it would be. Raises as `create`."""
        manifest = self._models.manifest(preset.model_slug)
        if manifest is None:
            raise ModelNotFound(slug=preset.model_slug)
        return {
            "model_slug": preset.model_slug,
            "title": check_title(preset.title),
            "category": check_category(manifest, preset.category),
            "icon": _icon(preset.icon),
            "price": _price(preset.price),
            "prompt": check_prompt(manifest, preset.prompt),
            "inputs": checked_inputs(manifest, preset.inputs),
        }

    async def rename(self, slug: str, title: Mapping[str, str], *, actor: Actor) -> PresetView:
        """Raises BadPreset."""
        return await self._edit(slug, {"title": check_title(title)}, actor)

    async def set_category(self, slug: str, category: Mapping[str, str] | None, *, actor: Actor) -> PresetView:
        """None: it stands among the models. Raises BadPreset, ModelNotFound."""
        manifest = await self._manifest_of(slug)
        return await self._edit(slug, {"category": check_category(manifest, category or None)}, actor)

    async def change(self, slug: str, change: PresetChange, *, actor: Actor) -> PresetView:
        """All of it, or nothing. Raises BadPreset, NoPrompt, ModelNotFound."""
        manifest, before = await self._manifest_of(slug), (await self._db.read(get_preset, slug)).prompt
        kept = (change.prompt or "").strip() == (before or "")
        values = {
            "title": check_title(change.title),
            "category": check_category(manifest, change.category or None),
            "icon": _icon(change.icon),
            "price": _price(change.price),
            "prompt": before if kept else check_prompt(manifest, change.prompt),
        }
        return await self._edit(slug, values, actor)

    async def set_prompt(self, slug: str, prompt: str | None, *, actor: Actor) -> PresetView:
        """Raises BadPreset, NoPrompt, ModelNotFound."""
        return await self._edit(slug, {"prompt": check_prompt(await self._manifest_of(slug), prompt)}, actor)

    async def set_icon(self, slug: str, icon: str | None, *, actor: Actor) -> PresetView:
        """None: the model's. Raises BadPreset."""
        return await self._edit(slug, {"icon": _icon(icon)}, actor)

    async def set_price(self, slug: str, price: int | None, *, actor: Actor) -> PresetView:
        """In hundredths, None: the model's; `services.models.manage.parse_price` reads it. Raises BadPreset."""
        return await self._edit(slug, {"price": _price(price)}, actor)

    async def set_inputs(self, slug: str, inputs: JsonObject, *, actor: Actor) -> PresetView:
        """Raises BadPreset, ModelNotFound."""
        manifest = await self._manifest_of(slug)
        return await self._edit(slug, {"inputs": checked_inputs(manifest, inputs)}, actor)

    async def set_sample(self, slug: str, content: bytes | None, media_type: str, *, actor: Actor) -> PresetView:
        """A picture that the intake has looked at; None: the file of the model's folder again, if there is one."""
        stored = None if content is None else await self._files.store(content, media_type)
        return await self._db.write(self._sample, slug, stored, actor=actor, now=self._clock())

    async def enable(self, slug: str, *, enabled: bool, actor: Actor) -> PresetView:
        action = AuditAction.PRESET_ENABLE if enabled else AuditAction.PRESET_DISABLE
        return await self._edit(slug, {"enabled": enabled}, actor, action)

    async def move(self, slug: str, *, places: int, actor: Actor) -> list[PresetView]:
        """Up (negative) or down its category; returns all of that."""
        return await self._db.write(self._move, slug, places, actor, self._clock())

    async def delete(self, slug: str, *, actor: Actor) -> None:
        """Raises PresetInUse where it was sold, or comes with its model."""
        try:
            await self._db.write(self._delete, slug, actor, self._clock())
        except IntegrityError as error:  # it was sold this very moment
            raise PresetInUse(slug=slug) from error

    async def _manifest_of(self, slug: str) -> Manifest:
        """Raises ModelNotFound: its folder is not there."""
        model = (await self._db.read(get_preset, slug)).model_slug
        if (manifest := self._models.manifest(model)) is None:
            raise ModelNotFound(slug=model)
        return manifest

    async def _edit(
        self, slug: str, values: JsonObject, actor: Actor, action: AuditAction = AuditAction.PRESET_EDIT
    ) -> PresetView:
        return await self._db.write(self._edited, slug, values, action, actor=actor, now=self._clock())

    def _create(self, session: Session, row: JsonObject, actor: Actor, now: datetime) -> PresetView:
        self._staff.require(session, actor, Role.OWNER)
        if session.get(Model, row["model_slug"]) is None:
            raise ModelNotFound(slug=row["model_slug"])
        places = [view.position for view in listed(session, every=True) if view.category == row["category"]]
        slug = _slug(row["title"]["en"])
        made = {"slug": slug, "position": max(places, default=90) + ordering.STEP, "enabled": True, "edited": True}
        times = {"created_at": now, "updated_at": now}
        session.execute(insert(_presets), row | made | {"from_file": False} | times)
        _note(session, AuditAction.PRESET_CREATE, slug, actor, now, after=row)
        return get_preset(session, slug)

    def _edited(
        self, session: Session, slug: str, values: JsonObject, action: AuditAction, *, actor: Actor, now: datetime
    ) -> PresetView:
        self._staff.require(session, actor, Role.OWNER)
        before = _locked(session, slug)
        values = {name: value for name, value in values.items() if before[name] != value}
        if not values:
            return get_preset(session, slug)
        old: dict[str, Any] = {name: before[name] for name in values}  # Any: the columns' values
        changed = update(_presets).where(_presets.c.slug == slug)
        session.execute(changed.values(**values, edited=True, updated_at=now))
        _note(session, action, slug, actor, now, before=old, after=values)
        return get_preset(session, slug)

    def _sample(
        self, session: Session, slug: str, new: StoredFile | None, *, actor: Actor, now: datetime
    ) -> PresetView:
        self._staff.require(session, actor, Role.OWNER)
        before = _locked(session, slug)["sample_file_id"]
        if new is not None and actor.user_id is not None:
            files.add(session, new, user_id=actor.user_id, kind=FileKind.INPUT, now=now)
        after = None if new is None else new.id
        changed = update(_presets).where(_presets.c.slug == slug)
        session.execute(changed.values(sample_file_id=after, edited=True, updated_at=now))
        told = [{"sample": None if each is None else each.hex} for each in (before, after)]
        _note(session, AuditAction.PRESET_EDIT, slug, actor, now, before=told[0], after=told[1])
        return get_preset(session, slug)

    def _move(self, session: Session, slug: str, places: int, actor: Actor, now: datetime) -> list[PresetView]:
        """Two at once go one after the other: rows are locked first, and read again then."""
        self._staff.require(session, actor, Role.OWNER)
        session.execute(select(_presets.c.id).order_by(_presets.c.id).with_for_update(key_share=True))
        moved = get_preset(session, slug)
        order = [view.slug for view in of_category(listed(session, every=True), moved)]
        old = order.index(slug)
        new = min(max(old + places, 0), len(order) - 1)
        if new != old:
            order.insert(new, order.pop(old))
            _place(session, order, now)
            _note(
                session, AuditAction.PRESET_MOVE, slug, actor, now, before={"place": old + 1}, after={"place": new + 1}
            )
        return list(of_category(listed(session, every=True), moved))

    def _delete(self, session: Session, slug: str, actor: Actor, now: datetime) -> None:
        self._staff.require(session, actor, Role.OWNER)
        row = _locked(session, slug)
        sold = session.execute(select(_predictions.c.id).where(_predictions.c.preset_id == row["id"]).limit(1)).first()
        if sold is not None or row["from_file"]:
            raise PresetInUse(slug=slug)
        session.execute(delete(_presets).where(_presets.c.id == row["id"]))
        told = ("model_slug", "title", "category", "icon", "price", "prompt", "inputs")
        _note(session, AuditAction.PRESET_DELETE, slug, actor, now, before={name: row[name] for name in told})


def _place(session: Session, order: list[str], now: datetime) -> None:
    """Positions from the first one of the category on, so that categories keep their places."""
    rows = session.execute(select(_presets.c.slug, _presets.c.position).where(_presets.c.slug.in_(order)))
    known = {row.slug: row.position for row in rows}
    first = min(known.values())
    for place, slug in enumerate(order):
        if known[slug] != (position := first + place * ordering.STEP):
            placed = update(_presets).where(_presets.c.slug == slug)
            session.execute(placed.values(position=position, edited=True, updated_at=now))


def _locked(session: Session, slug: str) -> JsonObject:
    row = session.execute(select(_presets).where(_presets.c.slug == slug).with_for_update(key_share=True)).first()
    if row is None:
        raise PresetNotFound(slug=slug)
    return dict(row._mapping)


def _note(
    session: Session,
    action: AuditAction,
    slug: str,
    actor: Actor,
    now: datetime,
    *,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
) -> None:
    record(session, AuditRecord(actor=actor, action=action, subject=slug, before=before, after=after), now)


def _slug(name: str) -> str:
    """Of the English name, and nobody else's."""
    words = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:_FREE_SLUG].strip("-") or "style"
    return f"{words}-{uuid4().hex[:8]}"


def _icon(icon: str | None) -> str | None:
    """Letters and digits are no emoji."""
    found = (icon or "").strip() or None
    if found is None:
        return None
    letters = any(sign.isalpha() and sign != "ℹ" for sign in found)
    if letters or found.isascii() or len(found) > MAX_ICON or not all(c.isprintable() or c == "\u200d" for c in found):
        raise BadPreset(field="icon")
    return found


def _price(price: int | None) -> int | None:
    if price is not None and not 0 <= price <= MAX_PRICE:
        raise BadPreset(field="price")
    return price
