"""Presets of files, written into the table: what an admin has changed there stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.models import Model, Preset
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, record
from services.errors import ShopError
from services.models.preset_files import PresetDraft
from services.users.actor import Actor

_presets, _models = table_of(Preset), table_of(Model)


class ModelUnknown(ShopError):
    """Its folder is there, and no shop has read it."""

    def __str__(self) -> str:
        return f'the shop has not run with the model "{self.params["slug"]}" yet: start it once, then import again'


@dataclass(frozen=True, slots=True, kw_only=True)
class SlugTaken:
    """A preset of `model_slug` that another model's preset keeps out."""

    slug: str
    model_slug: str
    holder: str


def sync_presets(session: Session, found: Mapping[str, Sequence[PresetDraft]], now: datetime) -> list[SlugTaken]:
    """`found`: all presets of each model whose folder was read. Those that have left their file are switched off; one
    that comes back is sold again. Returns those that were left out."""
    taken: list[SlugTaken] = []
    known = {row.slug: row for row in session.execute(select(_presets).with_for_update(key_share=True))}
    for draft in (each for drafts in found.values() for each in drafts):
        row = known.get(draft.slug)
        if row is None:
            _insert(session, draft, now, from_file=True, edited=False)
        elif row.model_slug != draft.model_slug:
            taken.append(SlugTaken(slug=draft.slug, model_slug=draft.model_slug, holder=row.model_slug))
        elif row.edited:
            continue
        else:
            columns = _columns(draft) | {"from_file": True}
            if all(row._mapping[name] == value for name, value in columns.items()):
                continue
            session.execute(update(_presets).where(_presets.c.id == row.id).values(**columns, updated_at=now))
    slugs = {draft.slug for drafts in found.values() for draft in drafts}
    gone = [row.id for row in known.values() if row.from_file and row.model_slug in found and row.slug not in slugs]
    if gone:  # they are the shop's own from now on: an owner may sell them again
        off = update(_presets).where(_presets.c.id.in_(gone))
        session.execute(off.values(enabled=False, from_file=False, updated_at=now))
    return taken


def import_presets(session: Session, drafts: Sequence[PresetDraft], now: datetime) -> tuple[int, list[SlugTaken]]:
    """As if an owner had made each, and the audit log says so: how many were written over, and which of those were
    another model's. Raises ModelUnknown where the shop has not run with one of the models yet."""
    models = set(session.scalars(select(_models.c.slug)))
    if unknown := sorted({draft.model_slug for draft in drafts} - models):
        raise ModelUnknown(slug=unknown[0])
    known = {row.slug: row for row in session.execute(select(_presets).with_for_update(key_share=True))}
    for draft in drafts:
        if (row := known.get(draft.slug)) is None:
            _insert(session, draft, now, from_file=False, edited=True)
            made = AuditRecord(
                actor=Actor.system(), action=AuditAction.PRESET_CREATE, subject=draft.slug, after=_told(draft)
            )
            record(session, made, now)
        else:
            _write_over(session, row, draft, now)
    old = [(draft, known[draft.slug].model_slug) for draft in drafts if draft.slug in known]
    return len(old), [
        SlugTaken(slug=draft.slug, model_slug=draft.model_slug, holder=holder)
        for draft, holder in old
        if holder != draft.model_slug
    ]


def _write_over(session: Session, row: AnyRow, draft: PresetDraft, now: datetime) -> None:
    columns = _told(draft) | {"edited": True}
    if draft.sample is not None:  # else an owner's own picture stays
        columns |= {"sample_file_id": None}
    session.execute(update(_presets).where(_presets.c.id == row.id).values(**columns, updated_at=now))
    after = {name: value for name, value in _told(draft).items() if row._mapping[name] != value}
    enabled = after.pop("enabled", None)
    actor, slug = Actor.system(), draft.slug
    if after:
        before = {name: row._mapping[name] for name in after}
        edit = AuditRecord(actor=actor, action=AuditAction.PRESET_EDIT, subject=slug, before=before, after=after)
        record(session, edit, now)
    if enabled is not None:
        action = AuditAction.PRESET_ENABLE if enabled else AuditAction.PRESET_DISABLE
        was, is_now = {"enabled": row.enabled}, {"enabled": enabled}
        record(session, AuditRecord(actor=actor, action=action, subject=slug, before=was, after=is_now), now)


def _insert(session: Session, draft: PresetDraft, now: datetime, *, from_file: bool, edited: bool) -> None:
    row = _columns(draft) | {"slug": draft.slug, "model_slug": draft.model_slug, "created_at": now, "updated_at": now}
    new = insert_into(session, _presets).values(row | {"from_file": from_file, "edited": edited})
    session.execute(new.on_conflict_do_nothing(index_elements=["slug"]))  # another process starts, too


def _told(draft: PresetDraft) -> JsonObject:
    return _columns(draft) | {"model_slug": draft.model_slug}


def _columns(draft: PresetDraft) -> JsonObject:
    return {
        "title": draft.title,
        "category": draft.category,
        "icon": draft.icon,
        "price": draft.price,
        "position": draft.position,
        "prompt": draft.prompt,
        "sample": draft.sample,
        "inputs": draft.inputs,
        "enabled": draft.enabled,
    }
