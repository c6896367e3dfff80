"""A shop of assistants without a network: what `talks` and `streams` measure."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.client.session.base import BaseSession

from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from db.tables.chats import FinishReason
from handlers.chats.drafts import AnswerDrafts
from handlers.telegram.messages import Messages
from i18n.translator import Catalogues
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

SAGES = ("sage", "seer")  # one has 256 answers at once at most
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


def instant(pieces: int = 0) -> Runtimes:
    return Runtimes([AssistantKind(name="chat", spec=ChatSpec, open=lambda manifest, folder: InstantAssistant(pieces))])
