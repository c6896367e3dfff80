"""How long files are kept."""

from datetime import timedelta

from bot.settings import Settings
from db.engine import Database
from services.clock import Clock
from services.files.cleanup import FileCleanup
from services.files.store import FileStore


def open_cleanup(settings: Settings, db: Database, store: FileStore, clock: Clock) -> FileCleanup:
    return FileCleanup(
        db,
        store,
        clock,
        inputs_for=_term(settings.keep_pictures_days),
        results_for=_term(settings.keep_results_days),
    )


def _term(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
