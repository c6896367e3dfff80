"""A running shop with one person of each role, and a customer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest_asyncio
from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from bot.app import App
from bot.settings import Settings
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
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.support.web import browser

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


@pytest_asyncio.fixture
async def office(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Office]:
    async with office_of(shop_settings(sandbox, sqlite_url)) as office:
        yield office


@pytest_asyncio.fixture
async def till(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Till]:
    """The shop takes money."""
    shop = await sandbox.shop()
    more = {"yookassa_secret_key": shop.secret_key, "yookassa_api_url": shop.api_url}
    settings = shop_settings(sandbox, sqlite_url, yookassa_shop_id=shop.shop_id, **more)
    async with office_of(settings) as office, browser(office.app, office.owner.id) as desk:
        yield Till(office=office, desk=desk, shop=shop)


@asynccontextmanager
async def office_of(settings: Settings) -> AsyncIterator[Office]:
    async with App(settings).running() as app:
        people = [await person(app, OWNER_ID, "Ольга"), await person(app, 71, "Ада"), await person(app, 72, "Мила")]
        anna = await person(app, 77, EVIL)
        for each, role in zip(people[1:], (Role.ADMIN, Role.MODERATOR), strict=True):
            assert each.telegram_id is not None
            await app.services.admins.appoint(each.telegram_id, role, actor=Actor(people[0].id))
        owner, admin, moderator = people
        yield Office(app=app, owner=owner, admin=admin, moderator=moderator, anna=anna)


@pytest_asyncio.fixture
async def at_desk(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    """The owner's browser."""
    async with browser(office.app, office.owner.id) as desk:
        yield desk


def _execute(session: Session, statement: Update) -> None:
    session.execute(statement)


async def person(app: App, telegram_id: int, name: str) -> UserView:
    visitor = Visitor(telegram_id=telegram_id, username=None, first_name=name, language="ru")
    return await app.services.users.enter(visitor)
