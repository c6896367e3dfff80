"""getUpdates: long polling, offsets, conflicts, allowed types, repeats."""

import asyncio
from typing import Any

from sandbox.client.sandbox import Person, Sandbox
from tests.integration.sandbox.conftest import Api, until


async def texts(api: Api, **params: Any) -> list[str]:
    _, body = await api("getUpdates", **params)
    return [each["message"]["text"] for each in body["result"]]


async def ids(api: Api, **params: Any) -> list[int]:
    _, body = await api("getUpdates", **params)
    return [each["update_id"] for each in body["result"]]


async def polling(sandbox: Sandbox) -> None:
    await until(lambda: sandbox.log("getUpdates"))


async def test_updates_stay_until_confirmed(api: Api, anna: Person) -> None:
    for text in ("a", "b", "c"):
        await anna.says(text)
    first, second, third = await ids(api)
    assert (second, third) == (first + 1, first + 2)
    assert await texts(api) == ["a", "b", "c"]
    assert await texts(api, limit=2) == ["a", "b"]
    assert await texts(api, limit=1000) == ["a", "b", "c"]
    assert await texts(api, offset=second) == ["b", "c"]
    assert await texts(api) == ["b", "c"]
    assert await texts(api, offset=third + 1) == []
    assert await texts(api) == []


async def test_a_negative_offset_takes_the_last_and_forgets_the_rest(api: Api, anna: Person) -> None:
    for text in ("a", "b", "c"):
        await anna.says(text)
    assert await texts(api, offset=-2) == ["b", "c"]
    assert await texts(api) == ["b", "c"]


async def test_a_long_poll_answers_as_soon_as_something_happens(api: Api, sandbox: Sandbox, anna: Person) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(texts(api, timeout=50))
        await polling(sandbox)
        assert not poll.done()
        await anna.says("a")
    assert poll.result() == ["a"]


async def test_a_long_poll_ends_empty_when_its_time_is_over(api: Api, sandbox: Sandbox) -> None:
    async with asyncio.TaskGroup() as group:
        poll = group.create_task(texts(api, timeout=30))
        await polling(sandbox)
        await sandbox.advance(29)
        assert not poll.done()
        await sandbox.advance(1)
    assert poll.result() == []


async def test_the_later_of_two_polls_wins(api: Api, sandbox: Sandbox, anna: Person) -> None:
    async with asyncio.TaskGroup() as group:
        first = group.create_task(api("getUpdates", timeout=50))
        await polling(sandbox)
        second = group.create_task(texts(api, timeout=50))
        status, body = await first
        await anna.says("a")
    assert status == 409
    assert body["description"] == (
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
    )
    assert second.result() == ["a"]


async def test_only_wanted_types_are_queued_from_then_on(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await ids(api, allowed_updates=["callback_query", "nonsense"])
    await anna.says("a")
    await sandbox.call("POST", f"/people/{anna.id}/press", body={"message_id": 1, "data": "x"})
    _, body = await api("getUpdates")
    assert [list(each)[1] for each in body["result"]] == ["callback_query"]
    await ids(api, offset=body["result"][0]["update_id"] + 1, allowed_updates=[])
    await anna.says("b")
    await sandbox.update({"message_reaction": {"chat": {"id": anna.id}}})
    assert await texts(api) == ["b"], "an empty list is the default, which leaves reactions out"


async def test_a_repeat_arrives_although_its_id_is_confirmed(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("a")
    await anna.says("b")
    first, second = await ids(api)
    assert await ids(api, offset=second + 1) == []
    again = await sandbox.repeat(first)
    assert again["message"]["text"] == "a"
    assert await ids(api, offset=second + 1) == [first]
    assert await ids(api, offset=first + 1) == []


async def test_a_poll_of_a_dead_bot_takes_nothing(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("a")
    [number] = await ids(api)
    await ids(api, offset=number + 1)
    before = len(await sandbox.log("getUpdates"))
    host, port = sandbox.base_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(f"GET /bot{sandbox.token}/getUpdates?timeout=50 HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    async def polled() -> bool:
        return len(await sandbox.log("getUpdates")) > before

    await until(polled)
    writer.transport.abort()
    await sandbox.call("GET", "/people")
    await sandbox.repeat(number)
    assert await ids(api, offset=number + 1) == [number]


async def test_forged_updates_arrive_as_they_are(api: Api, sandbox: Sandbox) -> None:
    number = await sandbox.update({"poll": {"id": "1"}})
    _, body = await api("getUpdates")
    assert body["result"] == [{"update_id": number, "poll": {"id": "1"}}]


async def test_people_do_all_that_people_do(api: Api, sandbox: Sandbox, anna: Person) -> None:
    said = await anna.says("/start model_wine")
    await anna.edits(said, "/start")
    for kind in ("sticker", "voice", "location", "contact", "dice"):
        await anna.sends(kind)
    await anna.sends_file("prices.csv", b"1;2\n3;4\n", caption="мои цены")
    await anna.blocks()
    await anna.blocks()
    _, body = await api("getUpdates")
    start, edit, sticker, voice, location, contact, dice, document, block = body["result"]
    assert start["message"]["from"]["language_code"] == "ru"
    assert start["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    assert edit["edited_message"]["text"] == "/start"
    assert edit["edited_message"]["message_id"] == said.id
    assert sticker["message"]["sticker"]["emoji"]
    assert voice["message"]["voice"]["duration"] > 0
    assert location["message"]["location"]["latitude"]
    assert contact["message"]["contact"]["user_id"] == anna.id
    assert 1 <= dice["message"]["dice"]["value"] <= 6
    assert document["message"]["document"]["file_name"] == "prices.csv"
    assert document["message"]["document"]["mime_type"] == "text/csv"
    assert document["message"]["caption"] == "мои цены"
    assert block["my_chat_member"]["old_chat_member"]["status"] == "member"
    assert block["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_a_press_carries_the_message_as_it_is_now(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    _, body = await api("sendMessage", chat_id=anna.id, text="one")
    number = body["result"]["message_id"]
    await api("editMessageText", chat_id=anna.id, message_id=number, text="two")
    press = {"message_id": number, "data": "x"}
    await sandbox.call("POST", f"/people/{anna.id}/press", body=press)
    await api("deleteMessage", chat_id=anna.id, message_id=number)
    await sandbox.call("POST", f"/people/{anna.id}/press", body=press)
    _, body = await api("getUpdates")
    _, shown, gone = body["result"]
    assert shown["callback_query"]["message"]["text"] == "two"
    assert shown["callback_query"]["data"] == "x"
    assert gone["callback_query"]["message"] == {
        "chat": {"id": anna.id, "first_name": "Анна", "type": "private"},
        "message_id": number,
        "date": 0,
    }


async def test_callback_queries_grow_old(api: Api, sandbox: Sandbox, anna: Person) -> None:
    async def press() -> str:
        pressed = await sandbox.call("POST", f"/people/{anna.id}/press", body={"message_id": 1, "data": "x"})
        return str(pressed["callback_query_id"])

    first = await press()
    assert await sandbox.call("GET", f"/callbacks/{first}") == {"answered": False}
    _, body = await api("answerCallbackQuery", callback_query_id=first, text="Готово", show_alert=True)
    assert body["result"] is True
    _, body = await api("answerCallbackQuery", callback_query_id=first, text="Ещё раз")
    assert body["result"] is True
    state = await sandbox.call("GET", f"/callbacks/{first}")
    assert state == {"answered": True, "text": "Готово", "show_alert": True}
    late = await press()
    await sandbox.advance(61)
    for query in (late, first, "777"):
        status, body = await api("answerCallbackQuery", callback_query_id=query)
        assert (status, body["description"]) == (
            400,
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        )
    status, body = await api("answerCallbackQuery", callback_query_id=await press(), text="x" * 201)
    assert (status, body["description"]) == (400, "Bad Request: MESSAGE_TOO_LONG")
