"""Assistants that programs talk with."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from bot.app import App
from db.tables.identities import ApiScope
from sandbox.client.openai import OpenAIProvider
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from tests.conversations.stage import shop_settings
from tests.conversations.test_talking import place_oracle
from tests.integration.api.conftest import Callers, problem
from tests.integration.api.test_example import example_with, run_example
from tests.support.databases import SqliteServer

AS_IT_COMES = {"accept": "text/event-stream"}
WAIT = {"prefer": "wait=30"}


@pytest_asyncio.fixture(loop_scope="module")
async def provider(world: Sandbox) -> AsyncIterator[OpenAIProvider]:
    provider = world.openai()
    yield provider
    await provider.clear_faults()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    store = tmp_path_factory.mktemp("models")
    place_oracle(store, world.openai().url, free_answers="0")
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app
        report = await run_audit(app.db)
        assert report.ok, str(report)


async def begins(program: httpx.AsyncClient) -> str:
    begun = await program.post("chats", json={"assistant": "oracle"})
    assert begun.status_code == 201, begun.text
    return f"chats/{begun.json()['id']}"


async def says(program: httpx.AsyncClient, chat: str, text: str = "Привет, кто ты?") -> dict[str, Any]:
    said = await program.post(f"{chat}/messages", json={"text": text}, headers=WAIT)
    assert said.status_code == 201, said.text
    told: dict[str, Any] = said.json()
    return told


async def test_a_conversation(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna, ApiScope.CHAT, ApiScope.READ)
    oracle = (await program.get("assistants")).json()["items"][0]
    assert (oracle["slug"], oracle["available"], oracle["prices"]["input"]) == ("oracle", True, 10)
    chat = await begins(program)
    assert (await program.get(chat)).json()["title"] is None
    answer = await says(program, chat)
    assert (answer["sender"], answer["status"], answer["finish"]) == ("assistant", "succeeded", "stop")
    assert "не думает никакая модель" in answer["text"]
    assert 0 < answer["price"] <= answer["hold"]
    assert (await program.get("me/balance")).json()["balance"] == 1000 - answer["price"]
    again = await says(program, chat, "А ещё?")
    lines = (await program.get(f"{chat}/messages", params={"limit": 3})).json()
    assert [each["id"] for each in lines["items"]] == [again["id"], again["reply_to"], answer["id"]]
    (first,) = (await program.get(f"{chat}/messages", params={"cursor": lines["next_cursor"]})).json()["items"]
    assert (first["sender"], first["text"], first["status"]) == ("user", "Привет, кто ты?", "sent")
    assert (await program.get(f"{chat}/messages/{again['id']}")).json() == again
    (listed,) = (await program.get("chats")).json()["items"]
    assert (listed["title"], listed["assistant"], listed["messages"]) == ("Привет, кто ты?", "oracle", 4)


async def test_conversations_are_named_ended_and_deleted(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    first, second, third = [await begins(program) for _ in range(3)]
    await says(program, first)
    part = (await program.get("chats", params={"limit": 2})).json()
    assert [f"chats/{each['id']}" for each in part["items"]] == [third, second]
    rest = (await program.get("chats", params={"cursor": part["next_cursor"]})).json()
    assert [f"chats/{each['id']}" for each in rest["items"]] == [first]
    named = await program.patch(first, json={"title": "О море"})
    assert named.json()["title"] == "О море"
    problem(await program.patch(first, json={"title": " "}), 422, "invalid_title")
    assert (await program.post(f"{first}/end")).json()["active"] is False
    assert (await program.delete(first)).status_code == 204
    for path in (first, f"{first}/messages"):
        problem(await program.get(path), 404, "chat_session_not_found")


async def test_an_answer_as_it_grows(callers: Callers, provider: OpenAIProvider) -> None:
    """It is not told in Telegram, where nobody asked for it."""
    await provider.change(pace=0.2)
    program = await callers.program(await callers.customer())
    chat = await begins(program)
    key = {"idempotency-key": "one"}
    told = await followed(program, "POST", f"{chat}/messages", json={"text": "Кто ты?"}, headers=key | AS_IT_COMES)
    progress = [data["text"] for name, data in told if name == "progress"]
    assert any(progress)
    assert progress == sorted(progress, key=len)
    name, answer = told[-1]
    assert (name, answer["status"]) == ("finished", "succeeded")
    assert all(answer["text"].startswith(text.rstrip("…")) for text in progress)
    place = f"{chat}/messages/{answer['id']}"
    assert await followed(program, "GET", place, headers=AS_IT_COMES) == [("finished", answer)]
    again = await program.post(f"{chat}/messages", json={"text": "Кто ты?"}, headers=key)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (answer["id"], "true")
    other = await program.post(f"{chat}/messages", json={"text": "А я?"}, headers=key)
    problem(other, 422, "idempotency_key_reused")


async def test_a_stream_that_broke_off_goes_on_and_is_stopped(callers: Callers, provider: OpenAIProvider) -> None:
    await provider.change(pace=0.5)
    program = await callers.program(await callers.customer())
    chat = await begins(program)
    sold = await program.post(f"{chat}/messages", json={"text": "Покажи длинный код"})
    assert sold.status_code == 202
    place = f"{chat}/messages/{sold.json()['id']}"
    for _ in range(2):
        async with program.stream("GET", place, headers=AS_IT_COMES) as stream:
            async for name, data in events(stream):
                if name == "progress" and data["text"]:
                    break
    await program.post(f"{place}/stop")
    told = await followed(program, "GET", place, headers=AS_IT_COMES)
    name, answer = told[-1]
    assert (name, answer["status"], answer["finish"]) == ("finished", "succeeded", "stopped")
    assert answer["price"] < answer["hold"]


async def test_said_in_another_way_and_answered_anew(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    chat = await begins(program)
    answer = await says(program, chat)
    anew = await program.post(f"{chat}/messages/{answer['id']}/again", headers=WAIT)
    assert (anew.status_code, anew.json()["reply_to"]) == (201, answer["reply_to"])
    problem(await program.post(f"{chat}/messages/{answer['id']}/again"), 409, "message_not_last")
    assert (await program.get(f"{chat}/messages/{answer['id']}")).json()["replaced"] is True
    place = f"{chat}/messages/{answer['reply_to']}/edit"
    edited = (await program.post(place, json={"text": "Расскажи о море"}, headers=WAIT)).json()
    lines = (await program.get(f"{chat}/messages")).json()["items"]
    assert [each["text"] for each in lines] == [edited["text"], "Расскажи о море"]
    problem(await program.post(place, json={"text": "ещё"}), 409, "message_not_last")


async def test_the_example_of_the_guide(callers: Callers) -> None:
    _, key = await callers.app.services.api_keys.create((await callers.customer()).id, "example", [ApiScope.CHAT])
    said = await run_example(example_with("/chats"), callers, key)
    assert said.startswith(b"succeeded ")


async def test_what_is_refused(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    problem(await program.post("chats", json={"assistant": "nobody"}), 404, "model_not_on_sale")
    chat = await begins(program)
    for body, status, code in (
        ({"text": " \u200b"}, 422, "empty_message"),
        ({"text": "я" * 100_000}, 422, "message_too_long"),
        ({"text": "смотри", "files": [uuid4().hex]}, 404, "file_not_found"),
        ({"text": 1}, 422, "invalid_request"),
        ({"text": "я", "user_id": 1}, 422, "invalid_request"),
    ):
        problem(await program.post(f"{chat}/messages", json=body), status, code)
    reader = await callers.program(anna, ApiScope.READ)
    problem(await reader.get("chats"), 403, "scope_missing")
    assert (await program.get("me/balance")).json()["balance"] == 1000


async def test_what_is_anothers_is_not_there(callers: Callers) -> None:
    anna, boris = [await callers.program(await callers.customer()) for _ in range(2)]
    chat, own = await begins(anna), await begins(boris)
    answer = await says(anna, chat)
    for method, path, body in (
        ("GET", chat, None),
        ("PATCH", chat, {"title": "моё"}),
        ("DELETE", chat, None),
        ("POST", f"{chat}/end", {}),
        ("GET", f"{chat}/messages", None),
        ("POST", f"{chat}/messages", {"text": "Привет"}),
        ("POST", f"{chat}/messages/{answer['id']}/again", None),
    ):
        problem(await boris.request(method, path, json=body), 404, "chat_session_not_found")
    for here in (chat, own):
        place = f"{here}/messages/{answer['id']}"
        problem(await boris.get(place), 404, "message_not_found")
        problem(await boris.get(place, headers=AS_IT_COMES), 404, "message_not_found")
        problem(await boris.post(f"{place}/stop"), 404, "message_not_found")
    edit = f"{own}/messages/{answer['reply_to']}/edit"
    problem(await boris.post(edit, json={"text": "Привет"}), 404, "message_not_found")
    picture = await callers.app.services.files.put((await callers.customer()).id, b"\x89PNG", "image/png")
    stolen = {"text": "смотри", "files": [str(picture)]}
    problem(await boris.post(f"{own}/messages", json=stolen), 404, "file_not_found")


async def followed(program: httpx.AsyncClient, method: str, path: str, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    async with program.stream(method, path, **more) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [event async for event in events(stream)]


async def events(stream: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    name = ""
    async for line in stream.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))
