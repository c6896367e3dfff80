"""A running shop with one person of each role, and a customer. The shop is one for a whole file; each test has people
of its own, but for the owner."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import httpx
import pytest_asyncio
from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.identities import WebSession
from db.tables.users import Role
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.container import Services
from services.money import rub
from services.payments.queries import PaymentView
from services.payments.topup import TopUpRequest
from services.users.accounts import UserView, Visitor
from services.users.actor import Actor
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.web import browser

_people = count(940_000_001)
EVIL = '<img src=x onerror="alert(1)">'


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`anna` is a customer with 10.00 credits and a name that is HTML."""

    app: App
    owner: UserView
    admin: UserView
    moderator: UserView
    anna: UserView

    @property
    def services(self) -> Services:
        return self.app.services

    def of(self, role: Role | None) -> int:
        people = {Role.OWNER: self.owner, Role.ADMIN: self.admin, Role.MODERATOR: self.moderator, None: self.anna}
        return people[role].id

    async def grow_old(self) -> None:
        """Everybody signed in two hours ago."""
        sessions = table_of(WebSession)
        then = self.app.clock() - timedelta(hours=2)
        await self.app.db.write(_execute, update(sessions).values(authenticated_at=then))

    async def balance(self) -> int:
        return (await self.services.user_management.card(self.anna.id)).balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Till:
    """`desk`: the owner's browser; `shop`: the provider's side."""

    office: Office
    desk: httpx.AsyncClient
    shop: Shop

    async def paid(self, roubles: int = 300) -> PaymentView:
        """By Anna."""
        payments, anna = self.office.services.payments, self.office.anna.id
        assert payments is not None
        wish = TopUpRequest(user_id=anna, email="anna@example.com", return_url="http://shop", amount=rub(roubles * 100))
        begun = await payments.topup.start(wish)
        await self.shop.pays(begun.provider_payment_id or "")
        return await payments.settlement.ask(begun.id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def office(shop: App) -> Office:
    return await office_of(shop)


@pytest_asyncio.fixture(loop_scope="module")
async def own_office(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Office]:
    """Nobody else is in its shop: for tests that count everybody or change the owner."""
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        yield await office_of(app)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """The shop takes money."""
    async with open_till(world, sqlite_server.create()) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def till(stage: Stage) -> AsyncIterator[Till]:
    office, shop = await office_of(stage.app), await stage.sandbox.shop()
    async with browser(stage.app, office.owner.id) as desk:
        yield Till(office=office, desk=desk, shop=shop)
    await shop.clear_faults()


async def office_of(app: App) -> Office:
    people = [await person(app, OWNER_ID, "Ольга")]
    people += [await person(app, next(_people), name) for name in ("Ада", "Мила", EVIL)]
    owner, admin, moderator, anna = people
    for each, role in ((admin, Role.ADMIN), (moderator, Role.MODERATOR)):
        assert each.telegram_id is not None
        await app.services.admins.appoint(each.telegram_id, role, actor=Actor(owner.id))
    return Office(app=app, owner=owner, admin=admin, moderator=moderator, anna=anna)


@pytest_asyncio.fixture(loop_scope="module")
async def at_desk(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's browser."""
    async with browser(office.app, office.owner.id) as desk:
        yield desk


@pytest_asyncio.fixture(loop_scope="module")
async def at_own_desk(own_office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with browser(own_office.app, own_office.owner.id) as desk:
        yield desk


def _execute(session: Session, statement: Update) -> None:
    session.execute(statement)


async def person(app: App, telegram_id: int, name: str) -> UserView:
    visitor = Visitor(telegram_id=telegram_id, username=None, first_name=name, language="ru")
    return await app.services.users.enter(visitor)
