"""The control API: worlds, people, live events, the page's files."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from yarl import URL

from sandbox.client.sandbox import Person, Sandbox, SandboxError
from sandbox.server import running
from sandbox.settings import DEFAULT_TOKEN, Settings
from sandbox.testing import new_token, new_world, sandbox_process
from tests.integration.sandbox.conftest import Api


class Events:
    """A reader of server-sent events."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def next(self) -> tuple[int, str, dict[str, Any]]:
        fields: dict[str, str] = {}
        async with asyncio.timeout(20):
            while True:
                line = (await self._response.content.readline()).decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if not line and "event" in fields:
                    return int(fields["id"]), fields["event"], json.loads(fields["data"])
                fields[name] = value


@asynccontextmanager
async def events(person: Person, sandbox: Sandbox, last_id: int | None = None) -> AsyncIterator[Events]:
    address = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}/people/{person.id}/events"
    headers = {} if last_id is None else {"Last-Event-ID": str(last_id)}
    async with sandbox.http.get(address, headers=headers) as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readline() == b"retry: 1000\n"
        yield Events(response)


async def test_the_screen_is_told_of_everything(api: Api, sandbox: Sandbox, anna: Person) -> None:
    async with events(anna, sandbox) as stream:
        await anna.says("/start")
        number, name, data = await stream.next()
        assert (name, data["text"], data["sandbox"]["from_bot"]) == ("message", "/start", False)
        await api("sendChatAction", chat_id=anna.id, action="upload_photo")
        assert (await stream.next())[1:] == ("typing", {"action": "upload_photo", "seconds": 5.0})
        await api("sendMessageDraft", chat_id=anna.id, draft_id=5, text="<b>Ду</b>", parse_mode="HTML")
        _, name, data = await stream.next()
        assert (name, data["draft_id"], data["html"]) == ("draft", 5, "<b>Ду</b>")
        _, body = await api("sendMessage", chat_id=anna.id, text="a <b>b</b>", parse_mode="HTML")
        message_id = body["result"]["message_id"]
        _, name, data = await stream.next()
        assert (name, data["message_id"], data["sandbox"]["html"]) == ("message", message_id, "a <b>b</b>")
        await api("editMessageText", chat_id=anna.id, message_id=message_id, text="c")
        _, name, data = await stream.next()
        assert (name, data["text"], data["sandbox"]["edits"]) == ("edited", "c", 1)
        press = {"message_id": message_id, "data": "x"}
        pressed = await sandbox.call("POST", f"/people/{anna.id}/press", body=press)
        await api("answerCallbackQuery", callback_query_id=pressed["callback_query_id"], text="ok")
        answer = {"callback_query_id": pressed["callback_query_id"], "show_alert": False, "text": "ok"}
        assert (await stream.next())[1:] == ("callback_answer", answer)
        await api("setMyCommands", commands=[{"command": "start", "description": "x"}])
        commands = [{"command": "start", "description": "x"}]
        assert (await stream.next())[1:] == ("commands", {"commands": commands})
        await api("deleteMessage", chat_id=anna.id, message_id=message_id)
        last, name, data = await stream.next()
        assert (name, data) == ("deleted", {"message_id": message_id})
    async with events(anna, sandbox, last_id=number) as stream:
        missed = [await stream.next() for _ in range(last - number)]
    assert [name for _, name, _ in missed] == (
        ["typing", "draft", "message", "edited", "callback_answer", "commands", "deleted"]
    )
    assert [each for each, _, _ in missed] == list(range(number + 1, last + 1))


async def test_worlds_know_nothing_of_each_other(base_url: str) -> None:
    async with new_world(base_url) as one, new_world(base_url) as other:
        anna, twin = await one.person("Анна", id=5), await other.person("Ольга", id=5)
        await anna.says("/start")
        for world in (one, other):
            async with world.http.get(f"{base_url}/bot{world.token}/getUpdates") as response:
                assert len((await response.json())["result"]) == (1 if world is one else 0)
        assert len(await one.log()) == len(await other.log()) == 1
        assert await twin.looks() == []
        async with one.http.get(f"{base_url}/sandbox/api/worlds") as response:
            worlds = await response.json()
        assert {each["bot_id"] for each in worlds} == {1000001, one.bot_id, other.bot_id}
        assert [each["default"] for each in worlds] == [True, False, False]
    async with Sandbox(base_url, one.bot_id) as gone:
        with pytest.raises(SandboxError, match="there is no bot"):
            await gone.log()


async def test_the_world_of_the_page_is_furnished(base_url: str) -> None:
    async with Sandbox(base_url, int(DEFAULT_TOKEN.partition(":")[0])) as demo:
        people = await demo.call("GET", "/people")
        assert [(each["id"], each["first_name"], each["language_code"], each["role"]) for each in people] == [
            (101, "Анна", "ru", "customer"),
            (102, "John", "en", "customer"),
            (100, "Ольга", "ru", "owner"),
        ]
        anna = await demo.known(101)
        assert (await anna.says("hi")).raw["from"]["username"] == "anna"


async def test_tokens_are_checked(base_url: str) -> None:
    async with new_world(base_url) as world:
        assert world.token is not None
        again = await world.request("POST", "/sandbox/api/worlds", body={"token": world.token})
        assert again["bot_id"] == world.bot_id
        for wrong in ("nonsense", "x:y", f"{world.bot_id}:another"):
            with pytest.raises(SandboxError):
                await world.request("POST", "/sandbox/api/worlds", body={"token": wrong})


async def test_people_change_and_their_next_messages_with_them(api: Api, sandbox: Sandbox, anna: Person) -> None:
    changed = await sandbox.call("PATCH", f"/people/{anna.id}", body={"language_code": "en", "first_name": "Anna"})
    assert (changed["language_code"], changed["first_name"], changed["blocked"]) == ("en", "Anna", False)
    await anna.says("hi")
    _, body = await api("getUpdates")
    assert body["result"][0]["message"]["from"]["language_code"] == "en"
    chat = await sandbox.call("GET", f"/people/{anna.id}/chat")
    assert chat["unread"] == 0
    await api("sendMessage", chat_id=anna.id, text="x")
    assert (await sandbox.call("GET", f"/people/{anna.id}/chat"))["unread"] == 1
    await sandbox.call("POST", f"/people/{anna.id}/read")
    assert (await sandbox.call("GET", f"/people/{anna.id}/chat"))["unread"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/people/999/chat", None),
        ("POST", "/people", {"first_name": ""}),
        ("POST", "/people/{anna}/text", {"text": " "}),
        ("POST", "/people/{anna}/text", {"text": "x" * 4097}),
        ("POST", "/people/{anna}/text", {"text": "x", "reply_to": 99}),
        ("POST", "/people/{anna}/edit", {"message_id": 99, "text": "x"}),
        ("POST", "/people/{anna}/send", {"kind": "elephant"}),
        ("POST", "/faults", {"method": "sendMessage", "kind": "meteor"}),
        ("POST", "/updates", {"update_id": 1, "message": {}}),
        ("POST", "/updates/1/repeat", None),
        ("GET", "/callbacks/1", None),
        ("GET", "/files/x", None),
    ],
)
async def test_wrong_calls_are_told_so(
    sandbox: Sandbox, anna: Person, method: str, path: str, body: dict[str, Any] | None
) -> None:
    address = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}{path.format(anna=anna.id)}"
    async with sandbox.http.request(method, address, json=body) as response:
        assert 400 <= response.status < 500
        answer = await response.json()
    assert list(answer) == ["error"]
    assert answer["error"]


async def test_the_pages_files(tmp_path: Path) -> None:
    static = tmp_path / "static"
    static.mkdir()
    (tmp_path / "secret.txt").write_text("no")
    async with running(Settings(port=0, static_dir=static)) as (_, url), aiohttp.ClientSession() as http:

        async def get(path: str) -> tuple[int, str]:
            async with http.get(URL(url + path, encoded=True)) as response:
                return response.status, await response.text()

        assert (await get("/"))[0] == 404
        (static / "index.html").write_text("<h1>hi</h1>")
        (static / "parts").mkdir()
        (static / "parts" / "app.js").write_text("1")
        assert await get("/") == (200, "<h1>hi</h1>")
        assert await get("/sandbox/static/parts/app.js") == (200, "1")
        for wrong in ("/sandbox/static/none.js", "/sandbox/static/../secret.txt", "/sandbox/static/..%2fsecret.txt"):
            assert (await get(wrong))[0] == 404


async def test_the_process_says_where_it_is_and_ends_when_told(sandbox: Sandbox) -> None:
    token = new_token()
    async with sandbox_process("--token", token) as url, Sandbox(url, int(token.partition(":")[0])) as page:
        [world] = await page.request("GET", "/sandbox/api/worlds")
        assert (world["bot_id"], world["default"]) == (page.bot_id, True)
        anna = await page.known(101)
        await anna.says("/start")
