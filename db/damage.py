"""Whether an SQLite file is whole: a torn page, or a copy that was put under the write-ahead log of another file."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from db.connections import sync_url
from db.errors import DamagedDatabase

AT_START_SECONDS = 5.0
BY_COMMAND_SECONDS = 60.0


def require_sound(url: str, *, seconds: float) -> None:
    """Raises `DamagedDatabase`. What is not found within so many seconds counts as sound; so does a file that is not
    there or cannot be opened, which others tell better, and a database of a server, which looks after itself."""
    address = sync_url(url)
    if address.get_backend_name() != "sqlite" or not Path(str(address.database)).exists():
        return
    path = Path(str(address.database)).absolute()
    if (damage := _damage(path, seconds)) is not None:
        raise DamagedDatabase(
            f"the database file is damaged: {damage} in {path}",
            fix=f"stop the shop, remove {path.name}-wal and {path.name}-shm beside it and put a back-up back"
            " (“After a restore” in docs/operator.md)",
        )


def _damage(path: Path, seconds: float) -> str | None:
    """In a thread that nobody waits for longer: SQLite cannot be interrupted at this."""
    found: list[str] = []
    look = threading.Thread(target=lambda: found.extend(_look(path)), name="quick_check", daemon=True)
    look.start()
    look.join(seconds)
    return found[0] if found else None


def _look(path: Path) -> list[str]:
    """SQLite's first word about it, if there is one. The connection only reads: another one would, at its end, write a
    log that does not belong to the file into it."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        corrupt = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
        return [str(error)] if corrupt else []
    lines = [line for line in str(found).splitlines() if not line.startswith("***")]
    return [] if lines == ["ok"] else [" ".join(lines)]
