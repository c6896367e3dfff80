"""Messages in the making, and Telegram's own button to stop them."""

import pytest

from sandbox.client.connection import SandboxError
from sandbox.client.sandbox import Person, Sandbox
from tests.integration.sandbox.conftest import Api


@pytest.fixture
async def anna(api: Api, anna: Person) -> Person:
    """Somebody whom the bot may write to."""
    await anna.says("/start")
    _, body = await api("getUpdates")
    await api("getUpdates", offset=body["result"][-1]["update_id"] + 1)
    return anna


async def draws(api: Api, anna: Person, text: str, **more: object) -> None:
    _, body = await api("sendMessageDraft", chat_id=anna.id, draft_id=7, text=text, can_stop=True, **more)
    assert body == {"ok": True, "result": True}


async def shown(anna: Person) -> list[str]:
    return [draft["text"] for draft in await anna.drafts()]


async def updates(api: Api) -> list[dict[str, object]]:
    _, body = await api("getUpdates", allowed_updates=["stopped_message_generation"])
    return [{key: value for key, value in each.items() if key != "update_id"} for each in body["result"]]


async def test_one_grows_and_its_message_takes_its_place(api: Api, anna: Person) -> None:
    await draws(api, anna, "Ду")
    await draws(api, anna, "Думаю")
    assert await shown(anna) == ["Думаю"]
    await api("sendMessage", chat_id=anna.id, text="Подумал")
    assert await shown(anna) == []


async def test_it_goes_after_half_a_minute(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await draws(api, anna, "Думаю")
    await sandbox.advance(29)
    assert await shown(anna) == ["Думаю"]
    await sandbox.advance(1)
    assert await shown(anna) == []
    with pytest.raises(SandboxError, match="no draft 7"):
        await anna.stops({"draft_id": 7})


@pytest.mark.parametrize("keeps", [True, False])
async def test_stopped(api: Api, anna: Person, keeps: bool) -> None:
    assert await updates(api) == []
    await draws(api, anna, "Думаю", keep_on_stop=keeps)
    await anna.stops((await anna.drafts())[0])
    assert await shown(anna) == (["Думаю"] if keeps else [])
    (told,) = await updates(api)
    stopped = told["stopped_message_generation"]
    assert isinstance(stopped, dict)
    assert stopped["draft_id"] == 7
    assert stopped["chat"]["id"] == anna.id
    await draws(api, anna, "Думаю дальше", keep_on_stop=keeps)
    assert await shown(anna) == (["Думаю"] if keeps else []), "it is written no further"
    with pytest.raises(SandboxError, match="no draft 7"):
        await anna.stops({"draft_id": 7})


async def test_one_without_the_button(api: Api, anna: Person) -> None:
    await api("sendMessageDraft", chat_id=anna.id, draft_id=8, text="Думаю")
    with pytest.raises(SandboxError, match="no draft 8"):
        await anna.stops({"draft_id": 8})


async def test_the_bot_that_did_not_ask_does_not_hear_of_it(api: Api, anna: Person) -> None:
    await api("getUpdates", allowed_updates=["message"])
    await draws(api, anna, "Думаю")
    await anna.stops({"draft_id": 7})
    assert (await api("getUpdates"))[1]["result"] == []
