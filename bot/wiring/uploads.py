"""Uploaded models, for a process of the shop and for commands."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.settings import Settings
from db.engine import Database
from services.clock import Clock
from services.files.store import FileStore
from services.models.uploads.contents import VersionContents
from services.models.uploads.manage import UploadManagement
from services.models.uploads.shelf import VersionShelf
from services.models.uploads.wording import UploadTexts
from services.users.roles import Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadServices:
    contents: VersionContents
    shelf: VersionShelf
    management: UploadManagement
    texts: UploadTexts


def open_uploads(
    settings: Settings, db: Database, clock: Clock, store: FileStore, *, on_published: Callable[[], None]
) -> UploadServices:
    contents = VersionContents(store)
    shelf = VersionShelf(db, contents, settings.versions_dir)
    staff = Staff(settings.owner_ids)
    management = UploadManagement(db, clock, staff, contents, shelf, on_published=on_published)
    texts = UploadTexts(db, clock, staff, shelf, on_published=on_published)
    return UploadServices(contents=contents, shelf=shelf, management=management, texts=texts)
