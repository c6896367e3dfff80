"""Problems that no other file meets, each by a request; and none that the guide names is left out."""

import ast
import asyncio
import json
import re
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.chats import DailyUsage
from db.tables.models import Model
from db.tables.predictions import Prediction
from db.tables.webhooks import WebhookDelivery, WebhookEndpoint
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.conversations.test_talking import place_deaf, place_oracle
from tests.integration.api.conftest import Callers, problem
from tests.integration.api.test_files import picture
from tests.support.counter import BAROLO
from tests.support.letters import LETTERS_ON
from tests.support.shop import add_outsider
from web.api import routes

ORDER = {"model": "wine", "input": BAROLO}
WAIT = {"prefer": "wait=30"}
UNMET: Final = {
    "password_too_long": "the schema allows no longer ones, so that invalid_request comes first",
    "plan_rest_unpriced": "of a shop that has no price any more for the Stars that it took: tests/integration/plans",
    "too_many_tables": "tables here end before twenty of them wait: tests/integration/scoring/test_orders.py",
}


def test_each_is_met_by_a_test() -> None:
    """Or has a reason why not."""
    root = Path(__file__).parents[3]
    page = (root / "docs" / "api-problems.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| \d+ \| `(\w+)` \|", page, re.MULTILINE))
    files = [*Path(__file__).parent.glob("test_*.py"), *(root / "tests" / "integration" / "web").glob("test_*.py")]
    met = {word for path in files for word in _words_in_tests(path)}
    assert told - met == UNMET.keys()


def _words_in_tests(path: Path) -> set[str]:
    """All short texts in its test functions and their parameters."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [each for each in tree.body if getattr(each, "name", "").startswith("test_")]
    texts = [node.value for each in tests for node in ast.walk(each) if isinstance(node, ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


async def test_of_the_request(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    for key in ("", "x" * 256, "two words"):
        answer = await program.post("predictions", json=ORDER, headers={"idempotency-key": key})
        problem(answer, 400, "invalid_idempotency_key")
    browser = await callers.person(anna)
    problem(await browser.post("keys", json={"title": "   ", "scopes": ["read"]}), 422, "invalid_api_key_terms")
    monkeypatch.setattr(routes, "SECONDS", 0.1)
    reader, writer = await asyncio.open_connection("127.0.0.1", callers.app.web_port)
    told = f"Authorization: {program.headers['authorization']}\r\nContent-Type: application/json\r\nContent-Length: 9"
    writer.write(f"POST /api/v1/predictions HTTP/1.1\r\nHost: shop\r\n{told}\r\n\r\n{{".encode())
    head, body = await reader.readuntil(b"\r\n\r\n"), await reader.readuntil(b"}")
    assert (head.split()[1], json.loads(body)["code"]) == (b"400", "body_cut_off")
    writer.close()


async def test_of_an_account(callers: Callers) -> None:
    anna, owner = await callers.customer(), await callers.owner()
    hers, office = await callers.person(anna), await callers.person(owner)
    problem(await hers.post("auth/second-factor", json={"code": "123456"}), 409, "second_factor_off")
    copies = [await hers.get("me/export") for _ in range(6)]
    assert [each.status_code for each in copies[:5]] == [200] * 5
    problem(copies[5], 429, "too_many_exports")
    problem(await office.request("DELETE", "me", json={"balance": owner.balance}), 409, "has_role")
    outsider = await callers.person(await callers.app.services.users.get(await callers.app.db.write(add_outsider)))
    problem(await outsider.patch("me", json={"name": "\u200b"}), 422, "invalid_name")
    program = await callers.program(anna)
    sold = await program.post("predictions", json=ORDER, headers=WAIT)
    assert sold.json()["status"] == "succeeded"
    await callers.app.db.write(_wait, anna.id, callers.app.clock() + timedelta(hours=1))
    problem(await hers.request("DELETE", "me", json={"balance": 900}), 409, "account_in_use")


def _wait(session: Session, user_id: int, until: Any) -> None:
    rows = table_of(Prediction)
    waiting = {"status": "queued", "finished_at": None, "available_at": until}
    session.execute(update(rows).where(rows.c.user_id == user_id).values(waiting))


async def test_of_a_shop_without_money_and_letters(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    problem(await program.post("payments", json={"amount": 30_000}), 409, "payments_off")
    stranger = await callers.person()
    problem(await stranger.post("auth/sign-up", json={"email": "vera@example.com"}), 503, "letters_off")


async def test_of_a_shop_that_is_just_starting(sandbox: Sandbox, sqlite_url: str) -> None:
    settings = shop_settings(sandbox, sqlite_url, telegram_api_url="http://127.0.0.1:9")  # nobody listens there
    async with App(settings).running() as app, AsyncExitStack() as exits:
        stranger = await Callers(app, exits).person()
        problem(await stranger.post("auth/telegram/begin"), 503, "bot_starting")


async def test_of_too_many_letters(sandbox: Sandbox, sqlite_url: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url, **LETTERS_ON)).running() as app, AsyncExitStack() as exits:
        stranger = await Callers(app, exits).person()
        sent = [await stranger.post("auth/sign-up", json={"email": f"vera{n}@example.com"}) for n in range(31)]
        assert {each.status_code for each in sent[:30]} == {202}
        problem(sent[30], 429, "too_many_letters")


async def test_of_pictures(own_callers: Callers) -> None:
    anna = await own_callers.customer()
    program = await own_callers.program(anna)
    png = {"content-type": "image/png"}
    async with own_callers.app.services.intake.upload(anna.id):  # another one of hers is on its way
        problem(await program.post("files", content=picture(), headers=png), 503, "busy")
    folder = Path(str(own_callers.app.settings.files_url).removeprefix("file:"))
    await asyncio.to_thread(folder.touch)  # a file is in its place
    problem(await program.post("files", content=picture(), headers=png), 503, "files_away")


async def test_of_models_that_fail(own_callers: Callers) -> None:
    program = await own_callers.program(await own_callers.customer())
    await own_callers.app.db.write(_set, Model, resting_since=own_callers.app.clock(), resting_for="away")
    problem(await program.post("predictions", json=ORDER), 503, "model_resting")
    await own_callers.app.db.write(_set, Model, stopped_for="it broke three times")
    problem(await program.post("predictions", json=ORDER), 503, "model_stopped")


async def test_of_what_breaks(own_callers: Callers) -> None:
    browser = await own_callers.person(await own_callers.customer())
    await own_callers.app.db.write(_lose_webhooks)
    told = problem(await browser.get("webhooks"), 500, "internal_error")
    assert told["trace"] in told["detail"]


def _lose_webhooks(session: Session) -> None:
    for kind in (WebhookDelivery, WebhookEndpoint):
        table_of(kind).drop(session.connection())


def _set(session: Session, /, kind: type[Any], **values: Any) -> None:
    session.execute(update(table_of(kind)).values(values))


async def test_of_a_day_and_a_minute(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> None:
    place_oracle(tmp_path, sandbox.openai().url, free_answers="1", input_price='"0"', output_price='"0"')
    place_deaf(tmp_path, sandbox.openai().url)
    more = {"models_dir": tmp_path, "chat_messages_a_minute": 2, "chat_tokens_a_day": 1_000_000}
    async with App(shop_settings(sandbox, sqlite_url, **more)).running() as app, AsyncExitStack() as exits:
        callers = Callers(app, exits)

        async def says(program: Any, assistant: str, times: int) -> Any:
            """The answer to the last of so many messages; those before it are taken."""
            chat = (await program.post("chats", json={"assistant": assistant})).json()["id"]
            for left in reversed(range(times)):
                answer = await program.post(f"chats/{chat}/messages", json={"text": "Привет"}, headers=WAIT)
                assert not left or answer.status_code == 201, answer.text
            return answer

        hers = await callers.customer()
        anna, boris, vera = [
            await callers.program(each) for each in (hers, await callers.customer(), await callers.customer())
        ]
        picture_id = str(await app.services.files.put(hers.id, picture(), "image/png"))
        blind = (await anna.post("chats", json={"assistant": "deaf"})).json()["id"]
        seen = await anna.post(f"chats/{blind}/messages", json={"text": "Смотри", "files": [picture_id]})
        problem(seen, 422, "pictures_not_taken")
        problem(await says(anna, "oracle", 2), 429, "allowance_used_up")
        problem(await says(boris, "deaf", 3), 429, "too_many_messages")
        assert (await says(vera, "deaf", 1)).status_code == 201
        await app.db.write(_set, DailyUsage, prompt_tokens=1_000_000)
        problem(await says(vera, "deaf", 1), 429, "tokens_used_up")
