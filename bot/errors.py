"""What ends a process, and how it ends."""

import sys
from collections.abc import Callable
from typing import NoReturn

from bot.terminal import redact_terminal


class StartError(Exception):
    """The process cannot run with these settings; one line says why, and what to change."""


class Failure(Exception):
    """A command that did not succeed, in one line."""


def leave(work: Callable[[], int]) -> NoReturn:
    """Do it and end the process as a command ends."""
    redact_terminal()
    from bot.settings import SettingsError
    from db.errors import DamagedDatabase, DatabaseUnavailable, NewerDatabase, OldRevision
    from services.errors import ShopError

    try:
        code = work()
    except (
        Failure,
        SettingsError,
        DamagedDatabase,
        DatabaseUnavailable,
        NewerDatabase,
        OldRevision,
        ShopError,
    ) as error:
        print(f"kassandra: {' '.join(str(error).split())}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
