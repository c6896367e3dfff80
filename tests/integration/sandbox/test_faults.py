"""Telegram on a bad day."""

import asyncio
from typing import Any

import aiohttp
import pytest

from sandbox.client.sandbox import Person, Sandbox
from tests.integration.sandbox.conftest import Api, until


@pytest.mark.parametrize(
    ("fault", "body"),
    [
        (
            {"kind": "429", "retry_after": 7},
            {"error_code": 429, "description": "Too Many Requests: retry after 7", "parameters": {"retry_after": 7}},
        ),
        ({"kind": "403"}, {"error_code": 403, "description": "Forbidden: bot was blocked by the user"}),
        ({"kind": "400"}, {"error_code": 400, "description": "Bad Request: chat not found"}),
        ({"kind": "400", "description": "Bad Request: X"}, {"error_code": 400, "description": "Bad Request: X"}),
        ({"kind": "500"}, {"error_code": 500, "description": "Internal Server Error"}),
        ({"kind": "502"}, {"error_code": 502, "description": "Bad Gateway"}),
    ],
)
async def test_errors_on_demand(
    api: Api, sandbox: Sandbox, anna: Person, fault: dict[str, Any], body: dict[str, Any]
) -> None:
    await anna.says("/start")
    await sandbox.fault("sendMessage", **fault)
    answer = await api("sendMessage", chat_id=anna.id, text="x")
    assert answer == (body["error_code"], {"ok": False, **body})
    assert (await api("sendMessage", chat_id=anna.id, text="y"))[0] == 200
    first, second = await sandbox.log("sendMessage")
    assert (first["ok"], first["error_code"], second["ok"]) == (False, body["error_code"], True)
    assert [each.text for each in await anna.looks()] == ["/start", "y"]


async def test_a_fault_is_for_a_method_a_chat_and_so_many_times(api: Api, sandbox: Sandbox, anna: Person) -> None:
    john = await sandbox.person("John")
    for person in (anna, john):
        await person.says("/start")
    await sandbox.fault("sendMessage", "403", times=2, chat_id=john.id)

    async def statuses(person: Person, method: str = "sendMessage", **params: Any) -> int:
        return (await api(method, chat_id=person.id, **params))[0]

    assert await statuses(anna, text="x") == 200
    assert await statuses(john, "sendChatAction", action="typing") == 200
    assert [await statuses(john, text="x") for _ in range(3)] == [403, 403, 200]
    await sandbox.fault("*", "500", times=0)
    assert (await api("getUpdates"))[0] == 200, "polling goes on: a waiting bot would eat every fault"
    assert [await statuses(anna, text="x") for _ in range(3)] == [500] * 3
    await sandbox.clear_faults()
    assert await statuses(anna, text="x") == 200


async def test_a_cut_connection_before_and_after_acting(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    await sandbox.fault("sendMessage", "cut")
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("sendMessage", chat_id=anna.id, text="before")
    await sandbox.fault("sendMessage", "cut_after")
    with pytest.raises(aiohttp.ClientConnectionError):
        await api("sendMessage", chat_id=anna.id, text="after")
    assert [each.text for each in await anna.looks()] == ["/start", "after"]
    assert [each["ok"] for each in await sandbox.log("sendMessage")] == [False, False]


async def test_a_proxy_answers_html(sandbox: Sandbox) -> None:
    await sandbox.fault("getMe", "html")
    async with sandbox.http.get(f"{sandbox.base_url}/bot{sandbox.token}/getMe") as response:
        assert (response.status, response.content_type) == (502, "text/html")
        assert "502 Bad Gateway" in await response.text()


async def test_a_slow_answer_takes_the_sandboxs_time(api: Api, sandbox: Sandbox) -> None:
    await sandbox.fault("getMe", "slow", seconds=30)
    async with asyncio.TaskGroup() as group:
        call = group.create_task(api("getMe"))
        await until(lambda: sandbox.log("getMe"))
        await sandbox.advance(29)
        assert not call.done()
        await sandbox.advance(1)
    assert call.result()[0] == 200


async def test_rate_limits_when_turned_on(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    assert [(await api("sendMessage", chat_id=anna.id, text="x"))[0] for _ in range(10)] == [200] * 10
    await sandbox.call("POST", "/limits", body={"enabled": True})
    answers = [await api("sendMessage", chat_id=anna.id, text="x") for _ in range(6)]
    assert [status for status, _ in answers] == [200] * 5 + [429]
    wait = answers[-1][1]["parameters"]["retry_after"]
    await sandbox.advance(wait)
    assert (await api("sendMessage", chat_id=anna.id, text="x"))[0] == 200
    crowd = [await sandbox.person(f"№ {number}") for number in range(31)]
    for person in crowd:
        await person.says("/start")
    await sandbox.advance(10)
    statuses = [(await api("sendMessage", chat_id=person.id, text="x"))[0] for person in crowd]
    assert statuses == [200] * 30 + [429]
