"""Files of strangers: few are fetched at once, one at a time is looked at, in a process of its own.

A process gives its memory back for certain, takes no turn of the interpreter from the chats, and may die of a file.
"""

import asyncio
import json
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, BinaryIO, Final, cast

import structlog

from services.errors import N_, ShopError
from services.manifests.inputs import SeriesInput, SoundInput, TableInput
from services.manifests.preparation import Prepare
from services.values.errors import InvalidValue, TooMuch
from services.values.intake_answers import MAX_BYTES, BrokenAnswer, unpack
from services.values.intake_child import Bounds, gave_up, run_child
from services.values.series import Taken
from services.values.sounds import check_sound
from services.values.table_values import TableValue, check_table, in_words

log = structlog.get_logger()

PLACES: Final = 4  # files on disk at once
QUEUE: Final = 32  # people with a file who wait or are served
PATIENCE: Final = 45.0  # seconds from the queue's end to the answer; with Redis a chat is held for 60
SECONDS: Final = 5.0  # of the processor's time for one look
WALL_SECONDS: Final = 20.0  # by the clock
PROGRAM: Final = "services.values.intake_process"
_SAMPLES: Final = {"sources", "default", "example", "help"}  # a question's keys that say nothing of an answer


class IntakeBusy(ShopError):
    message = N_("Many files are being looked at just now. Please send yours again in a minute.")


class StillLooking(ShopError):
    message = N_("Your last file is still being looked at. Please send the next one after that.")


class ReceivedFile:
    """A file that nobody else sees, and a turn to have it looked at."""

    def __init__(self, file: BinaryIO, turn: asyncio.Lock) -> None:
        self.file = file
        self._turn = turn

    async def picture(self, spec: Prepare) -> bytes:
        """Upright, small enough to keep, and something that the model can look at: better refused now than paid back
        later. Raises a leaf of InvalidValue."""
        async with self._turn:
            found = await self._look({"longest": spec.kept})
            assert isinstance(found, bytes)
            await asyncio.to_thread(_try, found, spec)
        return found

    async def sound(self, field: SoundInput) -> bytes:
        """A WAV file of one channel, as long as the question allows. Raises a leaf of InvalidValue."""
        found = await self.sound_at(field.rate, most=field.max_seconds)
        check_sound(field, found)
        return found

    async def sound_at(self, rate: int, *, most: float) -> bytes:
        """The same at any rate, of at most so many seconds."""
        async with self._turn:
            found = await self._look({"rate": rate, "seconds": most})
        assert isinstance(found, bytes)
        return found

    async def numbers(self, field: SeriesInput, *, column: int | None = None) -> Taken:
        """`column` counts from 1. Raises a leaf of InvalidValue; ColumnWanted where one has to be chosen."""
        async with self._turn:
            told = field.model_dump(mode="json", exclude_none=True, exclude=_SAMPLES)
            found = await self._look({"field": told, "column": column})
        assert isinstance(found, list | dict)
        return found

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[int, None]:
        """Of looking at it, from its beginning: the number of the open file for a process."""
        async with self._turn:
            self.file.flush()
            self.file.seek(0)
            yield self.file.fileno()

    async def table(self, field: TableInput) -> TableValue:
        """Raises a leaf of InvalidValue that names line and column."""
        async with self._turn:
            told = field.model_dump(mode="json", exclude_none=True, exclude={"example", "help"})
            try:
                found = await self._look({"table": told})
            except InvalidValue as problem:
                raise in_words(field, problem) from None
        return check_table(field, cast(TableValue, found))

    async def _look(self, wanted: dict[str, Any]) -> bytes | Taken:  # Any: JSON
        self.file.flush()
        self.file.seek(0)
        found = await _in_a_process(self.file.fileno(), json.dumps(wanted).encode())
        if isinstance(found, InvalidValue):
            raise found
        return found


def _try(picture: bytes, spec: Prepare) -> None:
    from services.values.images import prepare  # numpy and Pillow: 12 MB that the first picture brings

    prepare(picture, spec)


class Intake:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._people: set[int] = set()
        self._places = asyncio.Semaphore(PLACES)
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def upload(self, user_id: int) -> AsyncGenerator[ReceivedFile, None]:
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
                    yield ReceivedFile(file, self._turn)
        except TimeoutError:
            log.warning("intake_slow", waiting=len(self._people))
            raise IntakeBusy() from None
        finally:
            self._people.discard(user_id)


async def _in_a_process(fd: int, wanted: bytes) -> bytes | Taken | InvalidValue:
    bounds = Bounds(seconds=SECONDS, wall_seconds=WALL_SECONDS, bytes=MAX_BYTES)
    try:
        return unpack(await run_child(PROGRAM, (fd,), wanted, bounds))
    except TooMuch as problem:
        return problem
    except BrokenAnswer as error:
        return gave_up(f"answer not understood: {error}")
