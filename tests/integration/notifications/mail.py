"""Two people and an outbox to write them from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

from sqlalchemy import select, update

from db.base import AnyRow, Base, table_of
from db.engine import Database
from db.tables.outbox import OutboxKind, OutboxMessage, Priority
from services.notifications.notification import Notification
from services.notifications.outbox import enqueue
from services.notifications.sending import Outbox
from tests.support.clock import FakeClock
from tests.support.shop import add_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """`anna` and `boris` are users.id; their chats are 1 and 2."""

    db: Database
    clock: FakeClock
    outbox: Outbox
    anna: int
    boris: int
    keys: "count[int]" = field(default_factory=count)

    async def write(
        self,
        user_id: int,
        text: str,
        *,
        key: str | None = None,
        kind: str = "note",
        priority: Priority = Priority.ANSWER,
    ) -> None:
        name, now, payload = key or f"notification:{next(self.keys)}", self.clock(), {"text": text}
        told = cast(OutboxKind, kind)  # or what a newer version would write
        await self.db.write(enqueue, user_id=user_id, kind=told, payload=payload, key=name, now=now, priority=priority)

    async def settle(self, text: str) -> None:
        """As sent, after a claim."""
        (row,) = [row for row in await self.rows(OutboxMessage) if row.payload["text"] == text]
        await self.change(OutboxMessage, OutboxMessage.id == row.id, status="sent", sent_at=self.clock())

    async def row(self, notification: Notification) -> AnyRow:
        (row,) = await self.rows(OutboxMessage, OutboxMessage.id == notification.id)
        return row

    async def rows(
        self, mapped: type[Base], *where: Any
    ) -> Sequence[AnyRow]:  # Any: a table's class and conditions on it
        table = table_of(mapped)
        query = select(table).where(*where).order_by(table.c.id)
        return await self.db.read(lambda session: session.execute(query).all())

    async def change(self, mapped: Any, where: Any, **values: Any) -> None:
        statement = update(table_of(mapped)).where(where).values(**values)
        await self.db.write(lambda session: session.execute(statement) and None)


async def open_mail(db: Database, clock: FakeClock) -> Mail:
    anna, boris = [await db.write(add_user, telegram_id=chat) for chat in (1, 2)]
    return Mail(db=db, clock=clock, outbox=Outbox(db, clock), anna=anna, boris=boris)
