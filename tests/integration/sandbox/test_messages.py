"""Sending, editing and deleting over plain HTTP, with Telegram's refusals."""

import json
from typing import Any

import aiohttp
import pytest

from sandbox.client.sandbox import Person, Sandbox
from tests.integration.sandbox.conftest import Api
from tests.integration.servers import START


def keyboard(*labels: str, data: str = "x") -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": label, "callback_data": data} for label in labels]]}


async def sent(api: Api, anna: Person, **params: Any) -> dict[str, Any]:
    status, body = await api("sendMessage", chat_id=anna.id, **params)
    assert status == 200, body
    result: dict[str, Any] = body["result"]
    return result


async def refusal(api: Api, method: str, **params: Any) -> str:
    status, body = await api(method, **params)
    assert not body["ok"]
    assert body["error_code"] == status
    return str(body["description"])


async def test_a_bot_may_not_write_first(api: Api, anna: Person) -> None:
    assert await refusal(api, "sendMessage", chat_id=anna.id, text="hi") == "Bad Request: chat not found"
    await anna.says("/start")
    assert (await sent(api, anna, text="hi"))["text"] == "hi"


async def test_message_ids_grow_over_all_chats(api: Api, sandbox: Sandbox, anna: Person) -> None:
    john = await sandbox.person("John", language_code="en")
    ids = [(await anna.says("a")).id, (await john.says("b")).id]
    ids += [(await sent(api, person, text="c"))["message_id"] for person in (anna, john, anna)]
    assert ids == sorted(set(ids))


async def test_a_message_is_as_telegram_shows_it(api: Api, anna: Person, sandbox: Sandbox) -> None:
    question = await anna.says("/start")
    message = await sent(
        api,
        anna,
        text="<b>Привет</b> 😀",
        parse_mode="HTML",
        reply_parameters={"message_id": question.id},
        reply_markup=keyboard("A"),
    )
    assert message["text"] == "Привет 😀"
    assert message["entities"] == [{"type": "bold", "offset": 0, "length": 6}]
    assert message["date"] == int(START)
    assert message["chat"] == {"id": anna.id, "first_name": "Анна", "type": "private"}
    assert message["from"]["id"] == sandbox.bot_id
    assert message["reply_to_message"]["text"] == "/start"
    assert message["reply_markup"] == keyboard("A")


@pytest.mark.parametrize("encoding", ["json", "urlencoded", "multipart", "query"])
async def test_parameters_come_in_any_of_the_ways(sandbox: Sandbox, anna: Person, encoding: str) -> None:
    await anna.says("/start")
    params = {
        "chat_id": str(anna.id),
        "text": "я 😀",
        "reply_markup": json.dumps(keyboard("A")),
        "protect_content": "True",
    }
    address = f"{sandbox.base_url}/bot{sandbox.token}/SENDmessage"
    form = aiohttp.FormData(params)
    if encoding == "multipart":
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in params.items():
            form.add_field(name, value)
    ways: dict[str, dict[str, Any]] = {
        "json": {"json": {**params, "chat_id": anna.id, "reply_markup": keyboard("A"), "protect_content": True}},
        "urlencoded": {"data": form},
        "multipart": {"data": form},
        "query": {"params": params},
    }
    async with sandbox.http.request("GET" if encoding == "query" else "POST", address, **ways[encoding]) as response:
        body = await response.json()
    assert response.status == 200, body
    assert (await anna.sees("я 😀")).buttons == ["A"]
    assert body["result"]["has_protected_content"] is True


@pytest.mark.parametrize(
    ("text", "shown"), [(None, "null"), (False, "false"), (0, "0"), (1.5, "1.5"), (["я"], '["я"]'), ({}, "{}")]
)
async def test_a_text_that_is_none_is_its_json(api: Api, anna: Person, text: object, shown: str) -> None:
    await anna.says("/start")
    _, body = await api("sendMessage", chat_id=anna.id, text=text)
    assert body["result"]["text"] == shown


async def test_a_body_that_is_no_object_is_refused(sandbox: Sandbox) -> None:
    address = f"{sandbox.base_url}/bot{sandbox.token}/getMe"
    async with sandbox.http.post(address, json=["getMe"]) as response:
        assert (await response.json())["description"] == "Bad Request: JSON object expected"


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": " \n "}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "<p>", "parse_mode": "HTML"}, 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'),
        ({"text": "x", "parse_mode": "nonsense"}, "unsupported parse_mode"),
        ({"text": "x", "chat_id": ""}, "chat_id is empty"),
        ({"text": "x", "chat_id": 9}, "chat not found"),
        ({"text": "x", "chat_id": "@someone"}, "chat not found"),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": "[]"}, "object expected as reply markup"),
        ({"text": "x", "reply_markup": keyboard("A", data="я" * 33)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": keyboard("A", data="")}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": keyboard(" ")}, "inline keyboard button text must be non-empty"),
        (
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "A"}]]}},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": {"inline_keyboard": [[{"text": "A", "url": "http://localhost:1/"}]]}},
            "inline keyboard button URL 'http://localhost:1/' is invalid: Wrong HTTP URL",
        ),
        ({"text": "x", "reply_markup": keyboard(*["A"] * 101)}, "reply markup is too long"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "disable_notification": "perhaps"}, None),
    ],
)  # fmt: skip
async def test_what_telegram_refuses_to_send(
    api: Api, anna: Person, params: dict[str, Any], description: str | None
) -> None:
    await anna.says("/start")
    found = await refusal(api, "sendMessage", **{"chat_id": anna.id, **params})
    if description is None:
        assert found.startswith("Bad Request: wrong parameter disable_notification:")
    else:
        assert found == f"Bad Request: {description}"


async def test_longest_text_is_counted_after_parsing(api: Api, anna: Person) -> None:
    await anna.says("/start")
    message = await sent(api, anna, text=f"<b>{'я' * 4096}</b>", parse_mode="HTML")
    assert len(message["text"]) == 4096


async def test_a_blocked_bot_is_told_so(api: Api, anna: Person) -> None:
    await anna.says("/start")
    await anna.blocks()
    for method, params in (("sendMessage", {"text": "x"}), ("sendChatAction", {"action": "typing"})):
        status, body = await api(method, chat_id=anna.id, **params)
        assert (status, body["description"]) == (403, "Forbidden: bot was blocked by the user")
    await anna.unblocks()
    assert await sent(api, anna, text="x")


async def test_editing(api: Api, anna: Person) -> None:
    await anna.says("/start")
    message = await sent(api, anna, text="one", reply_markup=keyboard("A"))
    where = {"chat_id": anna.id, "message_id": message["message_id"]}
    _, body = await api("editMessageText", **where, text="*two*", parse_mode="MarkdownV2")
    assert body["result"]["text"] == "two"
    assert body["result"]["edit_date"] == int(START)
    assert "reply_markup" not in body["result"], "an edit without a keyboard takes it away"
    _, body = await api("editMessageReplyMarkup", **where, reply_markup=keyboard("B"))
    assert body["result"]["reply_markup"] == keyboard("B")
    assert body["result"]["entities"], "the text stays"
    assert (await anna.sees("two")).edits == 2


async def test_what_telegram_refuses_to_edit(api: Api, anna: Person) -> None:
    question = await anna.says("/start")
    message = await sent(api, anna, text="one", reply_markup=keyboard("A"))
    where = {"chat_id": anna.id, "message_id": message["message_id"]}
    same = await refusal(
        api, "editMessageText", **where, text="<b></b>one", parse_mode="HTML", reply_markup=keyboard("A")
    )
    assert same == (
        "Bad Request: message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert "not modified" in await refusal(api, "editMessageReplyMarkup", **where, reply_markup=keyboard("A"))
    nowhere = await refusal(api, "editMessageText", chat_id=anna.id, message_id=999, text="x")
    assert nowhere == "Bad Request: message to edit not found"
    theirs = await refusal(api, "editMessageText", chat_id=anna.id, message_id=question.id, text="x")
    assert theirs == "Bad Request: message can't be edited"
    nameless = await refusal(api, "editMessageText", chat_id=anna.id, text="x")
    assert nameless == "Bad Request: message identifier is not specified"
    caption = await refusal(api, "editMessageCaption", **where, caption="x")
    assert caption == "Bad Request: there is no caption in the message to edit"
    assert await refusal(api, "editMessageText", **where, text="") == "Bad Request: message text is empty"
    keyed = await sent(api, anna, text="x", reply_markup={"keyboard": [["A"]]})
    late = await refusal(api, "editMessageText", chat_id=anna.id, message_id=keyed["message_id"], text="y")
    assert late == "Bad Request: message can't be edited", "messages with a reply keyboard are fixed"


async def test_deleting(api: Api, sandbox: Sandbox, anna: Person) -> None:
    question = await anna.says("/start")
    message = await sent(api, anna, text="one")
    assert (await api("deleteMessage", chat_id=anna.id, message_id=message["message_id"]))[0] == 200
    gone = await refusal(api, "deleteMessage", chat_id=anna.id, message_id=message["message_id"])
    assert gone == "Bad Request: message to delete not found"
    assert (await api("deleteMessages", chat_id=anna.id, message_ids=[question.id, 999]))[1]["result"] is True
    assert await anna.looks() == []
    old = await sent(api, anna, text="old")
    await sandbox.advance(48 * 3600 + 1)
    kept = await refusal(api, "deleteMessage", chat_id=anna.id, message_id=old["message_id"])
    assert kept == "Bad Request: message can't be deleted for everyone"


async def test_reply_keyboards_come_and_go(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    await sent(api, anna, text="x", reply_markup={"keyboard": [["Да"], [{"text": "Нет"}]], "resize_keyboard": True})
    chat = await sandbox.call("GET", f"/people/{anna.id}/chat")
    assert [[each["text"] for each in row] for row in chat["reply_keyboard"]["keyboard"]] == [["Да"], ["Нет"]]
    await sent(api, anna, text="x", reply_markup={"remove_keyboard": True})
    assert (await sandbox.call("GET", f"/people/{anna.id}/chat"))["reply_keyboard"] is None


async def test_drafts_and_chat_actions_reach_the_screen(api: Api, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    assert (await api("sendChatAction", chat_id=anna.id, action="typing"))[1]["result"] is True
    assert (await sandbox.call("GET", f"/people/{anna.id}/chat"))["typing"] == "typing"
    await sandbox.advance(5)
    assert (await sandbox.call("GET", f"/people/{anna.id}/chat"))["typing"] is None
    wrong = await refusal(api, "sendChatAction", chat_id=anna.id, action="dancing")
    assert wrong == "Bad Request: wrong parameter action in request"
    assert (await api("sendMessageDraft", chat_id=anna.id, draft_id=1, text="Думаю…"))[1]["result"] is True
    assert (await refusal(api, "sendMessageDraft", chat_id=anna.id, draft_id=0)).startswith("Bad Request: ")


async def test_unknown_methods_tokens_and_parameters(api: Api, sandbox: Sandbox, anna: Person) -> None:
    assert await api("sendLove") == (404, {"ok": False, "error_code": 404, "description": "Not Found"})
    async with sandbox.http.get(f"{sandbox.base_url}/bot1:unknown/getMe") as response:
        assert response.status == 401
        assert await response.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    await anna.says("/start")
    buttons = {"inline_keyboard": [[{"text": "A", "callback_data": "a", "colour": "red"}]]}
    await sent(api, anna, text="x", color="red", reply_markup=buttons)
    [call] = await sandbox.log("sendMessage")
    assert sorted(call["unknown"]) == ["color", "reply_markup.inline_keyboard.colour"]
    await sent(api, anna, text="y")
    assert "unknown" not in (await sandbox.log("sendMessage"))[-1]
