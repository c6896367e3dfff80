"""500 answers that grow at once, shown as drafts: how late the event loop is, and what each of them takes."""

import asyncio
import gc
import itertools
import resource
import statistics
import sys
import time
from array import array
from pathlib import Path
from typing import Final

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.methods import SendMessageDraft, TelegramMethod
from aiogram.methods.base import TelegramType

from benchmarks.assistant_shop import Shop, instant
from benchmarks.finding import Finding

STREAMS = 500
WAVES = 3  # of so many streams; what the first leaves is the shop's own, such as caches
KEPT: Final = 6.0  # blocks: a key of who shows it, of which 10,000 are remembered; one that is held has hundreds
CALM_SECONDS = 1.5  # after the last word: the worker looks round once more


class InstantTelegram(AiohttpSession):
    """Takes every draft at once. `drafts`: how many."""

    def __init__(self) -> None:
        super().__init__()
        self.drafts = 0

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        self.drafts += isinstance(method, SendMessageDraft)
        content = '{"ok": true, "result": true}'
        result = self.check_response(bot=bot, method=method, status_code=200, content=content).result
        assert result is not None
        return result


class Watch:
    """Of the process, while answers grow: how late its event loop was, in milliseconds, and the most that it held."""

    def __init__(self) -> None:
        self.lags = array("d")
        self.most = 0.0

    async def run(self) -> None:
        """Until cancelled."""
        for look in itertools.count():
            due = time.perf_counter() + 0.01
            await asyncio.sleep(0.01)
            self.lags.append((time.perf_counter() - due) * 1000)
            if look % 10 == 0:
                self.most = max(self.most, _memory())


async def many_streams(folder: Path) -> list[Finding]:
    """500 answers that grow for five seconds and are shown as drafts, several times: how late the event loop is
    meanwhile, what each of them takes, and whether that is given back."""
    shop, watch, telegram = Shop(folder, instant(pieces=50)), Watch(), InstantTelegram()
    sessions, held = await shop.customers(STREAMS), list[int]()
    before = _memory()
    async with asyncio.TaskGroup() as tasks:
        works = (shop.worker.run(), watch.run(), shop.drafts(telegram).run())
        background = [tasks.create_task(work) for work in works]
        for _ in range(WAVES):
            await asyncio.gather(*(shop.say(each) for each in sessions))
            await asyncio.sleep(CALM_SECONDS)
            shop.forget()
            gc.collect()
            held.append(sys.getallocatedblocks())
        for task in background:
            task.cancel()
    await shop.close()
    late, each = statistics.quantiles(watch.lags, n=100)[98], (watch.most - before) * 1000 / STREAMS
    kept = (held[-1] - held[0]) / STREAMS / (WAVES - 1)
    return [
        Finding(
            name=f"{STREAMS} conversations at once: the event loop's lag, p99",
            ours=f"{late:.0f} ms",
            limit="—",
            result=f"{late:.0f} ms",
            target="< 50 ms",
            met=late < 50,
        ),
        Finding(
            name=f"{STREAMS} conversations at once: drafts that were shown meanwhile",
            ours=f"{telegram.drafts}",
            limit="—",
            result="",
            target="—",
            met=None,
        ),
        Finding(
            name=f"{STREAMS} conversations at once: memory of each, at most",
            ours=f"{each:.0f} KB",
            limit="—",
            result="",
            target="—",
            met=None,
        ),
        Finding(
            name=f"{STREAMS} conversations at once: blocks of memory that each leaves when it has ended",
            ours=f"{kept:.2f}",
            limit="—",
            result=f"{kept:.2f}",
            target=f"< {KEPT}",
            met=kept < KEPT,
        ),
    ]


def _memory() -> float:
    """MB that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1_000_000
