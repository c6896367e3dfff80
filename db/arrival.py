"""A server of the database that is not there yet: machines start their programs in any order."""

import re
import time
from collections.abc import Callable
from typing import Final

from db.connections import sync_url
from db.errors import DatabaseUnavailable

WAIT_SECONDS: Final = 60.0
PAUSE_SECONDS: Final = 2.0
_PASSES: Final = re.compile("starting up|shutting down|recovery|not currently accepting|too many", re.IGNORECASE)


def when_there(
    url: str,
    work: Callable[[], None],
    told: Callable[[DatabaseUnavailable], None],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Do the work once PostgreSQL takes connections; `told` of the first time that it does not. Raises what the work
    raises: `DatabaseUnavailable` after a minute, or at once where waiting does not help, as of a wrong password."""
    until, waits = clock() + WAIT_SECONDS, False
    while True:
        try:
            return work()
        except DatabaseUnavailable as error:
            if not _may_come(url, str(error)) or clock() >= until:
                raise
            if not waits:
                told(error)
            waits = True
        sleep(PAUSE_SECONDS)


def _may_come(url: str, problem: str) -> bool:
    """SQLite has its own patience, and a server that says no has said it."""
    is_server = sync_url(url).get_backend_name() != "sqlite"
    return is_server and ("FATAL" not in problem or _PASSES.search(problem) is not None)
