"""`kassandra presets export|import FILE.toml`: the shop's presets as their author writes them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from bot.cli.database import require_books
from bot.errors import Failure
from bot.settings import load_store_settings
from bot.wiring.inference import RUNTIMES
from db.engine import Database
from services.clock import system_clock
from services.manifests.errors import ManifestError
from services.manifests.files import find_file
from services.models.folders import read_folders
from services.models.preset_files import PresetDraft, read_presets, write_presets
from services.models.preset_sync import import_presets
from services.models.presets import PresetView, listed

T = TypeVar("T")


def export_presets(file: Path) -> int:
    url = load_store_settings().database_url
    require_books(url)
    views = asyncio.run(_with_database(url, lambda session: listed(session, every=True), write=False))
    if not views:
        raise Failure("there are no presets to export")
    try:
        file.write_text(write_presets([_draft(view) for view in views]), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}") from None
    print(f"Wrote {len(views)} presets into {file}.")
    if sent := [view.slug for view in views if view.has_sample and view.sample is None]:
        print(f"Sample pictures that were sent to the bot stay there: {', '.join(sent)}.")
    return 0


def import_file(file: Path) -> int:
    settings = load_store_settings()
    require_books(settings.database_url)
    models, _ = read_folders(settings.models_dir, RUNTIMES.specs)
    try:
        drafts = read_presets(file, models)
    except ManifestError as error:
        raise Failure(str(error)) from None
    for draft in drafts:
        folder = settings.models_dir / draft.model_slug
        if draft.sample is not None and find_file(folder, draft.sample) is None:
            raise Failure(f'{file}: presets.{draft.slug}.sample: there is no file "{draft.sample}" in {folder}')
    imported = asyncio.run(_with_database(settings.database_url, lambda s: import_presets(s, drafts, system_clock())))
    old, moved = imported
    print(f"{len(drafts) - old} new presets, {old} written over.")
    for each in moved:
        print(f'{each.slug}: was a style of the model "{each.holder}", and is one of "{each.model_slug}" now.')
    return 0


async def _with_database(url: str, work: Callable[[Session], T], *, write: bool = True) -> T:
    db = Database(url)
    try:
        return await (db.write(work) if write else db.read(work))
    finally:
        await db.close()


def _draft(view: PresetView) -> PresetDraft:
    return PresetDraft(
        slug=view.slug,
        model_slug=view.model_slug,
        title=view.title,
        category=view.category,
        icon=view.icon,
        price=view.own_price,
        position=view.position,
        prompt=view.prompt,
        sample=view.sample,
        inputs=view.inputs,
        enabled=view.enabled,
    )
