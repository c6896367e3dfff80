"""A shop's letters, a server that takes them, and Vera who has no Telegram."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from itertools import count

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import EmailLogin
from db.tables.outbox import OutboxMessage
from i18n.translator import Catalogues, Translator
from mail.client import MailClient
from mail.delivery import LetterDelivery, Post, Present
from mail.messages import Words
from mail.server import MailSender, SmtpServer
from services.notifications import outbox
from services.notifications.kinds.admins import WordsFromOwner
from services.notifications.kinds.letters import PasswordChanged
from services.notifications.letter import Letter
from services.notifications.letters import Letters
from services.notifications.outbox import Mailbox
from services.notifications.presenting import presenting
from tests.support.clock import FakeClock
from tests.support.shop import add_outsider
from tests.support.smtp import MailServer, mail_server

POST = Post(sender=MailSender(address="shop@example.com", name="Лавка"), site="https://shop.example.com")


def plain_presenters() -> dict[str, Present]:
    async def words(news: WordsFromOwner, _: Letter, tr: Translator) -> Words:
        return Words(subject="A message", paragraphs=(tr.escape(news.text),))

    async def changed(_: PasswordChanged, letter: Letter, tr: Translator) -> Words:
        return Words(subject="Changed", paragraphs=(tr.escape("Changed"),))

    return presenting(WordsFromOwner, words) | presenting(PasswordChanged, changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    db: Database
    clock: FakeClock
    server: MailServer
    letters: Letters
    nonces: "count[int]" = field(default_factory=count)

    def delivery(self, *, server: SmtpServer | None = None, seconds: float = 5.0) -> LetterDelivery:
        """As a process of its own has it."""
        client = MailClient(
            server or self.server.named(), name="example.com", connect_seconds=seconds, send_seconds=seconds
        )
        return LetterDelivery(self.letters, client, POST, Catalogues(), plain_presenters(), clock=self.clock)

    async def person(self, address: str) -> int:
        """Without Telegram."""
        return await self.db.write(add_reader, address, self.clock())

    async def tell(self, user_id: int, text: str) -> None:
        news = WordsFromOwner(text=text, nonce=str(next(self.nonces)))
        await self.db.write(outbox.put, news, user_id=user_id, now=self.clock())

    async def notify(self, address: str) -> None:
        """A letter of its own, to an address."""
        await self.db.write(
            outbox.put_letter, self.changed(), to=Mailbox(address=address, language="en"), now=self.clock()
        )

    def changed(self) -> PasswordChanged:
        return PasswordChanged(at=self.clock(), nonce=str(next(self.nonces)))

    async def rows(self) -> list[AnyRow]:
        table = table_of(OutboxMessage)
        return await self.db.read(lambda session: list(session.execute(select(table).order_by(table.c.id)).all()))

    async def statuses(self) -> list[str]:
        return [row.status for row in await self.rows()]

    def texts(self) -> list[str]:
        return [text_of(letter).splitlines()[0] for letter in self.server.letters]


def add_reader(session: Session, address: str, now: datetime) -> int:
    user_id = add_outsider(session)
    row = {
        "user_id": user_id,
        "address": address,
        "password_hash": "x",
        "password_changed_at": now,
        "created_at": now,
    }
    session.execute(insert(table_of(EmailLogin)).values(row))
    return user_id


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


async def send_all(delivery: LetterDelivery) -> None:
    while await delivery.send_next():
        pass


@pytest.fixture
async def office(database: Database, clock: FakeClock) -> AsyncIterator[PostOffice]:
    async with mail_server() as server:
        yield PostOffice(db=database, clock=clock, server=server, letters=Letters(database, clock))
