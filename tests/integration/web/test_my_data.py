"""Somebody deletes their account on a page, or by the API."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.identities import WebSession
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.integration.web.admin.conftest import person
from tests.support.databases import SqliteServer
from tests.support.letters import LETTERS_ON, last_link
from tests.support.web import browser

PASSWORD = "fourteen green boats"
_people = count(951_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create(), **LETTERS_ON)).running() as app:
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def anna(app: App) -> UserView:
    return await person(app, next(_people), "Анна")


async def sign_up(app: App, page: httpx.AsyncClient) -> str:
    """The address, which nobody had before."""
    address = f"vera-{next(_people)}@example.com"
    await page.post("/sign-up", data={"email": address})
    token = (await last_link(app, address)).partition("token=")[2]
    await page.post("/confirm", data={"token": token, "password": PASSWORD, "name": "Вера"})
    return address


def seen_on(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="seen_balance" value="(\d+)"', page.text)
    assert found is not None
    return {"seen_balance": found[1]}


async def test_by_telegram_who_signed_in_just_now(app: App, anna: UserView) -> None:
    async with browser(app, anna.id) as page:
        asked = await page.get("/my-data/delete")
        assert "Вы теряете 10,00" in asked.text.replace("\xa0", " ")
        not_sure = await page.post("/my-data/delete", data=seen_on(asked))
        assert (not_sure.status_code, "Отметьте" in not_sure.text) == (422, True)
        wrong = await page.post("/my-data/delete", data={"seen_balance": "5", "sure": "yes"})
        assert (wrong.status_code, "изменился" in wrong.text) == (409, True)
        done = await page.post("/my-data/delete", data={**seen_on(asked), "sure": "yes"})
        assert (done.status_code, done.headers["location"]) == (303, "/account-deleted")
        assert (await page.get("/account-deleted")).status_code == 200
        assert (await page.get("/history")).headers["location"].startswith("/sign-in")
    again = await person(app, anna.telegram_id or 0, "Анна")
    assert (again.id != anna.id, again.balance) == (True, 0)


async def test_by_telegram_the_bot_is_asked_once_more(app: App, anna: UserView) -> None:
    async with browser(app, anna.id) as page:
        await app.db.write(grow_old)
        assert (await page.get("/my-data/delete")).headers["location"].startswith("/sign-in/telegram?again=yes")
        assert (await page.post("/my-data/delete", data={"seen_balance": "1000", "sure": "yes"})).status_code == 403
        refused = await page.request("DELETE", "/api/v1/me", json={"balance": 1000})
        assert refused.json()["code"] == "prove_again"
    assert (await app.services.users.get(anna.id)).first_name == "Анна"


async def test_by_email_the_password_is_asked_for(app: App) -> None:
    async with browser(app) as page:
        address = await sign_up(app, page)
        asked = await page.get("/my-data/delete")
        for password in ("", "wrong"):
            data = {**seen_on(asked), "sure": "yes", "password": password}
            refused = await page.post("/my-data/delete", data=data)
            assert (refused.status_code, "пароль" in refused.text) == (403, True)
        done = await page.post("/my-data/delete", data={**seen_on(asked), "sure": "yes", "password": PASSWORD})
        assert done.headers["location"] == "/account-deleted"
        wrong = await page.post("/sign-in", data={"email": address, "password": PASSWORD})
        assert wrong.status_code == 422


@pytest.mark.parametrize("by_api", [False, True])
async def test_the_password_is_proof_enough_on_the_page_and_by_the_api(app: App, by_api: bool) -> None:
    """However long ago they came in."""
    async with browser(app) as page:
        await sign_up(app, page)
        await app.db.write(grow_old, minutes=61)
        seen = seen_on(await page.get("/my-data/delete"))
        if by_api:
            told = {"balance": int(seen["seen_balance"]), "password": "wrong"}
            wrong = await page.request("DELETE", "/api/v1/me", json=told)
            assert wrong.json()["code"] == "wrong_current_password"
            done = await page.request("DELETE", "/api/v1/me", json={**told, "password": PASSWORD})
            assert done.status_code == 204
        else:
            done = await page.post("/my-data/delete", data={**seen, "sure": "yes", "password": PASSWORD})
            assert done.headers["location"] == "/account-deleted"


async def test_who_has_a_role_is_told_why_not(app: App) -> None:
    owner = await person(app, OWNER_ID, "Ольга")
    async with browser(app, owner.id) as page:
        told = await page.get("/my-data/delete")
        assert (told.status_code, "роль" in told.text, "seen_balance" in told.text) == (409, True, False)


async def test_by_the_api(app: App, anna: UserView) -> None:
    async with browser(app, anna.id) as page:
        wrong = await page.request("DELETE", "/api/v1/me", json={"balance": 1})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "balance_changed")
        assert (await page.request("DELETE", "/api/v1/me", json={"balance": 1000})).status_code == 204
        assert (await page.get("/api/v1/me")).status_code == 401


def grow_old(session: Session, minutes: int = 11) -> None:
    sessions = table_of(WebSession)
    session.execute(update(sessions).values(authenticated_at=datetime.now(UTC) - timedelta(minutes=minutes)))


async def test_a_copy_to_keep(app: App, anna: UserView) -> None:
    async with browser(app, anna.id) as page:
        assert "/my-data/copy" in (await page.get("/my-data")).text
        copy = await page.get("/my-data/copy")
        assert copy.headers["content-disposition"].startswith("attachment")
        assert copy.json()["profile"]["first_name"] == "Анна"
        assert (await page.get("/api/v1/me/export")).json()["profile"]["id"] == anna.id
        await app.db.write(grow_old, minutes=61)
        assert (await page.get("/my-data/copy")).status_code == 303
        assert (await page.get("/api/v1/me/export")).json()["code"] == "prove_again"
