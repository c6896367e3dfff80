"""Where tests keep pictures."""

import hashlib
import tempfile
from pathlib import Path

from db.engine import Database
from services.clock import Clock
from services.files.files import Files
from services.files.folder import FolderStore


def files_of(db: Database, clock: Clock) -> Files:
    """The same folder for the same database."""
    return Files(db, FolderStore(Path(files_url(str(db.url)).removeprefix("file:"))), clock)


def files_url(database_url: str) -> str:
    """The same for the same database, so that a shop that is opened again finds its pictures."""
    name = hashlib.sha256(database_url.encode()).hexdigest()[:12]
    return f"file:{tempfile.gettempdir()}/files-{name}"
