"""Webhooks as people set them up, told by the running shop."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest_asyncio

from bot.app import App
from db.tables.identities import ApiScope
from sandbox.client.sandbox import Sandbox
from tests.conversations.scoring.tables import RUSSIAN, csv_table, wines
from tests.conversations.stage import shop_settings
from tests.integration.api.conftest import Callers, problem
from tests.integration.api.test_example import example_with
from tests.support.counter import BAROLO
from tests.support.hooks import Hooks, open_hooks
from tests.support.waiting import until

ORDER = {"model": "wine", "input": BAROLO}
EVENTS = ["prediction.succeeded", "prediction.failed"]


@pytest_asyncio.fixture(loop_scope="module")
async def callers(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Callers]:
    settings = shop_settings(sandbox, sqlite_url, webhooks_loopback=True)
    async with App(settings).running() as app, AsyncExitStack() as exits:
        yield Callers(app, exits)


@pytest_asyncio.fixture(loop_scope="module")
async def hooks() -> AsyncIterator[Hooks]:
    async with open_hooks() as hooks:
        yield hooks


async def test_a_prediction_is_told(callers: Callers, hooks: Hooks) -> None:
    anna = await callers.customer()
    browser, program = await callers.person(anna), await callers.program(anna)
    made = await browser.post("webhooks", json={"url": hooks.url, "events": EVENTS})
    assert made.status_code == 201, made.text
    secret, place = made.json()["secret"], f"webhooks/{made.json()['id']}"
    bought = (await program.post("predictions", json=ORDER, headers={"prefer": "wait=30"})).json()
    await until(hooks.heard)
    ((headers, body),) = hooks.came
    guide: dict[str, Any] = {}
    exec(example_with("def verify"), guide)
    assert guide["verify"](headers, body, secret)
    assert not guide["verify"](headers, body + b" ", secret)
    (event,) = hooks.events()
    assert event["type"] == "prediction.succeeded"
    assert event["data"] | {"id": bought["id"], "price": 100, "model": "wine"} == event["data"]

    async def delivered() -> bool:
        (delivery,) = (await program.get(f"{place}/deliveries")).json()["items"]
        return bool(delivery["status"] == "delivered")

    await until(delivered)
    (delivery,) = (await program.get(f"{place}/deliveries", params={"status": "delivered"})).json()["items"]
    assert (delivery["id"], delivery["payload"], delivery["last_answer"]) == (headers["webhook-id"], event, "ok")
    again = await browser.post(f"{place}/deliveries/{delivery['id']}/resend")
    assert (again.status_code, again.json()["status"]) == (202, "pending")
    test = await browser.post(f"{place}/test")
    assert (test.status_code, test.json()["event"]) == (202, "webhook.test")

    async def all_three() -> bool:
        return len(hooks.came) == 3

    await until(all_three)
    assert {event["type"] for event in hooks.events()} == {"prediction.succeeded", "webhook.test"}


async def test_a_table_is_told(callers: Callers, hooks: Hooks) -> None:
    anna = await callers.customer()
    browser, program = await callers.person(anna), await callers.program(anna)
    hooks.came.clear()
    await browser.post("webhooks", json={"url": hooks.url, "events": ["scoring.succeeded"]})
    table = {"file": ("wines.csv", csv_table([RUSSIAN, *wines(2)]))}
    sent = (await program.post("scorings", params={"model": "wine"}, files=table)).json()
    await program.post(f"scorings/{sent['id']}/order", json={"total": 200})
    await until(hooks.heard)
    (event,) = hooks.events()
    assert event["type"] == "scoring.succeeded"
    assert event["data"] | {"id": sent["id"], "rows": 2, "done_rows": 2, "failed_rows": 0} == event["data"]


async def test_changed_and_deleted(callers: Callers, hooks: Hooks) -> None:
    browser = await callers.person(await callers.customer())
    made = (await browser.post("webhooks", json={"url": hooks.url, "events": EVENTS})).json()
    place = f"webhooks/{made['id']}"
    shown = (await browser.get(place)).json()
    assert ("secret" in shown, shown["enabled"], sorted(shown["events"])) == (False, True, sorted(EVENTS))
    changed = (await browser.patch(place, json={"events": ["payment.succeeded"], "enabled": False})).json()
    assert (changed["events"], changed["enabled"], changed["disabled_because"]) == (
        ["payment.succeeded"],
        False,
        "owner",
    )
    problem(await browser.post(f"{place}/test"), 409, "webhook_off")
    assert (await browser.patch(place, json={"enabled": True})).json()["disabled_because"] is None
    rotated = (await browser.post(f"{place}/secret")).json()
    assert rotated["secret"] != made["secret"]
    assert rotated["old_secret_until"] is not None
    assert [each["id"] for each in (await browser.get("webhooks")).json()["items"]] == [made["id"]]
    assert (await browser.delete(place)).status_code == 204
    problem(await browser.get(place), 404, "webhook_not_found")
    assert (await browser.get("webhooks")).json()["items"] == []


async def test_what_is_refused(callers: Callers, hooks: Hooks) -> None:
    anna = await callers.customer()
    browser = await callers.person(anna)
    for terms, code in (
        ({"url": "https://10.0.0.1/", "events": EVENTS}, "invalid_webhook_url"),
        ({"url": "http://example.com/", "events": EVENTS}, "invalid_webhook_url"),
        ({"url": hooks.url, "events": []}, "invalid_request"),
        ({"url": hooks.url, "events": ["everything"]}, "invalid_request"),
        ({"url": hooks.url, "events": EVENTS, "secret": "whsec_x"}, "invalid_request"),
    ):
        problem(await browser.post("webhooks", json=terms), 422, code)
    terms = {"url": hooks.url, "events": EVENTS}
    program = await callers.program(anna, *ApiScope)
    problem(await program.post("webhooks", json=terms), 403, "session_wanted")
    for _ in range(10):
        assert (await browser.post("webhooks", json=terms)).status_code == 201
    problem(await browser.post("webhooks", json=terms), 409, "too_many_webhooks")


async def test_what_is_anothers_is_not_there(callers: Callers, hooks: Hooks) -> None:
    anna, boris = [await callers.person(await callers.customer()) for _ in range(2)]
    terms = {"url": hooks.url, "events": EVENTS}
    hers = f"webhooks/{(await anna.post('webhooks', json=terms)).json()['id']}"
    his = f"webhooks/{(await boris.post('webhooks', json=terms)).json()['id']}"
    delivery = (await anna.post(f"{hers}/test")).json()["id"]
    for method, path, body in (
        ("GET", hers, None),
        ("PATCH", hers, {"enabled": False}),
        ("DELETE", hers, None),
        ("POST", f"{hers}/secret", None),
        ("POST", f"{hers}/test", None),
        ("GET", f"{hers}/deliveries", None),
        ("POST", f"{hers}/deliveries/{delivery}/resend", None),
    ):
        problem(await boris.request(method, path, json=body), 404, "webhook_not_found")
    for other in (delivery, uuid4()):
        problem(await boris.post(f"{his}/deliveries/{other}/resend"), 404, "delivery_not_found")
    assert (await anna.get(hers)).json()["enabled"] is True
