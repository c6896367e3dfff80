"""Where conversations happen: a shop in a sandbox."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Update, select, update
from sqlalchemy.orm import Session

from bot.app import App
from bot.settings import Settings, load_settings
from db.base import table_of
from db.tables.billing import TransactionKind
from db.tables.users import User
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_token, new_world
from services.billing import ledger
from services.billing.audit import run_audit
from services.users.accounts import Visitor
from services.users.actor import Actor
from tests.support.databases import SqliteServer
from tests.support.files import files_url
from tests.support.ports import free_port
from tests.support.stores import quick_store

OWNER_ID = 900_000_001
_people = count(910_000_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where conversations happen."""

    sandbox: Sandbox
    app: App

    async def person(self, name: str, language: str | None, **more: Any) -> Person:  # Any: as in Sandbox.person
        return await self.sandbox.person(name, language_code=language, **{"id": next(_people)} | more)

    async def books_hold(self) -> None:
        """Whatever happened."""
        report = await run_audit(self.app.db)
        assert report.ok, str(report)

    async def user_id(self, person: Person) -> int:
        user = await self.app.services.users.find(person.id)
        assert user is not None
        return user.id

    async def actor(self, telegram_id: int = OWNER_ID, name: str = "Ольга") -> Actor:
        """Somebody of the shop, who came just now if they had never been here."""
        visitor = Visitor(telegram_id=telegram_id, username=None, first_name=name, language="ru")
        users = self.app.services.users
        return Actor((await users.find(telegram_id) or await users.enter(visitor)).id)

    async def blocked(self, person: Person) -> bool:
        """Whether the shop knows that they blocked it."""
        return await self.app.db.read(_blocked, person.id)

    async def reachable(self, person: Person) -> bool:
        return not await self.blocked(person)

    async def disable(self, person: Person, *, at: datetime | None) -> None:
        """As an admin closes the shop to someone, or opens it again."""
        users = table_of(User)
        change = update(users).where(users.c.telegram_id == person.id).values(disabled_at=at)
        await self.app.db.write(_execute, change)

    async def give(self, person: Person, amount: int, *, expires_at: datetime | None = None) -> None:
        """Credits from the shop, in hundredths."""
        await self.app.db.write(
            ledger.grant,
            user_id=await self.user_id(person),
            amount=amount,
            kind=TransactionKind.GRANT,
            key=f"test:{uuid4()}",
            now=self.app.clock(),
            expires_at=expires_at,
        )


def _blocked(session: Session, telegram_id: int) -> bool:
    users = table_of(User)
    return session.scalar(select(users.c.blocked_at).where(users.c.telegram_id == telegram_id)) is not None


def _execute(session: Session, statement: Update) -> None:
    session.execute(statement)


@asynccontextmanager
async def open_stage(sandbox_url: str, server: SqliteServer, store: Path) -> AsyncIterator[Stage]:
    """A shop of these models, in a world of its own."""
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, server.create(), models_dir=store)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


def shop_settings(sandbox: Sandbox, database_url: str, **more: object) -> Settings:
    assert sandbox.token is not None
    return load_settings(
        _env_file=None,
        bot_token=sandbox.token,
        database_url=database_url,
        **{
            "owner_ids": (OWNER_ID,),
            "telegram_api_url": sandbox.base_url,
            "market_data_url": sandbox.exchange().url,
            "web_port": 0,
            "files_url": files_url(database_url),
            "models_dir": quick_store(),
        }
        | more,
    )


def webhook_settings(mode: str = "webhook") -> dict[str, object]:
    """What a shop needs to be called by Telegram, on a port of its own."""
    if mode == "polling":
        return {}
    port = free_port()
    return {
        "telegram_mode": "webhook",
        "telegram_webhook_secret": secrets.token_urlsafe(16),
        "public_url": f"http://127.0.0.1:{port}",
        "web_port": port,
    }
