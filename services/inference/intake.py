"""Files of strangers: few are fetched at once, one at a time is looked at, in a process of its own.

A process gives its memory back for certain, takes no turn of the interpreter from the chats, and may die of a file.
"""

import asyncio
import os
import pickle
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import BinaryIO, Final

import structlog

from services.errors import N_, ShopError
from services.inference.errors import InvalidValue, TooMuch
from services.inference.fields import SeriesInput
from services.inference.images import prepare
from services.inference.preparation import Prepare
from services.inference.series import Taken

log = structlog.get_logger()

PLACES: Final = 4  # files on disk at once
QUEUE: Final = 32  # people with a file who wait or are served
PATIENCE: Final = 45.0  # seconds from the queue's end to the answer; with Redis a chat is held for 60
SECONDS: Final = 5.0  # of the processor's time for one look
WALL_SECONDS: Final = 20.0  # by the clock
_GIVEN: Final = ("PATH", "HOME", "LANG", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
"""What the process needs of the environment; the shop's secrets stand there too."""
_THRIFTY: Final = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""No threads' buffers, and large blocks go back to the system as soon as they are free."""


class IntakeBusy(ShopError):
    message = N_("Many files are being looked at just now. Please send yours again in a minute.")


class StillLooking(ShopError):
    message = N_("Your last file is still being looked at. Please send the next one after that.")


class Upload:
    """A file that nobody else sees, and a turn to have it looked at."""

    def __init__(self, file: BinaryIO, turn: asyncio.Lock) -> None:
        self.file = file
        self._turn = turn

    async def picture(self, spec: Prepare) -> bytes:
        """Upright, small enough to keep, and something that the model can look at: better refused now than paid back
        later. Raises a leaf of InvalidValue."""
        async with self._turn:
            found = await self._look(None)
            assert isinstance(found, bytes)
            await asyncio.to_thread(prepare, found, spec)
        return found

    async def numbers(self, field: SeriesInput, *, column: int | None = None) -> Taken:
        """`column` counts from 1. Raises a leaf of InvalidValue; ColumnWanted where one has to be chosen."""
        async with self._turn:
            found = await self._look((field, column))
        assert isinstance(found, list | dict)
        return found

    async def _look(self, wanted: tuple[SeriesInput, int | None] | None) -> object:
        self.file.flush()
        self.file.seek(0)
        found = await _in_a_process(self.file.fileno(), pickle.dumps(wanted))
        if isinstance(found, InvalidValue):
            raise found
        return found


class Intake:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._people: set[int] = set()
        self._places = asyncio.Semaphore(PLACES)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def upload(self, user_id: int) -> AsyncGenerator[Upload, None]:
        """One for each person, first come, first served. Raises IntakeBusy, StillLooking."""
        if user_id in self._people:
            raise StillLooking()
        if len(self._people) >= QUEUE:
            log.warning("intake_full", waiting=len(self._people))
            raise IntakeBusy()
        self._people.add(user_id)
        try:
            async with asyncio.timeout(PATIENCE), self._places:
                with tempfile.TemporaryFile() as file:
                    yield Upload(file, self._turn)
        except TimeoutError:
            log.warning("intake_slow", waiting=len(self._people))
            raise IntakeBusy() from None
        finally:
            self._people.discard(user_id)


async def _in_a_process(fd: int, wanted: bytes) -> object:
    environment = {name: os.environ[name] for name in _GIVEN if name in os.environ} | _THRIFTY
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.inference.intake_process", str(fd), str(SECONDS),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        pass_fds=(fd,), start_new_session=True, env=environment,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WALL_SECONDS):
            answer, errors = await process.communicate(wanted)
    except TimeoutError:
        return _gave_up("wall_time")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        found: object = pickle.loads(answer)  # noqa: S301 - our own program wrote it
        return found
    if process.returncode == -signal.SIGPROF:
        return _gave_up("processor_time")
    return _gave_up(errors.decode(errors="replace").strip()[-300:] or f"status {process.returncode}")


def _gave_up(reason: str) -> TooMuch:
    log.warning("file_given_up", reason=reason)
    return TooMuch()
