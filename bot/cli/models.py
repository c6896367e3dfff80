"""`kassandra models`: what is in the store, and whether a model is right."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import load_store_settings
from services.billing.credits import format_credits

if TYPE_CHECKING:
    from services.models.uploads.versions import VersionView

MODEL = "model.onnx"


def list_models() -> int:
    from bot.wiring.inference import RUNTIMES
    from services.inference.memory import about_model, in_words
    from services.manifests.runtime import FileSpec
    from services.models.folders import read_folders
    from services.models.offers import TRY_AGAIN

    settings = load_store_settings()
    root, (stopped, uploads) = settings.models_dir, asyncio.run(_of_database(settings.database_url))
    found, problems = read_folders(root, RUNTIMES.specs)
    for slug, manifest in found.items():
        price, memory = format_credits(manifest.price_hundredths), ""
        if isinstance(manifest.runtime, FileSpec):
            sizes = [about_model(file) for file in manifest.runtime.paths(root / slug)]
            memory = "cannot be read" if None in sizes else f"about {in_words(sum(filter(None, sizes)))}"
        print(f"{slug:32} {manifest.version:10} {price:>8} {memory:>14}  {manifest.title.pick('en')}")
        if slug in stopped:
            print(f"{slug:32} STOPPED by its failures, at last: {' '.join(stopped[slug].split())}; {TRY_AGAIN}")
    for view in uploads:
        price = format_credits(view.price or 0)
        title = view.title.get("en", view.sent_name)
        print(f"{view.slug:32} {view.number:<10} {price:>8} {'uploaded':>14}  {title}")
    for problem in problems:
        print(f"{problem.slug:32} NOT SERVED: {problem.text}")
    return 1 if problems or stopped.keys() & found.keys() else 0


async def _of_database(url: str) -> "tuple[Mapping[str, str], Sequence[VersionView]]":
    """What was stopped and why, by slug, and the uploads on sale. Nothing is of a shop that has not run yet, or whose
    database is away: the folders are there."""
    from db.engine import Database
    from db.errors import DatabaseUnavailable, NewerDatabase, OldRevision
    from db.migrate import require_head
    from services.models.offers import stopped
    from services.models.uploads.versions import on_sale

    try:
        await asyncio.to_thread(require_head, url)
        db = Database(url)
        try:
            return await db.read(stopped), await db.read(on_sale)
        finally:
            await db.close()
    except (DatabaseUnavailable, NewerDatabase, OldRevision):
        return {}, []


def check_model(folder: Path) -> int:
    from bot.wiring.inference import RUNTIMES
    from services.authoring.check import check_folder

    load_store_settings()  # `.env` may have the keys that the manifest names
    lines = check_folder(folder, RUNTIMES)
    for line in lines:
        print(f"{line.state:4} {line.what}: {line.detail}{f'. {line.fix}' if line.fix else ''}")
    return 0 if all(line.ok for line in lines) else 1
