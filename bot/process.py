"""One process of the shop from its settings to its end."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import partial

import structlog

from bot.app import PARTS, App
from bot.errors import Failure, StartError
from bot.logs import set_up
from bot.settings import Settings, misspelt_settings
from db.arrival import WAIT_SECONDS, when_there
from db.damage import AT_START_SECONDS, require_sound
from db.errors import DatabaseUnavailable
from db.migrate import require_head, upgrade
from db.process_locks import AlreadyRunning, hold_file
from services.clock import Clock, system_clock
from services.inference.heap import one_arena

log = structlog.get_logger()

Beside = Callable[[App], Awaitable[None]]
"""What runs for as long as the shop does."""


def run_process(part: str, settings: Settings, *, clock: Clock = system_clock, beside: Beside | None = None) -> int:
    """`run` has all parts and migrates the database; a single part refuses an old revision."""
    one_arena()
    set_up(settings.log_level, settings.log_format)
    parts = PARTS if part == "run" else frozenset({part})

    def prepare() -> None:
        require_sound(settings.database_url, seconds=AT_START_SECONDS)
        ready = partial(upgrade if part == "run" else require_head, settings.database_url)
        when_there(settings.database_url, ready, _say_what_it_waits_for)

    async def live() -> None:
        log.info("starting", part=part)
        for name, meant in misspelt_settings():
            log.warning("setting_that_nobody_reads", name=name, perhaps=meant)
        await _without_delay(prepare)
        await _serve(settings, parts, clock, beside)

    try:
        with hold_file(settings.database_url, parts), asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_until_told(live))
    except (StartError, AlreadyRunning) as error:
        raise Failure(str(error)) from None
    return 0


def _say_what_it_waits_for(error: DatabaseUnavailable) -> None:
    log.warning("waiting_for_database", seconds=WAIT_SECONDS, error=" ".join(str(error).split()))


async def _serve(settings: Settings, parts: Collection[str], clock: Clock, beside: Beside | None) -> None:
    async with App(settings, parts=parts, clock=clock).running() as app:
        if beside is not None:
            app.supervisor.keep(lambda: beside(app), name="beside")
        await app.failed()


async def _until_told(live: Callable[[], Awaitable[None]]) -> None:
    """SIGTERM and Ctrl+C cancel whatever is under way, from the first moment on; a second one changes nothing."""
    me, told = asyncio.current_task(), asyncio.Event()

    def hear() -> None:
        if me is not None and not told.is_set():
            log.info("stopping")
            told.set()
            me.cancel()

    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl+C ends the process without
            asyncio.get_running_loop().add_signal_handler(name, hear)
    try:
        await live()
    except asyncio.CancelledError:
        if not told.is_set():
            raise


async def _without_delay(work: Callable[[], None]) -> None:
    """Blocking work in a thread that nobody waits for at the end: what a database has not committed it takes back."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if not done.done():
            done.set_result(None) if error is None else done.set_exception(error)

    def run() -> None:
        error: BaseException | None = None
        try:
            work()
        except BaseException as raised:  # noqa: BLE001 - it is raised where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=run, name="database", daemon=True).start()
    await done


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:  # it is not made for every platform
        return None
    return uvloop.Loop
