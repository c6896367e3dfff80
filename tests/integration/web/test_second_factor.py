"""A second factor in the browser and through the API: nothing goes past it."""

import re
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest_asyncio
from starlette.routing import Route

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.identity.second_factor import code_at
from services.users.accounts import UserView
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.integration.web.admin.conftest import person
from tests.support.databases import SqliteServer
from tests.support.forms import hidden_fields
from tests.support.web import browser
from web import cabinet
from web.kit.cookies import SESSION
from web.kit.routers import routers_of

_people = count(950_000_001)
STEP = 30
OPEN = {
    "/",
    "/sign-in",
    "/sign-up",
    "/sign-out",
    "/reset",
    "/confirm",
    "/language",
    "/mini-app",
    "/mini-app/session",
    "/sign-in/telegram/state",
    "/second-factor/step",
    "/track",
    "/track.csv",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def own_app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    """Whose owner has no second factor yet."""
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        yield app


async def new_customer(app: App) -> UserView:
    return await person(app, next(_people), "Анна")


def code(app: App, secret: str, steps: int = 0) -> str:
    return code_at(secret, app.clock().timestamp() + steps * STEP)


def secret_on(page: httpx.Response) -> str:
    found = re.search(r"<code>([A-Z2-7 ]{32,})</code>", page.text)
    assert found is not None
    return found[1].replace(" ", "")


async def turn_on(app: App, desk: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Through the pages: the secret, and the recovery codes."""
    await desk.post("/second-factor/begin")
    secret = secret_on(await desk.get("/second-factor"))
    told = await desk.post("/second-factor/confirm", data={"code": code(app, secret)})
    assert told.status_code == 200
    return secret, re.findall(r"<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>", told.text)


async def test_it_is_set_up_and_then_asked_for(app: App) -> None:
    anna = await new_customer(app)
    async with browser(app, anna.id, second_factor=False) as here, browser(app, anna.id, second_factor=False) as there:
        assert "otpauth://totp/Kassandra" in await setup_page(here)
        wrong = await here.post("/second-factor/confirm", data={"code": "12"})
        assert (wrong.status_code, "Код не подошёл" in wrong.text) == (422, True)
        secret, codes = await turn_on(app, here)
        assert len(set(codes)) == 10
        assert (await here.get("/history")).status_code == 200

        asked = await there.get("/history?page=1")
        assert (asked.status_code, asked.headers["location"]) == (303, "/second-factor/step?next=%2Fhistory%3Fpage%3D1")
        shown = {"code": code(app, secret, 1), "next": "/history?page=1"}
        on = await there.post("/second-factor/step", data=shown)
        assert (on.status_code, on.headers["location"]) == (303, "/history?page=1")
        assert (await there.get("/history")).status_code == 200


async def test_from_where_one_came_one_goes_on(own_app: App) -> None:
    """To another site never."""
    owner = await person(own_app, OWNER_ID, "Ольга")
    async with browser(own_app, owner.id, second_factor=False) as desk:
        assert 'href="/second-factor?next=/admin/users"' in (await desk.get("/admin/users")).text
        refused = await desk.get("/admin/packages/new")
        assert 'href="/second-factor?next=%2Fadmin%2Fpackages%2Fnew"' in refused.text
        offered = hidden_fields((await desk.get("/second-factor?next=/admin/users")).text)
        begun = await desk.post("/second-factor/begin", data=offered | {"next": "/admin/users"})
        setup = await desk.get(begun.headers["location"])
        typed = {"next": "/admin/users", "code": code(own_app, secret_on(setup))}
        assert 'name="next" value="/admin/users"' in setup.text
        assert 'href="/admin/users"' in (await desk.post("/second-factor/confirm", data=typed)).text
        strange = (await desk.get("/second-factor?next=//evil.example")).text
        assert '="//evil.example' not in strange  # as a place to go to; the footer's form knows where it stands


async def setup_page(desk: httpx.AsyncClient) -> str:
    await desk.post("/second-factor/begin")
    return (await desk.get("/second-factor")).text


async def test_no_page_and_no_endpoint_is_past_it(app: App) -> None:
    anna = await new_customer(app)
    async with browser(app, anna.id) as here, browser(app, anna.id, second_factor=False) as there:
        await turn_on(app, here)
        pages = [(method, path) for method, path in routes() if path.split("/{")[0] not in OPEN]
        for method, path in pages:
            answer = await there.request(method, re.sub(r"\{[^}]+\}", "1", path))
            assert "Анна" not in answer.text, path
            assert answer.status_code in {303, 403, 404, 410, 422} or "Войти" in answer.text, (method, path)
        for method, path in (("GET", "me"), ("GET", "me/balance"), ("POST", "keys"), ("GET", "auth/sessions")):
            refused = await there.request(method, f"/api/v1/{path}")
            assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_needed"), path
        for page in ("/", "/sign-in"):
            assert "10,00" not in (await there.get(page)).text
        assert (await there.get("/admin")).status_code == 303


def routes() -> list[tuple[str, str]]:
    found = [route for router in routers_of(cabinet) for route in router.routes if isinstance(route, Route)]
    return [(method, route.path) for route in found for method in sorted(route.methods or ()) if method != "HEAD"]


async def test_whoever_has_not_shown_it_does_not_turn_it_off(app: App) -> None:
    anna = await new_customer(app)
    async with browser(app, anna.id) as here, browser(app, anna.id, second_factor=False) as there:
        secret, codes = await turn_on(app, here)
        for path in ("begin", "confirm", "codes", "off"):
            refused = await there.post(f"/second-factor/{path}", data={"code": codes[0]})
            assert refused.status_code == 403
        assert (await app.services.second_factor.view(anna.id)).recovery_codes == 10
        off = await here.post("/second-factor/off", data={"code": code(app, secret, 1)})
        assert off.headers["location"] == "/security?done=factor_off"
        assert (await there.get("/history")).status_code == 200


async def test_the_step_leads_to_no_other_host(app: App) -> None:
    anna = await new_customer(app)
    async with browser(app, anna.id) as here, browser(app, anna.id, second_factor=False) as there:
        _, codes = await turn_on(app, here)
        on = await there.post("/second-factor/step", data={"code": codes[0], "next": "//evil.example"})
        assert on.headers["location"] == "/"
        used = {"code": codes[0], "next": "/"}
        assert (await there.post("/second-factor/step", data=used)).headers["location"] == "/"  # it is done


async def test_a_program_shows_it_too(app: App) -> None:
    anna = await new_customer(app)
    async with browser(app, anna.id) as here, browser(app, anna.id, second_factor=False) as there:
        _, codes = await turn_on(app, here)
        bearer = {"authorization": f"Bearer {there.headers['cookie'].removeprefix(f'{SESSION}=')}", "cookie": ""}
        step = "/api/v1/auth/second-factor"
        wrong = await there.post(step, json={"code": "000"}, headers=bearer)
        assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_code")
        assert (await there.get("/api/v1/me", headers=bearer)).status_code == 403
        assert (await there.post(step, json={"code": codes[3]}, headers=bearer)).status_code == 204
        assert (await there.get("/api/v1/me", headers=bearer)).json()["id"] == anna.id


async def test_an_owner_without_it_looks_and_does_not_act(own_app: App) -> None:
    owner, anna = await person(own_app, OWNER_ID, "Ольга"), await new_customer(own_app)
    async with browser(own_app, owner.id, second_factor=False) as desk:
        assert "второй фактор" in (await desk.get("/admin")).text
        assert (await desk.get(f"/admin/users/{anna.id}")).status_code == 200
        disable = f"/admin/users/{anna.id}/disable"
        refused = await desk.post(disable, data={"nonce": "abcdefgh12"})
        assert refused.status_code == 403
        assert "/second-factor" in refused.text
        assert not await is_disabled(own_app, anna)
        await turn_on(own_app, desk)
        assert (await desk.post(disable, data={"nonce": "abcdefgh12"})).status_code == 303
        assert await is_disabled(own_app, anna)


async def test_a_key_of_a_role_wants_it(own_app: App) -> None:
    owner = await person(own_app, OWNER_ID, "Ольга")
    terms = {"title": "desk", "scopes": ["admin"]}
    async with browser(own_app, owner.id, second_factor=False) as desk:
        refused = await desk.post("/api/v1/keys", json=terms)
        assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_wanted")
        await turn_on(own_app, desk)
        assert (await desk.post("/api/v1/keys", json=terms)).status_code == 201


async def is_disabled(app: App, user: UserView) -> bool:
    found = await person(app, user.telegram_id or 0, "Анна")
    return found.disabled
