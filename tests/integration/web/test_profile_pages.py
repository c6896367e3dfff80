"""The profile and the keys of programs, on pages."""

import re
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.web import browser

_people = count(940_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


async def person(app: App) -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language="ru")
    return await app.services.users.enter(visitor)


async def test_a_profile_is_filled_in_and_cleared(app: App) -> None:
    user = await person(app)
    told = {"gender": "female", "age": "35", "email": "anna@example.com", "language": "en", "name": "Mallory"}
    async with browser(app, user.id) as anna:
        assert "Анна" in (await anna.get("/profile")).text
        assert '<form method="post" action="/sign-out">' in (await anna.get("/profile")).text
        wrong = await anna.post("/profile", data=told | {"age": "много"})
        assert wrong.status_code == 422
        assert 'value="anna@example.com"' in wrong.text
        assert "от 1 до 120" in wrong.text
        assert (await app.services.users.get(user.id)).email is None
        assert (await anna.post("/profile", data=told)).status_code == 303
        known = await app.services.users.get(user.id)
        assert (known.gender, known.age, known.email, known.language) == ("female", 35, "anna@example.com", "en")
        assert known.first_name == "Анна"
        assert known.bonus_muted
        assert "Saved." in (await anna.get("/profile?done=yes")).text
        await anna.post("/profile", data={"language": "ru", "bonuses": "yes"})
        known = await app.services.users.get(user.id)
        assert (known.gender, known.age, known.email, known.bonus_muted) == (None, None, None, False)


async def test_a_key_is_shown_once_used_and_revoked(app: App) -> None:
    user, john = await person(app), await person(app)
    async with browser(app, user.id, second_factor=False) as anna, browser(app, john.id) as other:
        made = await anna.post("/keys", data={"name": "Сервер", "scopes": ["read", "admin"], "days": "30"})
        assert made.headers["cache-control"] == "no-store"
        assert 'data-copy="key"' in made.text
        assert '<a href="/api/docs">' in made.text
        found = re.search(r"ksd_\w+", made.text)
        assert found
        here = f"http://127.0.0.1:{app.web_port}/api/v1/me"
        async with httpx.AsyncClient(headers={"authorization": f"Bearer {found[0]}"}) as program:
            assert (await program.get(here)).status_code == 200
            shown = await anna.get("/keys")
            assert found[0] not in shown.text
            assert f"…{found[0][-4:]}" in shown.text
            key = (await app.services.api_keys.all(user.id))[0]
            assert [each.value for each in key.scopes] == ["read"]  # she has no role
            revoke = f"/keys/{key.id}/revoke"
            assert (await other.post(revoke)).status_code == 404
            assert (await anna.post(revoke)).status_code == 303
            assert (await program.get(here)).status_code == 401
        bad = await anna.post("/keys", data={"name": "  ", "scopes": ["read"]})
        assert bad.status_code == 422
        assert 'role="alert"' in bad.text
        assert (await anna.post("/keys", data={"name": "x"})).status_code == 422
        for days in ("0", "367", "36600", "soon", "0" * 5000):
            assert (await anna.post("/keys", data={"name": "x", "scopes": ["read"], "days": days})).status_code == 422
        for number in (0, 2**63, "9" * 5000):
            assert (await anna.post(f"/keys/{number}/revoke")).status_code == 422
            assert (await anna.post(f"/security/sessions/{number}/end")).status_code == 422
        assert "Сервер" not in (await other.get("/keys")).text


async def test_a_webhook_is_made_tried_and_deleted(app: App) -> None:
    user, john = await person(app), await person(app)
    url, events = "https://example.com/hooks", ["prediction.succeeded"]
    async with browser(app, user.id) as anna, browser(app, john.id) as other:
        assert (await anna.post("/webhooks", data={"url": url})).status_code == 422
        bad = await anna.post("/webhooks", data={"url": "https://10.0.0.1/", "events": events})
        assert bad.status_code >= 400
        assert 'role="alert"' in bad.text
        made = await anna.post("/webhooks", data={"url": url, "events": events})
        secret = re.search(r"whsec_[\w+/=]+", made.text)
        assert secret
        known = (await app.services.webhooks.all(user.id))[0]
        place = f"/webhooks/{known.id}"
        assert secret[0] not in (await anna.get(place)).text
        assert (await anna.post(f"{place}/test")).status_code == 303
        assert "webhook.test" in (await anna.get(place)).text
        assert (await anna.post(f"{place}/switch", data={"enabled": "false"})).status_code == 303
        assert "Вы его выключили." in (await anna.get(place)).text
        assert (await anna.post(f"{place}/switch", data={"enabled": "true"})).status_code == 303
        assert "whsec_" in (await anna.post(f"{place}/rotate")).text
        for each in ("", "/test", "/rotate", "/delete"):
            assert (await other.post(f"{place}{each}", data={"url": url, "events": events})).status_code == 404
        assert (await other.get(place)).status_code == 404
        assert (await anna.post(f"{place}/delete")).status_code == 303
        assert place not in (await anna.get("/webhooks")).text
