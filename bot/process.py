"""One process of the shop from its settings to its end."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from bot.app import PARTS, App, StartError
from bot.cli import Failure
from bot.logs import set_up
from bot.settings import Settings
from db.migrate import require_head, upgrade
from services.clock import Clock, system_clock

log = structlog.get_logger()

Beside = Callable[[App], Awaitable[None]]
"""What runs for as long as the shop does."""


def run_process(part: str, settings: Settings, *, clock: Clock = system_clock, beside: Beside | None = None) -> int:
    """`run` has all parts and migrates the database; a single part refuses an old revision."""
    set_up(settings.log_level, settings.log_format, settings.secrets)
    if part == "run":
        upgrade(settings.database_url)
    else:
        require_head(settings.database_url)
    parts = PARTS if part == "run" else frozenset({part})

    async def serve() -> None:
        await _serve(App(settings, parts=parts, clock=clock), beside)

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(serve())
    except StartError as error:
        raise Failure(str(error)) from None
    return 0


async def _serve(app: App, beside: Beside | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with app.running():
        if beside is not None:
            app.supervisor.keep(lambda: beside(app), name="beside")
        await stop.wait()
        log.info("stopping")


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:  # it is not made for every platform
        return None
    return uvloop.Loop
