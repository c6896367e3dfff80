"""`kassandra models add|remove`: an ONNX file of this machine becomes a model of the shop, as one that is sent to the
bot does."""

import argparse
import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.cli.database import require_books
from bot.errors import Failure
from bot.settings import Settings, load_settings
from bot.wiring.uploads import UploadServices, open_uploads
from db.engine import Database
from db.tables.models import VersionStatus
from services.billing.credits import BadAmount, format_credits
from services.clock import system_clock
from services.files.store import StoreAway, open_store
from services.manifests.manifest import SLUG
from services.models.manage import parse_price
from services.models.uploads.changes import NotNow
from services.models.uploads.checks import UploadChecks
from services.models.uploads.manage import Sent
from services.models.uploads.publishing import NotAnswered
from services.models.uploads.receiving import AlreadyHere
from services.models.uploads.texts import BadShownText
from services.models.uploads.versions import VersionNotFound, VersionView
from services.users.actor import Actor

SHOP = Actor.system()
WAIT_SECONDS = 0.5


def add_model(arguments: argparse.Namespace) -> int:
    file: Path = arguments.file
    if not file.is_file():
        raise Failure(f"there is no file {file}")
    return _with_uploads(lambda uploads, db, settings: _add(arguments, uploads, db, settings))


def remove_model(slug: str) -> int:
    async def remove(uploads: UploadServices, _db: Database, _settings: Settings) -> int:
        try:
            await uploads.management.remove(slug, actor=SHOP)
        except VersionNotFound:
            raise Failure(f"no uploaded model is called {slug}; folders of MODELS_DIR are removed by hand") from None
        print(f"Removed {slug} with all its versions. What was bought of it stays in the history.")
        return 0

    return _with_uploads(remove)


async def _add(arguments: argparse.Namespace, uploads: UploadServices, db: Database, settings: Settings) -> int:
    view = await _checked(await _sent(arguments, uploads, settings), uploads, db)
    try:
        for language, title in (("ru", arguments.title_ru), ("en", arguments.title_en)):
            if title is not None:
                await uploads.management.set_title(view.id, language, title, actor=SHOP)
        if arguments.price is not None:
            await uploads.management.set_price(view.id, parse_price(arguments.price), actor=SHOP)
        if arguments.publish:
            view = await uploads.management.publish(view.id, actor=SHOP)
    except BadAmount:
        raise Failure("--price takes credits such as 2.50, or 0") from None
    except BadShownText:
        raise Failure("a title has 1 to 60 characters, in one line") from None
    except NotNow:
        raise Failure("it is, or was, on sale: its price is changed in the chat") from None
    except NotAnswered:
        raise Failure("to publish it say --title-ru, --title-en and --price") from None
    took = f"{view.report.get('milliseconds')} ms, {view.report.get('megabytes')} MB"
    if arguments.publish:
        print(f"On sale: {view.slug}, version {view.number} ({took}), {format_credits(view.price or 0)} credits.")
    else:
        print(f"Checked: {view.slug}, version {view.number} ({took}). Publish it in the chat: /admin, models;")
        print("or run this again with --publish.")
    return 0


async def _sent(arguments: argparse.Namespace, uploads: UploadServices, settings: Settings) -> VersionView:
    """Of a file that is here already, the version that it is."""
    slug: str | None = arguments.slug
    if slug is not None and not re.fullmatch(SLUG, slug):
        raise Failure(f"a slug has at most 32 of a–z, 0–9 and -, not {slug!r}")
    if slug is not None and (settings.models_dir / slug).exists():
        raise Failure(f"{settings.models_dir / slug} is a folder of MODELS_DIR, and that is sold; take another slug")
    earlier = [] if slug is None else await uploads.management.versions(slug)
    sent = Sent(
        name=arguments.file.name,
        content=await asyncio.to_thread(arguments.file.read_bytes),
        slug=slug if earlier else None,
        wanted_slug=slug,
        apart=True,
    )
    try:
        return await uploads.management.receive(sent, actor=SHOP)
    except AlreadyHere as error:
        print(f"This very file is here already: {error.version.slug}, version {error.version.number}.")
        return error.version
    except StoreAway as error:
        raise Failure(f"FILES_URL: {error}") from None


async def _checked(view: VersionView, uploads: UploadServices, db: Database) -> VersionView:
    """By this process, or by a worker of the shop that was quicker."""
    checks = UploadChecks(db=db, contents=uploads.contents, clock=system_clock, on_checked=lambda: None)
    while view.status is VersionStatus.RECEIVED:
        await checks.look()
        view = (await uploads.management.card(view.id)).version
        if view.status is VersionStatus.RECEIVED:
            await asyncio.sleep(WAIT_SECONDS)
    if view.status is VersionStatus.REFUSED:
        await uploads.management.discard(view.id, actor=SHOP)
        raise Failure(f"{view.report['problem']}. {view.report['fix']}")
    return view


def _with_uploads(work: Callable[[UploadServices, Database, Settings], Awaitable[int]]) -> int:
    settings = load_settings()
    require_books(settings.database_url)

    async def run() -> int:
        db = Database(settings.database_url)
        try:
            store = open_store(settings.files_store)
            return await work(open_uploads(settings, db, system_clock, store, on_published=lambda: None), db, settings)
        finally:
            await db.close()

    return asyncio.run(run())
