"""A shop that sells answers and has no chat: its services over a test's own database, and an assistant of the test's
own that says what the test wants."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import Transaction, TransactionKind
from db.tables.chats import ChatMessage, FinishReason
from db.tables.users import User
from services.billing import ledger
from services.billing.audit import run_audit
from services.chats.export import ExportWords
from services.chats.limits import ChatLimits
from services.chats.orders import Accepted, MessageOrder
from services.chats.service import Chats
from services.chats.sessions import ChatSessions, ChatSessionView
from services.chats.streams import AnswerStreams
from services.chats.undelivered import pay_back_answer
from services.chats.worker import LEASE, AnswerWorker
from services.coordination.memory import MemoryCoordination
from services.inference.chat import ChatEvent, ChatRequest, StreamEnd, TextDelta, TokenUsage
from services.inference.engine import Engine
from services.inference.runtimes.chat.spec import ChatSpec
from services.inference.runtimes.registry import AssistantKind, Runtimes
from services.models.offers import Models
from services.notifications.kinds.chats import AnswerReady
from services.notifications.message_ref import MessageRef
from services.notifications.notification import Notification
from services.users.recipient import Recipient
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.shop import add_user

MANIFEST = """
slug = "sage"
version = "1"
title = {{ ru = "Мудрец", en = "Sage" }}
price = "{price}"
[runtime]
kind = "chat"
url = "http://127.0.0.1:9"
model = "sage-1"
context = {context}
max_answer = {max_answer}
input_price = "{input_price}"
output_price = "{output_price}"
free_answers = {free_answers}
parallel = {parallel}
attempts = 3
"""
USUAL: dict[str, Any] = {
    "price": "0",
    "context": 4096,
    "max_answer": 256,
    "input_price": "1.00",
    "output_price": "4.00",
    "free_answers": 0,
    "parallel": 4,
}
SAID = "The answer is forty-two."
WORDS = ExportWords(
    customer="You", assistant="Sage", ended={FinishReason.STOPPED: "Stopped."}, moment="{:%d.%m.%Y %H:%M}".format
)
OWNER = 77  # has never opened the bot: what they are to know waits


@dataclass
class Sage:
    """`says`: what each answer brings, in pieces; an error among them is raised there, and
    the next request brings what `then` has, if anything. `gate` holds answers before
    their first word, `pause` before their last piece. `asked`: every request that arrived; `heard`: those
    of which some text came.
    `hears`: what every voice message says, or what comes of it; `listened`: those that arrived."""

    says: Sequence[str | Exception] = (SAID,)
    then: Sequence[str | Exception] = ()
    usage: TokenUsage | None = field(default_factory=lambda: TokenUsage(prompt=20, completion=10))
    finish: FinishReason = FinishReason.STOP
    cost: object = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    pause: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[ChatRequest] = field(default_factory=list)
    heard: list[ChatRequest] = field(default_factory=list)
    closed: int = 0
    hears: str | Exception = "Why, then?"
    listened: list[bytes] = field(default_factory=list)
    away: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()
        self.pause.set()

    def runtimes(self) -> Runtimes:
        return Runtimes([AssistantKind(name="chat", spec=ChatSpec, open=lambda manifest, folder: SageRuntime(self))])


class SageRuntime:
    def __init__(self, sage: Sage) -> None:
        self._sage = sage

    async def check(self) -> None:
        if self._sage.away is not None:
            raise self._sage.away

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        sage = self._sage
        sage.asked.append(request)
        if sage.away is not None:
            raise sage.away
        facts = {"status_code": 200, **({} if sage.cost is None else {"usage": {"cost": sage.cost}})}
        heard = False
        says, end = list(sage.says), StreamEnd(finish=sage.finish, usage=sage.usage, facts=facts)
        try:
            await sage.gate.wait()
            for number, piece in enumerate(says):
                if number == len(says) - 1 and number:
                    await sage.pause.wait()
                if isinstance(piece, Exception):
                    sage.says, sage.then = sage.then or sage.says, ()
                    raise piece
                if piece and not heard:
                    sage.heard.append(request)
                    heard = True
                yield TextDelta(text=piece)
            yield end
        finally:
            sage.closed += 1

    async def transcribe(self, sound: bytes) -> str:
        sage = self._sage
        sage.listened.append(sound)
        await sage.gate.wait()
        if isinstance(sage.hears, Exception):
            raise sage.hears
        return sage.hears

    def retire(self) -> "asyncio.Future[None]":
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    db: Database
    clock: FakeClock
    engine: Engine
    models: Models
    chats: Chats
    sessions: ChatSessions
    streams: AnswerStreams
    coordination: MemoryCoordination
    sage: Sage
    store: Path
    away: list[str]

    def worker(self, *, lease: timedelta = LEASE) -> AnswerWorker:
        files = files_of(self.db, self.clock)
        return AnswerWorker(
            self.db,
            self.engine,
            self.clock,
            files,
            self.streams,
            on_settled=lambda: None,
            on_away=self.away.append,
            lease=lease,
            owners=(OWNER,),
        )

    async def answer_all(self) -> None:
        await self.worker().run_waiting()

    async def customer(self, balance: int = 1_000) -> int:
        """`balance` in hundredths."""
        user_id: int = await self.db.write(add_user)
        if balance:
            key, kind = f"test:{uuid4()}", TransactionKind.GRANT
            await self.db.write(ledger.grant, user_id=user_id, amount=balance, kind=kind, key=key, now=self.clock())
        return user_id

    async def begins(self, user_id: int, model_slug: str = "sage") -> ChatSessionView:
        return await self.sessions.start(user_id=user_id, model_slug=model_slug)

    async def hires(self, slug: str) -> None:
        """Another assistant, at the same server."""
        folder = self.store / slug
        folder.mkdir()
        told = (self.store / "sage" / "manifest.toml").read_text()
        (folder / "manifest.toml").write_text(told.replace('"sage"', f'"{slug}"').replace("Sage", slug.title()))
        assert await self.models.sync(self.engine) == []

    async def says(self, session: ChatSessionView, text: str = "Why?", **changes: Any) -> Accepted:
        facts = {"request_key": uuid4().hex, "place": MessageRef(chat_id=session.user_id), **changes}
        order = MessageOrder(user_id=session.user_id, session_id=session.id, text=text, **facts)
        return await self.chats.send(order)

    async def gives_up(self, news: AnswerReady, user_id: int) -> bool:
        """As delivery does, of a message that Telegram does not take; whether anything follows from it."""
        now = self.clock()
        lost = Notification(
            id=1,
            recipient=Recipient(user_id=user_id, language="ru", telegram_id=1),
            kind=news.kind,
            payload=news.dump(),
            attempts=1,
            lease=now,
            since=now,
            kept_back=False,
            blocked=False,
            lost=False,
        )
        return await self.db.write(pay_back_answer, lost, "refused", now, owners=(OWNER,))

    async def row(self, answer_id: UUID) -> AnyRow:
        (row,) = await self.rows(ChatMessage, table_of(ChatMessage).c.id == answer_id)
        return row

    async def rows(self, mapped: Any, *where: Any) -> Sequence[AnyRow]:
        table = table_of(mapped)
        return await self.db.read(lambda session: session.execute(select(table).where(*where)).all())

    async def lines(self, answer_id: UUID) -> list[tuple[str, int]]:
        """Of the ledger, for an answer."""
        table = table_of(Transaction)
        found = await self.db.read(
            lambda session: session.execute(
                select(table.c.kind, table.c.amount).where(table.c.message_id == answer_id).order_by(table.c.id)
            ).all()
        )
        return [(row.kind, row.amount) for row in found]

    async def balance(self, user_id: int) -> int:
        (row,) = await self.rows(User, table_of(User).c.id == user_id)
        return int(row.balance)

    async def audit(self) -> None:
        report = await run_audit(self.db)
        assert report.ok, str(report)


ENOUGH = ChatLimits(messages_a_minute=1_000, tokens_a_day=0, zone=ZoneInfo("Europe/Moscow"))


@asynccontextmanager
async def open_talk(
    database: Database, clock: FakeClock, store: Path, limits: ChatLimits = ENOUGH, **manifest: Any
) -> AsyncIterator[Talk]:
    (store / "sage").mkdir(parents=True)
    (store / "sage" / "manifest.toml").write_text(MANIFEST.format(**USUAL | manifest))
    sage, away = Sage(), list[str]()
    runtimes = sage.runtimes()
    async with AsyncExitStack() as exits:
        engine = Engine(runtimes, max_threads=1)
        exits.push_async_callback(engine.close)
        models = Models(database, clock, store, runtimes.specs)
        assert await models.sync(engine) == []
        coordination = MemoryCoordination()
        chats = Chats(
            database,
            clock,
            models,
            limits,
            on_asked=lambda slug: None,
            on_stop=lambda answer_id: None,
            on_settled=lambda: None,
        )
        yield Talk(
            db=database,
            clock=clock,
            engine=engine,
            models=models,
            chats=chats,
            sessions=ChatSessions(database, clock, limits),
            streams=AnswerStreams(coordination),
            coordination=coordination,
            sage=sage,
            store=store,
            away=away,
        )
