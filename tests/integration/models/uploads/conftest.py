"""Uploads of a shop on either database, with the worker that checks them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from db.engine import Database
from services.files.folder import FolderStore
from services.models.offers import Models
from services.models.uploads.checks import UploadChecks
from services.models.uploads.contents import VersionContents
from services.models.uploads.inspection import Inspection
from services.models.uploads.manage import Sent, UploadManagement
from services.models.uploads.shelf import VersionShelf
from services.models.uploads.versions import VersionView
from services.models.uploads.wording import UploadTexts
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadShop:
    """`told`: how often each was called."""

    db: Database
    clock: FakeClock
    store: FolderStore
    contents: VersionContents
    checks: UploadChecks
    uploads: UploadManagement
    texts: UploadTexts
    shelf: VersionShelf
    models: Models
    folders: Path
    told: list[str] = field(default_factory=list)

    async def checked(
        self, content: bytes, name: str = "rent.onnx", *, slug: str | None = None, actor: Actor | None = None
    ) -> VersionView:
        """Sent by `actor`, else by the shop itself, and looked at by a worker."""
        by = actor or Actor.system()
        sent = await self.uploads.receive(Sent(name=name, content=content, slug=slug), actor=by)
        await self.checks.look()
        return (await self.uploads.card(sent.id)).version

    async def on_sale(self, content: bytes, name: str = "rent.onnx", *, slug: str | None = None) -> VersionView:
        view = await self.checked(content, name, slug=slug)
        if slug is None:
            for language in ("ru", "en"):
                await self.uploads.set_title(view.id, language, "Rent", actor=Actor.system())
            await self.uploads.set_price(view.id, 350, actor=Actor.system())
        return await self.uploads.publish(view.id, actor=Actor.system())

    async def version_sold(self, slug: str) -> str | None:
        await self.models.read_uploads()
        return next((each.version for each in self.models.manifests if each.slug == slug), None)

    def within(self, seconds: float) -> UploadChecks:
        return replace(self.checks, inspection=Inspection(seconds=seconds))


@pytest.fixture
def shop(database: Database, clock: FakeClock, tmp_path: Path) -> UploadShop:
    return open_shop(database, clock, tmp_path)


def open_shop(database: Database, clock: FakeClock, tmp_path: Path, owners: Sequence[int] = ()) -> UploadShop:
    told: list[str] = []
    store, folders = FolderStore(tmp_path / "files"), tmp_path / "models"
    folders.mkdir(parents=True)
    contents = VersionContents(store)
    shelf = VersionShelf(database, contents, tmp_path / "uploaded")
    staff = Staff(owners)
    return UploadShop(
        db=database,
        clock=clock,
        store=store,
        contents=contents,
        shelf=shelf,
        folders=folders,
        checks=UploadChecks(db=database, contents=contents, clock=clock, on_checked=lambda: told.append("checked")),
        uploads=UploadManagement(
            database, clock, staff, contents, shelf, on_published=lambda: told.append("published")
        ),
        texts=UploadTexts(database, clock, staff, shelf, on_published=lambda: told.append("published")),
        models=Models(database, clock, folders, uploads=shelf),
        told=told,
    )
