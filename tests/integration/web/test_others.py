"""What is another's is not there: whoever asks by its real id is answered as if there were nothing. Every endpoint and
page with an id is tried, those of tomorrow too: a new kind of id fails here until `belongings` makes a thing of it."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute

import web.admin
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView
from tests.conversations.payments.conftest import open_till
from tests.conversations.test_talking import place_oracle
from tests.integration.api.conftest import Callers
from tests.support.belongings import FREE, belongings, of_nobody
from tests.support.stores import QUICK, STORE
from tests.support.web import browser
from web import cabinet
from web.api.app import make_api
from web.kit.routers import routers_of

SPEC: Final[dict[str, Any]] = make_api().openapi()
OPERATIONS: Final = [
    (method.upper(), path, operation)
    for path, methods in SPEC["paths"].items()
    for method, operation in sorted(methods.items())
    if "{" in path
]
# Fields of forms stand behind a question mark.
PAGES: Final = [
    (min(route.methods or ()), route.path + "".join(f"?{part.name}" for part in route.dependant.body_params))
    for router in routers_of(cabinet)
    for route in router.routes
    if isinstance(route, APIRoute)
]
PANEL: Final = [
    (min(route.methods or ()), route.path)
    for module in iter_modules(web.admin.__path__, "web.admin.")
    if (router := getattr(import_module(module.name), "router", None)) is not None
    for route in router.routes
    if isinstance(route, APIRoute)
]
BY_SEGMENT: Final = {
    "subscription": "method_id",
    "chats": "chat_id",
    "payments": "payment_id",
    "predictions": "prediction_id",
    "tables": "scoring_id",
}
"""Pages write ids as hex."""
OF_THE_SHOP: Final = dict.fromkeys(("number", "user_id", "package_id", "preset_id", "plan_id", "listed_id"), "1") | {
    "hex_id": "0" * 32,
    "version_id": "0" * 32,
}
OPEN_PAGES: Final = re.compile(
    r"/(styles|reset.*|sign-in.*|sign-up.*|confirm|confirm-address|language|mini-app.*|models/.*|chats|chats/with/.*|plans|track|track\.csv|account-deleted)?"
)
"""For strangers, too."""
NO_SUCH_FILE: Final = re.compile(
    r"/(files|pictures|texts|sounds|predictions/\{prediction_id\}/tables)/\{name|table\.csv$|/edit$|/again$|\{scoring_id\}/(result|columns|cancel)$"
)
"""Of what wine answers, what an answer that is finished does not do, and of a table that was not ordered."""


@pytest_asyncio.fixture(loop_scope="module")
async def callers(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Callers]:
    store = tmp_path / "models"
    store.mkdir()
    for slug in QUICK:
        (store / slug).symlink_to(STORE / slug)
    place_oracle(store, sandbox.openai().url, free_answers="0")
    more = {"models_dir": store, "welcome_credits": 1000, "api_requests_a_minute": 100_000}
    async with open_till(sandbox, sqlite_url, **more) as stage, AsyncExitStack() as exits:
        yield Callers(stage.app, exits)


@pytest.mark.parametrize("proof", ["session", "key"])
async def test_the_api(callers: Callers, proof: str) -> None:
    anna, boris = await callers.customer(), await callers.customer("Борис")
    hers, his = await belongings(callers, anna.id), await belongings(callers, boris.id)
    asks = await (callers.person if proof == "session" else callers.program)(boris)
    nothing = of_nobody()
    for method, path, operation in OPERATIONS:
        for which in mixtures(path, his):
            real = await asks.request(
                method, address(path, his | {name: hers[name] for name in which}), **body(operation)
            )
            unreal = await asks.request(
                method, address(path, his | {name: nothing[name] for name in which}), **body(operation)
            )
            closed = 403 if path.startswith("/admin/") or (proof == "key" and wants_person(operation)) else 404
            told = (method, path, which, real.text, unreal.text)
            assert (real.status_code, unreal.status_code) == (closed, closed), told
            assert real.json() == unreal.json(), told
            assert real.headers.keys() == unreal.headers.keys(), told
    await are_hers(await callers.person(anna), [(*each[:2], body(each[2])) for each in OPERATIONS], hers)


async def test_pages(callers: Callers) -> None:
    anna, boris = await callers.customer(), await callers.customer("Борис")
    hers, his = await belongings(callers, anna.id), await belongings(callers, boris.id)
    asks, nothing = await site(callers, boris), of_nobody()
    pages = [(method, named(path)) for method, path in PAGES]
    for method, path in pages:
        for which in mixtures(path, his):
            real = await asks.request(method, **filled(path, his | {name: hers[name] for name in which}))
            unreal = await asks.request(method, **filled(path, his | {name: nothing[name] for name in which}))
            told = (method, path, which, real.status_code, unreal.status_code)
            assert (real.status_code, unreal.status_code) == (404, 404), told
            assert without_ids(real.text) == without_ids(unreal.text), told
    await are_hers(await site(callers, anna), [(*each, {}) for each in pages if each[0] == "GET"], hers)


async def test_strangers(callers: Callers) -> None:
    stranger, nothing = await site(callers, None), of_nobody()
    for method, path in {*PAGES, *PANEL}:
        if OPEN_PAGES.fullmatch(path.partition("?")[0]):
            continue
        answer = await stranger.request(method, **filled(named(path), nothing | OF_THE_SHOP))
        told = (method, path, answer.status_code)
        if method == "GET" or answer.status_code == 303:
            assert answer.status_code == 303, told
            assert answer.headers["location"].startswith("/sign-in"), told
        else:
            assert answer.status_code in {401, 422}, told


async def test_customers_find_no_panel(callers: Callers) -> None:
    anna = await site(callers, await callers.customer())
    assert len(PANEL) > 30
    for method, path in PANEL:
        answer = await anna.request(method, **filled(path, OF_THE_SHOP))
        assert answer.status_code in ({404} if method == "GET" else {404, 422}), (method, path, answer.status_code)


def wants_person(operation: dict[str, Any]) -> bool:
    """Whether no key will do."""
    return {"token": []} in operation["security"]


def names_in(path: str) -> list[str]:
    return re.findall(r"\{(\w+)(?::\w+)?\}", path)


def mixtures(path: str, his: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Which of a path's ids are another's; at least one."""
    owned = [name for name in names_in(path) if name not in FREE]
    assert set(owned) <= set(his), f"{path}: tests/support/belongings.py makes none of these"
    for chosen in product((True, False), repeat=len(owned)):
        if any(chosen):
            yield tuple(name for name, other in zip(owned, chosen, strict=True) if other)


def named(path: str) -> str:
    """A page's path with the names of the API in it."""
    segment = path.split("/")[1]
    return (
        path.replace("{hex_id}", f"{{{BY_SEGMENT.get(segment, 'hex_id')}}}")
        .replace("answer_id", "message_id")
        .replace("?answer", "?answer={message_id}")
    )


def address(path: str, ids: dict[str, str]) -> str:
    return re.sub(r":\w+}", "}", path).format_map(FREE | ids).removeprefix("/")


def filled(path: str, ids: dict[str, str]) -> dict[str, Any]:
    """Where to, and the fields of a form."""
    place, *fields = f"/{address(path, {name: as_page(value) for name, value in ids.items()})}".split("?")
    values = dict(field.partition("=")[::2] for field in fields)
    return {"url": place, "data": {name: value or "x" * 16 for name, value in values.items()} or None}


def as_page(value: str) -> str:
    return UUID(value).hex if len(value) == 36 else value


def body(operation: dict[str, Any]) -> dict[str, Any]:
    """The first example of what it takes."""
    if (content := operation.get("requestBody", {}).get("content")) is None:
        return {}
    schema = SPEC["components"]["schemas"][content["application/json"]["schema"]["$ref"].rpartition("/")[2]]
    return {"json": schema["examples"][0]}


def without_ids(text: str) -> str:
    """Nor the keys of forms, which are new in each."""
    return re.sub(r"web-[\w-]+|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|\d+", "…", text)


async def are_hers(anna: httpx.AsyncClient, asked: list[tuple[str, str, dict[str, Any]]], hers: dict[str, str]) -> None:
    """She finds it all, so the ids were real. What deletes and ends comes last."""
    order = ("GET", "PATCH", "POST", "DELETE")
    for method, path, sent in sorted(asked, key=lambda each: (order.index(each[0]), -len(each[1]))):
        if set(names_in(path)) - set(FREE) and not path.startswith("/admin/") and not NO_SUCH_FILE.search(path):
            where = {"url": address(path, hers)} if "/api/" in str(anna.base_url) else filled(path, hers)
            answer = await anna.request(method, **where, **sent)
            assert answer.status_code < 404 or answer.status_code == 409, (method, path, answer.text)


async def site(callers: Callers, user: UserView | None) -> httpx.AsyncClient:
    return await callers._exits.enter_async_context(browser(callers.app, None if user is None else user.id))
