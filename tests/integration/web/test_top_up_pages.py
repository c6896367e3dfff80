"""Money on pages: a form makes one payment, its page goes on by itself, the balance tells all of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from itertools import count

import httpx
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.users.accounts import UserView, Visitor
from tests.conversations.payments.conftest import open_till
from tests.support.databases import SqliteServer
from tests.support.waiting import until
from tests.support.web import browser

_people = count(940_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with open_till(world, sqlite_server.create(), weekly_bonus_credits=200) as stage:
        yield stage.app


@pytest_asyncio.fixture(loop_scope="module")
async def yookassa(app: App, world: Sandbox) -> AsyncIterator[Shop]:
    shop = await world.shop()
    yield shop
    await shop.clear_faults()


async def person(app: App, language: str = "ru") -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language=language)
    return await app.services.users.enter(visitor)


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def begins(client: httpx.AsyncClient, choice: str, place: str = "/top-up", **more: str) -> httpx.Response:
    """Fills the form in and sends it."""
    form = await client.get(place)
    sent = {"key": hidden(form, "key"), "next": hidden(form, "next"), "choice": choice}
    return await client.post("/top-up", data=sent | more)


async def pays(app: App, client: httpx.AsyncClient, yookassa: Shop, place: str) -> httpx.Response:
    """Returns the payment's page, once the credits are there."""
    payment = await app.services.payment_queries.find(re.split(r"[/?]", place)[2])
    assert payment is not None
    assert payment.provider_payment_id is not None
    await yookassa.pays(payment.provider_payment_id)

    async def paid() -> bool:
        told = await client.get(f"/payments/{payment.id}/state")
        return not told.json()["state"].startswith("pending")

    await until(paid)
    return await client.get(place)


async def test_anna_buys_credits_and_goes_on_with_her_form(app: App, yookassa: Shop) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        sent = await begins(anna, "sum:30000", "/top-up?next=/models/wine%3Falcohol%3D12")
        place = sent.headers["location"]
        assert sent.status_code == 303
        assert place.endswith("?next=%2Fmodels%2Fwine%3Falcohol%3D12")
        page = await anna.get(place)
        assert "Оплатить 300\u00a0₽" in page.text
        assert 'data-state="pending-with-link"' in page.text
        paid = await pays(app, anna, yookassa, place)
        assert "Оплачено: <b>300\u00a0₽</b>, зачислено 30,00 кредитов." in paid.text
        assert 'href="/models/wine?alcohol=12"' in paid.text
        balance = await anna.get("/balance")
        assert "Пополнение: 300\u00a0₽" in balance.text
        assert "+30,00" in balance.text
        payments = await anna.get("/payments")
        assert "оплачен" in payments.text


async def test_a_form_that_is_sent_twice_makes_one_payment(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        tabs = [await anna.get("/top-up") for _ in range(2)]
        sent = {"choice": "sum:10000"}
        posts = [anna.post("/top-up", data=sent | {"key": hidden(tab, "key")}) for tab in (*tabs, tabs[0])]
        places = {answer.headers["location"] for answer in await asyncio.gather(*posts)}
        assert len(places) == 1
        other = await anna.post("/top-up", data={"key": hidden(tabs[0], "key"), "choice": "sum:30000"})
        assert other.headers["location"] not in places
        anew = await begins(anna, "sum:10000")
        assert anew.headers["location"] not in places


async def test_an_amount_of_ones_own_is_read_as_in_the_chat(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        wrong = await begins(anna, "own", amount="три рубля")
        assert wrong.status_code == 422
        assert 'value="три рубля"' in wrong.text
        assert "от 1 до" in wrong.text
        assert (await begins(anna, "")).status_code == 422
        assert (await begins(anna, "sum:1")).status_code == 422
        assert (await begins(anna, "package:999")).status_code == 404
        right = await begins(anna, "own", amount="150,50 р.")
        assert "150,50\u00a0₽" in (await anna.get(right.headers["location"])).text


async def test_a_receipt_asks_for_an_address_once(sandbox: Sandbox, sqlite_url: str) -> None:
    async with open_till(sandbox, sqlite_url, yookassa_vat_code=1) as stage:
        user = await person(stage.app)
        async with browser(stage.app, user.id) as anna:
            assert "нужен адрес" in (await anna.get("/top-up")).text
            wrong = await begins(anna, "sum:10000", email="anna")
            assert wrong.status_code == 422
            assert 'value="sum:10000" checked' in wrong.text
            begun = await begins(anna, "sum:10000", email="anna@example.com")
            assert "anna@example.com" in (await anna.get(begun.headers["location"])).text
            assert 'name="email"' not in (await anna.get("/top-up")).text


async def test_a_link_that_is_late_comes_into_the_page(app: App, yookassa: Shop) -> None:
    user = await person(app, language="en")
    async with browser(app, user.id) as anna:
        await yookassa.fault("500_after")
        begun = await begins(anna, "sum:10000")
        place = begun.headers["location"]
        page = await anna.get(place)
        assert "does not answer right now" in page.text
        assert 'data-state="pending"' in page.text
        looked = await anna.post(f"{place}/check")
        page = await anna.get(looked.headers["location"])
        assert "Pay 100\u00a0₽" in page.text
        assert "Not paid yet" in page.text


async def test_payments_of_others_are_not_there(app: App) -> None:
    user, john = await person(app), await person(app)
    async with browser(app, user.id) as anna, browser(app, john.id) as other, browser(app) as someone:
        place = (await begins(anna, "sum:10000")).headers["location"]
        for each in (place, f"{place}/state", "/payments/rubbish"):
            assert (await other.get(each)).status_code == 404
        assert (await other.post(f"{place}/check")).status_code == 404
        for each in (place, "/payments", "/top-up", "/balance", "/bonus"):
            assert (await someone.get(each)).status_code == 303
        foreign = await anna.get("/top-up?next=https://evil.example/")
        assert hidden(foreign, "next") == ""


async def test_the_bonus_is_told_and_muted(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        assert "2,00 кредита" in (await anna.get("/bonus")).text
        assert (await anna.post("/bonus", data={"news": "off"})).status_code == 303
        assert "О приходе бонуса не сообщаю" in (await anna.get("/bonus")).text
        assert (await app.services.users.get(user.id)).bonus_muted
