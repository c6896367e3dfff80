"""One process of the shop from its settings to its end."""

import asyncio
import signal
from collections.abc import Collection

import structlog

from bot.app import PARTS, App, StartError
from bot.cli import Failure
from bot.logs import set_up
from bot.settings import Settings
from db.migrate import require_head, upgrade

log = structlog.get_logger()


def run_process(part: str, settings: Settings) -> int:
    """`run` has all parts and migrates the database; a single part refuses an old revision."""
    set_up(settings.log_level, settings.log_format, settings.secrets)
    if part == "run":
        upgrade(settings.database_url)
    else:
        require_head(settings.database_url)
    parts = PARTS if part == "run" else frozenset({part})
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, parts))
    except StartError as error:
        raise Failure(str(error)) from None
    return 0


async def _serve(settings: Settings, parts: Collection[str]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    app = App(settings, parts=parts)
    async with app.running():
        await stop.wait()
        log.info("stopping")


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    try:
        import uvloop
    except ImportError:  # it is not made for every platform
        return None
    return uvloop.Loop
