"""Conversations: answers a second with a provider that answers at once, against paid predictions; the time until the
first word, against the bare SDK; and 500 streams at once."""

import asyncio
import gc
import itertools
import resource
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import uvloop
from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import SendMessageDraft, TelegramMethod
from aiogram.methods.base import TelegramType

from benchmarks.finding import Finding, ratio_finding, rounds
from benchmarks.sales import CUSTOMERS, sell
from bot.wiring.inference import RUNTIMES
from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from db.tables.chats import FinishReason
from handlers.chats.drafts import AnswerDrafts
from handlers.telegram.messages import Messages
from i18n.translator import Catalogues
from sandbox.testing import new_world, running_sandbox
from services.billing import audit, ledger
from services.chats.limits import ChatLimits
from services.chats.orders import MessageOrder
from services.chats.service import Chats
from services.chats.sessions import ChatSessions, ChatSessionView
from services.chats.streams import AnswerProgress, AnswerStreams
from services.chats.worker import AnswerWorker
from services.clock import system_clock
from services.coordination.memory import MemoryCoordination
from services.files.files import Files
from services.files.folder import FolderStore
from services.inference.chat import ChatEvent, ChatRequest, StreamEnd, TextDelta, TokenUsage
from services.inference.engine import Engine
from services.inference.runtimes.chat.spec import ChatSpec
from services.inference.runtimes.registry import AssistantKind, Runtimes
from services.models.offers import Models
from services.notifications.message_ref import MessageRef
from services.notifications.sending import Outbox
from services.users.accounts import Users, Visitor

MESSAGES = 1_280  # a round
STREAMS = 500
SAGES = ("sage", "seer")  # one has 256 answers at once at most
WAVES = 3  # of so many streams; what the first leaves is the shop's own, such as caches
KEPT: Final = 6.0  # blocks: a key of who shows it, of which 10,000 are remembered; one that is held has hundreds
CALM_SECONDS = 1.5  # after the last word: the worker looks round once more
FIRST_WORDS = 30
MANIFEST = """
slug = "{slug}"
version = "1"
title = "Sage"
price = "0"
[runtime]
kind = "chat"
url = "{url}"
model = "sandbox-chat-1"
context = 8192
input_price = "1.00"
output_price = "1.00"
parallel = 256
timeout = 300
"""


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        ours, limit = rounds(
            lambda: uvloop.run(_answers(Path(folder) / f"talk{next(numbers)}")),
            lambda: uvloop.run(sell(Path(folder) / f"shop{next(numbers)}.db")),
            count=3,
        )
        first = uvloop.run(_first_words(Path(folder) / "first"))
        many = uvloop.run(_many_streams(Path(folder) / "many"))
    name = f"Answers of an assistant, said to settled, {CUSTOMERS} customers, against paid predictions"
    return [ratio_finding(name, ours, limit, unit="a second", target=0.5, counts=False), first, *many]


class InstantAssistant:
    """Says the same at once; with `pieces`, one each tenth of a second."""

    def __init__(self, pieces: int = 0) -> None:
        self._pieces = pieces

    async def check(self) -> None:
        """It is there."""

    async def stream(self, _request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        yield TextDelta(text="Because it is so.")
        for _ in range(self._pieces):
            await asyncio.sleep(0.1)
            yield TextDelta(text=" And so it is.")
        yield StreamEnd(finish=FinishReason.STOP, usage=TokenUsage(prompt=20, completion=10))

    async def transcribe(self, sound: bytes) -> str:
        raise NotImplementedError

    def retire(self) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def close(self) -> None:
        """Nothing is held."""


class InstantTelegram(BaseSession):
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

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's own signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        yield b""

    async def close(self) -> None:
        """Nothing is open."""


class Shop:
    """Sells answers. `said`, `ended`: by answer, when its first word and its end were told."""

    def __init__(self, folder: Path, runtimes: Runtimes, url: str = "http://127.0.0.1:9") -> None:
        for slug in SAGES:
            (folder / "store" / slug).mkdir(parents=True)
            (folder / "store" / slug / "manifest.toml").write_text(MANIFEST.format(slug=slug, url=url))
        upgrade(f"sqlite:///{folder}/shop.db")
        self.db = Database(f"sqlite+aiosqlite:///{folder}/shop.db")
        self.engine = Engine(runtimes, max_threads=1)
        self.models = Models(self.db, system_clock, folder / "store", runtimes.specs)
        limits = ChatLimits(messages_a_minute=1_000_000, tokens_a_day=0, zone=ZoneInfo("UTC"))
        self._coordination = MemoryCoordination()
        self._streams = streams = AnswerStreams(self._coordination)
        streams.hear(self._heard)
        files = Files(self.db, FolderStore(folder / "files"), system_clock)
        self.worker = AnswerWorker(
            self.db,
            self.engine,
            system_clock,
            files,
            streams,
            on_settled=lambda: None,
            on_away=lambda slug: None,
        )
        self.chats = Chats(
            self.db,
            system_clock,
            self.models,
            limits,
            on_asked=self.worker.wake,
            on_stop=lambda answer_id: None,
            on_settled=lambda: None,
        )
        self.sessions = ChatSessions(self.db, system_clock, limits)
        self.said: dict[UUID, float] = {}
        self._ended: dict[UUID, asyncio.Event] = {}

    def _heard(self, progress: AnswerProgress) -> None:
        if progress.text:
            self.said.setdefault(progress.answer_id, time.perf_counter())
        if progress.done:
            self._ended.setdefault(progress.answer_id, asyncio.Event()).set()

    async def customers(self, count: int) -> list[ChatSessionView]:
        await self.models.sync(self.engine)
        users, sessions = Users(self.db, system_clock, welcome_credits=0), []
        for number in range(count):
            visitor = Visitor(telegram_id=1000 + number, username=None, first_name="Anna", language="ru")
            user = await users.enter(visitor)
            await self.db.write(
                ledger.grant,
                user_id=user.id,
                amount=100_000_000,
                kind=TransactionKind.GRANT,
                key=f"grant:{user.id}",
                now=system_clock(),
            )
            sessions.append(await self.sessions.start(user_id=user.id, model_slug=SAGES[number % len(SAGES)]))
        return sessions

    async def say(self, session: ChatSessionView) -> UUID:
        """And wait for the end of the answer."""
        order = MessageOrder(
            user_id=session.user_id,
            session_id=session.id,
            text="Why is it so?",
            request_key=uuid4().hex,
            place=MessageRef(chat_id=session.user_id),
        )
        sold = await self.chats.send(order)
        await self._ended.setdefault(sold.answer_id, asyncio.Event()).wait()
        return sold.answer_id

    def forget(self) -> None:
        """What was heard of answers so far."""
        self.said.clear()
        self._ended.clear()

    def drafts(self, telegram: BaseSession) -> AnswerDrafts:
        """Who shows the answers while they grow."""
        outbox = Outbox(self.db, system_clock)
        return AnswerDrafts(
            Bot("42:BENCH", session=telegram),
            self._streams,
            chats=self.chats,
            users=Users(self.db, system_clock, welcome_credits=0),
            catalogues=Catalogues(),
            messages=Messages(outbox, self._coordination),
            coordination=self._coordination,
            name="bench",
        )

    async def close(self) -> None:
        checks = await self.db.scan(audit.audit)
        assert all(check.ok for check in checks), audit.format_report(checks)
        await self.engine.close()
        await self.db.close()


def _instant(pieces: int = 0) -> Runtimes:
    return Runtimes([AssistantKind(name="chat", spec=ChatSpec, open=lambda manifest, folder: InstantAssistant(pieces))])


async def _answers(folder: Path) -> float:
    shop = Shop(folder, _instant())
    sessions = await shop.customers(CUSTOMERS)

    async def talk(session: ChatSessionView, count: int) -> None:
        for number in range(count):
            if number % 5 == 0:  # a history as people have it, not one without an end
                session = await shop.sessions.start(user_id=session.user_id, model_slug=session.model_slug)
            await shop.say(session)

    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(shop.worker.run())
        await asyncio.gather(*(talk(each, 1) for each in sessions))
        started = time.perf_counter()
        await asyncio.gather(*(talk(each, MESSAGES // CUSTOMERS) for each in sessions))
        elapsed = time.perf_counter() - started
        worker.cancel()
    await shop.close()
    return MESSAGES / elapsed


async def _first_words(folder: Path) -> Finding:
    """Milliseconds from a message to the first word of its answer, through the shop and by the SDK alone."""
    async with running_sandbox() as address, new_world(address) as sandbox:
        url = sandbox.openai().url
        shop = Shop(folder, RUNTIMES, url)
        (session,) = await shop.customers(1)
        bare, ours = _bare(url), []
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(shop.worker.run())
            alone = []
            for _ in range(FIRST_WORDS):
                alone.append(await bare())
                begun = time.perf_counter()
                ours.append((shop.said[await shop.say(session)] - begun) * 1000)
                session = await shop.sessions.start(user_id=session.user_id, model_slug=session.model_slug)
            worker.cancel()
        await shop.close()
    added = statistics.median(ours) - statistics.median(alone)
    return Finding(
        name="First word of an answer, against the bare SDK",
        ours=f"{statistics.median(ours):.1f} ms",
        limit=f"{statistics.median(alone):.1f} ms",
        result=f"+{added:.1f} ms",
        target="< +20 ms",
        met=added < 20,
    )


def _bare(url: str) -> Callable[[], "asyncio.Future[float]"]:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

    async def ask() -> float:
        begun = time.perf_counter()
        stream = await client.chat.completions.create(
            model="sandbox-chat-1",
            messages=[{"role": "user", "content": "Why is it so?"}],
            stream=True,
            max_tokens=1024,
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                first = (time.perf_counter() - begun) * 1000
                break
        await stream.close()
        return first

    return ask  # type: ignore[return-value]  # an async function


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


async def _many_streams(folder: Path) -> list[Finding]:
    """500 answers that grow for five seconds and are shown as drafts, several times: how late the event loop is
    meanwhile, what each of them takes, and whether that is given back."""
    shop, watch, telegram = Shop(folder, _instant(pieces=50)), Watch(), InstantTelegram()
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
