"""The gallery: presets by category, a page at a time, each with its sample picture."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.models import Model, Preset
from db.tables.predictions import File
from services.files.files import Files
from services.manifests.files import find_file
from services.models.offers import ON_SALE, price_of
from services.models.preset_rules import PresetNotFound
from services.pages import Page, page_of

_presets, _models, _files = table_of(Preset), table_of(Model), table_of(File)
MAX_SAMPLE: Final = 5_000_000  # bytes of a picture in a model's folder


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetView:
    """`title`, `category`: {ru, en}; `price`: what it costs now, in hundredths, `own_price` where that is not the
    model's; `sold`: it and its model can be bought; `sample`: the file of the model's folder; `has_sample`: ask
    `Presets.sample` for the picture."""

    id: int
    slug: str
    model_slug: str
    title: dict[str, str]
    category: dict[str, str] | None
    icon: str | None
    price: int
    own_price: int | None
    position: int
    prompt: str | None
    inputs: JsonObject
    sample: str | None
    sample_file_id: UUID | None
    has_sample: bool
    enabled: bool
    sold: bool
    from_file: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetCategory:
    """`key`: eight characters that name it in buttons, as long as its title stays."""

    key: str
    title: dict[str, str]
    count: int


class Presets:
    """What is sold; `every` also what is not, for those who run the shop. `folder` tells where a model lies."""

    def __init__(self, db: Database, files: Files, folder: Callable[[str], Path]) -> None:
        self._db = db
        self._files = files
        self._folder = folder

    async def categories(self, *, every: bool = False) -> list[PresetCategory]:
        """In the order of their first presets."""
        groups: dict[str, list[PresetView]] = {}
        for view in await self._db.read(listed, every=every):
            if view.category is not None:
                groups.setdefault(category_key(view.category), []).append(view)
        return [
            PresetCategory(key=key, title=views[0].category or {}, count=len(views)) for key, views in groups.items()
        ]

    async def page(
        self, category: str | None = None, page: int = 0, size: int = 8, *, every: bool = False
    ) -> Page[PresetView]:
        """Of the category with this key, or of all that have one. One that is not there has an empty page."""
        views = [view for view in await self._db.read(listed, every=every) if view.category is not None]
        shown = [view for view in views if category is None or category_key(view.category or {}) == category]
        return page_of(shown, page, size)

    async def all(self) -> list[PresetView]:
        """Sold or not, in order."""
        return await self._db.read(listed, every=True)

    async def get(self, slug: str) -> PresetView:
        """Sold or not. Raises PresetNotFound."""
        return await self._db.read(get_preset, slug)

    async def sample(self, slug: str) -> bytes | None:
        """The sample picture: what an owner sent, else the file in the model's folder; None where there is none.
        Raises PresetNotFound."""
        row = await self._db.read(_sample_of, slug)
        if row is None:
            raise PresetNotFound(slug=slug)
        if row.sample_file_id is not None:
            owner = (row.sample_file_id, row.user_id)
            if (content := (await self._files.contents([owner])).get(row.sample_file_id)) is not None:
                return content
        return await asyncio.to_thread(_read_sample, self._folder(row.model_slug), row.sample)


def category_key(category: JsonObject) -> str:
    return hashlib.sha256(json.dumps(category, sort_keys=True).encode()).hexdigest()[:8]


def listed(session: Session, *, every: bool = False) -> list[PresetView]:
    """In order."""
    rows = session.execute(_with_models.order_by(_presets.c.position, _presets.c.slug))
    return [view for view in map(_view, rows) if every or view.sold]


def get_preset(session: Session, slug: str) -> PresetView:
    """Raises PresetNotFound."""
    row = session.execute(_with_models.where(_presets.c.slug == slug)).first()
    if row is None:
        raise PresetNotFound(slug=slug)
    return _view(row)


def of_category(views: Iterable[PresetView], like: PresetView) -> Sequence[PresetView]:
    return [view for view in views if view.category == like.category]


_with_models = select(_presets, _models.c.manifest_price, _models.c.admin_price, ON_SALE.label("model_sold")).join_from(
    _presets, _models, _presets.c.model_slug == _models.c.slug
)


def _view(row: AnyRow) -> PresetView:
    return PresetView(
        id=row.id,
        slug=row.slug,
        model_slug=row.model_slug,
        title=row.title,
        category=row.category,
        icon=row.icon,
        price=price_of(row) if row.price is None else row.price,
        own_price=row.price,
        position=row.position,
        prompt=row.prompt,
        inputs=row.inputs,
        sample=row.sample,
        sample_file_id=row.sample_file_id,
        has_sample=row.sample is not None or row.sample_file_id is not None,
        enabled=row.enabled,
        sold=bool(row.enabled and row.model_sold),
        from_file=row.from_file,
    )


def _sample_of(session: Session, slug: str) -> AnyRow | None:
    columns = select(_presets.c.model_slug, _presets.c.sample, _presets.c.sample_file_id, _files.c.user_id)
    kept = columns.outerjoin_from(_presets, _files, _presets.c.sample_file_id == _files.c.id)
    return session.execute(kept.where(_presets.c.slug == slug)).first()


def _read_sample(folder: Path, name: str | None) -> bytes | None:
    file = None if name is None else find_file(folder, name)
    if file is None or file.stat().st_size > MAX_SAMPLE:
        return None
    return file.read_bytes()
