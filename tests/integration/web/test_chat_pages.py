"""Conversations on pages, with the sandbox's assistant."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from itertools import count

import httpx
import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.openai import OpenAIProvider
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.conversations.test_talking import place_deaf, place_oracle
from tests.support.databases import SqliteServer
from tests.support.stores import STORE
from tests.support.web import browser

_people = count(940_000_001)


@pytest_asyncio.fixture(loop_scope="module")
async def provider(world: Sandbox) -> AsyncIterator[OpenAIProvider]:
    provider = world.openai()
    yield provider
    await provider.clear_faults()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    store, server = tmp_path_factory.mktemp("store"), world.openai().url
    place_oracle(store, server, free_answers="0", kind='"chat"\npictures = true\npicture_tokens = 500')
    place_deaf(store, server)
    (store / "wine").symlink_to(STORE / "wine", target_is_directory=True)
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app


async def person(app: App, language: str = "ru") -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language=language)
    return await app.services.users.enter(visitor)


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def says(client: httpx.AsyncClient, place: str, text: str, **more: str) -> str:
    """The conversation's place."""
    form = await client.get(place)
    sent = await client.post(place.partition("?")[0], data={"key": hidden(form, "key"), "text": text} | more)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"].partition("#")[0]


async def answered(client: httpx.AsyncClient, place: str) -> str:
    """The page, once nothing is being written on it."""
    page = (await client.get(place)).text
    if (found := re.search(r'data-follow="([^"]+)"', page)) is not None:
        await followed(client, found[1])
    return (await client.get(place)).text


async def followed(client: httpx.AsyncClient, place: str) -> list[tuple[str, str]]:
    """The events: names and what they bring."""
    told: list[tuple[str, str]] = []
    async with asyncio.timeout(30), client.stream("GET", place) as stream:
        name = ""
        async for line in stream.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                told.append((name, json.loads(line.removeprefix("data: "))))
    return told


async def test_a_conversation_with_markdown(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        assert "/chats/with/oracle" in (await anna.get("/chats")).text
        begun = await anna.get("/chats/with/oracle")
        assert "Думать я не умею" in begun.text
        assert "Оплата по длине" in begun.text
        place = await says(anna, "/chats/with/oracle", "Покажи разметку")
        page = await answered(anna, place)
        assert "<strong>" in page
        assert re.search(r"0,\d\d кредита", page)
        assert "Следующий ответ" in page
        await says(anna, place, "А ещё? <script>alert(1)</script>")
        page = await answered(anna, place)
        assert "&lt;script&gt;" in page
        assert "<script>alert" not in page
        assert page.count('class="said mine"') == 2
        assert place in (await anna.get("/chats")).text


async def test_an_answer_grows_on_its_page(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        place = await says(anna, "/chats/with/oracle", "медленно покажи таблицу")
        page = (await anna.get(place)).text
        follow = re.search(r'data-follow="([^"]+)"', page)
        assert follow
        assert f'<meta http-equiv="refresh" content="3; url={place}?look=' in page
        told = await followed(anna, follow[1])
        assert told[-1] == ("done", "succeeded")
        grown = [html for name, html in told if name == "progress"]
        assert len(grown) > 1
        assert len(grown[-1]) > len(grown[0])
        assert grown[0].startswith("<p>")


async def test_an_answer_is_stopped_and_given_anew_and_the_last_message_edited(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        place = await says(anna, "/chats/with/oracle", "медленно расскажи без конца")
        page = await anna.get(place)
        answer = hidden(page, "answer")
        follow = re.search(r'data-follow="([^"]+)"', page.text)
        assert follow
        await asyncio.gather(followed(anna, follow[1]), anna.post(f"{place}/stop", data={"answer": answer}))
        page = await anna.get(place)
        assert "Остановлено." in page.text
        again = await anna.post(f"{place}/again", data={"answer": answer, "key": "k" * 20})
        assert again.status_code == 303
        running = hidden(await anna.get(place), "answer")
        await anna.post(f"{place}/stop", data={"answer": running})
        await answered(anna, place)
        edit = re.search(r'href="([^"]+\?edit=[^"#]+)', (await anna.get(place)).text)
        assert edit
        form = await anna.get(edit[1])
        assert "медленно расскажи без конца</textarea>" in form.text
        sent = {"key": hidden(form, "key"), "replaces": hidden(form, "replaces"), "text": "Кто ты?"}
        assert (await anna.post(place, data=sent)).status_code == 303
        told = await answered(anna, place)
        assert 'as-typed">медленно' not in told
        assert "Кто ты?" in told


async def test_a_message_is_said_once_and_refused_in_words(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/chats/with/oracle")
        sent = {"key": hidden(form, "key"), "text": "Привет"}
        places = {(await anna.post("/chats/with/oracle", data=sent)).headers["location"] for _ in range(2)}
        assert len(places) == 1
        empty = await anna.post("/chats/with/oracle", data={"key": "k" * 20, "text": "  "})
        assert empty.status_code >= 400
        assert "Здесь не на что ответить" in empty.text or 'role="alert"' in empty.text
        long = await anna.post("/chats/with/deaf", data={"key": "l" * 20, "text": "слово " * 20_000})
        assert long.status_code == 422
        assert "слово слово" in long.text
        assert (await anna.get("/chats")).text.count('class="line"') == 1


async def test_pictures_go_to_those_who_see(app: App, provider: OpenAIProvider) -> None:
    user = await person(app)
    photo = (STORE / "own-style" / "small.jpg").read_bytes()
    async with browser(app, user.id) as anna:
        form = await anna.get("/chats/with/oracle")
        data = {"key": hidden(form, "key"), "text": "Что это?"}
        sent = await anna.post("/chats/with/oracle", data=data, files={"picture": ("a.jpg", photo)})
        assert sent.status_code == 303
        page = await answered(anna, sent.headers["location"].partition("#")[0])
        assert '<img class="thumb" src="/files/' in page
        deaf = await anna.post("/chats/with/deaf", data={"key": "k" * 20}, files={"picture": ("a.jpg", photo)})
        assert deaf.status_code >= 400
        broken = await anna.post("/chats/with/oracle", data={"key": "l" * 20}, files={"picture": ("a.jpg", b"no")})
        assert broken.status_code >= 400


async def test_a_conversation_is_named_taken_along_and_deleted(app: App) -> None:
    user, john = await person(app), await person(app)
    async with browser(app, user.id) as anna, browser(app, john.id) as other:
        place = await says(anna, "/chats/with/oracle", "Привет")
        page = await answered(anna, place)
        await anna.post(f"{place}/title", data={"title": "О море"})
        assert "<h1>О море</h1>" in (await anna.get(place)).text
        assert (await anna.post(f"{place}/title", data={"title": ""})).status_code >= 400
        saved = await anna.get(f"{place}/export.md")
        assert saved.text.startswith("# О море")
        assert "attachment" in saved.headers["content-disposition"]
        assert (await anna.get(f"{place}/export.json")).json()["title"] == "О море"
        follow = f"{place}/answers/{place.rpartition('/')[2]}/events"
        for each in (place, f"{place}/export.md", f"{place}/delete", follow):
            assert (await other.get(each)).status_code == 404
        for each in (place, f"{place}/title", f"{place}/delete"):
            assert (await other.post(each, data={"text": "x"})).status_code == 404
        assert "Удалить диалог" in (await anna.get(f"{place}/delete")).text
        await anna.post(f"{place}/delete")
        assert (await anna.get(place)).status_code == 404
        assert "О море" not in (await anna.get("/chats")).text
        assert page


async def test_a_form_that_was_sent_keeps_other_words(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/chats/with/oracle")
        sent = {"key": hidden(form, "key"), "text": "Почему море солёное?"}
        first = await anna.post("/chats/with/oracle", data=sent)
        place = first.headers["location"].partition("#")[0]
        for where in ("/chats/with/oracle", place):
            back = await anna.post(where, data=sent | {"text": "А почему небо синее?"})
            assert back.status_code == 422
            assert "Эту форму вы уже отправили" in back.text
            assert "А почему небо синее?</textarea>" in back.text
        assert (await anna.post(place, data=sent)).headers["location"] == first.headers["location"]
        assert len((await app.services.chat_sessions.page(user.id, 0, 10)).items) == 1
