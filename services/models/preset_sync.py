"""Presets of files, written into the table: what an admin has changed there stays."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.models import Model, Preset
from db.upsert import insert_into
from services.errors import ShopError
from services.models.preset_files import PresetDraft

_presets, _models = table_of(Preset), table_of(Model)


class ModelUnknown(ShopError):
    """Its folder is there, and no shop has read it."""

    def __str__(self) -> str:
        return f'the shop has not run with the model "{self.params["slug"]}" yet: start it once, then import again'


def sync_presets(session: Session, found: Mapping[str, Sequence[PresetDraft]], now: datetime) -> None:
    """`found`: all presets of each model whose folder was read. Those that have left their file are switched off; one
    that comes back is sold again."""
    known = {row.slug: row for row in session.execute(select(_presets).with_for_update(key_share=True))}
    for draft in (each for drafts in found.values() for each in drafts):
        row = known.get(draft.slug)
        if row is None:
            _insert(session, draft, now, from_file=True, edited=False)
        elif row.edited or row.model_slug != draft.model_slug:
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


def import_presets(session: Session, drafts: Sequence[PresetDraft], now: datetime) -> tuple[int, int]:
    """As if an owner had made each: how many are new, and how many were written over. Raises ModelUnknown where the
    shop has not run with one of the models yet."""
    models = set(session.scalars(select(_models.c.slug)))
    if unknown := sorted({draft.model_slug for draft in drafts} - models):
        raise ModelUnknown(slug=unknown[0])
    known = set(session.scalars(select(_presets.c.slug).with_for_update(key_share=True)))
    for draft in drafts:
        if draft.slug not in known:
            _insert(session, draft, now, from_file=False, edited=True)
            continue
        columns = _columns(draft) | {"model_slug": draft.model_slug, "edited": True}
        if draft.sample is not None:  # else an owner's own picture stays
            columns |= {"sample_file_id": None}
        session.execute(update(_presets).where(_presets.c.slug == draft.slug).values(**columns, updated_at=now))
    old = sum(draft.slug in known for draft in drafts)
    return len(drafts) - old, old


def _insert(session: Session, draft: PresetDraft, now: datetime, *, from_file: bool, edited: bool) -> None:
    row = _columns(draft) | {"slug": draft.slug, "model_slug": draft.model_slug, "created_at": now, "updated_at": now}
    new = insert_into(session, _presets).values(row | {"from_file": from_file, "edited": edited})
    session.execute(new.on_conflict_do_nothing(index_elements=["slug"]))  # another process starts, too


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
