"""Deleting, files, callback answers, chat actions."""

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.files import MAX_DOWNLOAD_BYTES
from sandbox.telegram.methods.base import Call
from sandbox.telegram.people import Person
from sandbox.telegram.types.params import (
    MAX_CALLBACK_ANSWER,
    AnswerCallbackQuery,
    DeleteMessage,
    DeleteMessages,
    GetChat,
    GetFile,
    NoParams,
    SendChatAction,
)
from sandbox.telegram.wire import JsonObject

DELETABLE_SECONDS = 48 * 3600
CHAT_ACTIONS = frozenset(
    {"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"}
    | {"choose_sticker", "find_location", "record_video_note", "upload_video_note", "cancel"}
)


def _find(call: Call, chat_id: int | str) -> Person:
    person = call.world.find(chat_id)
    if person is None:
        raise BadRequest("chat not found")
    return person


async def delete_message(call: Call, params: DeleteMessage) -> bool:
    person = _find(call, params.chat_id)
    message = person.chat.find(params.message_id)
    if message is None:
        raise BadRequest("message to delete not found")
    if call.world.clock.now() - message.payload["date"] > DELETABLE_SECONDS:
        raise BadRequest("message can't be deleted for everyone")
    person.chat.delete(message)
    return True


async def delete_messages(call: Call, params: DeleteMessages) -> bool:
    """Those that cannot be found or deleted are skipped."""
    person = _find(call, params.chat_id)
    for message_id in params.message_ids:
        message = person.chat.find(message_id)
        if message is not None and call.world.clock.now() - message.payload["date"] <= DELETABLE_SECONDS:
            person.chat.delete(message)
    return True


async def send_chat_action(call: Call, params: SendChatAction) -> bool:
    person = call.world.reach(params.chat_id)
    action = params.action.lower()
    if action not in CHAT_ACTIONS:
        raise BadRequest("wrong parameter action in request")
    person.chat.show_typing(action)
    return True


async def get_chat(call: Call, params: GetChat) -> JsonObject:
    person = _find(call, params.chat_id)
    names: JsonObject = {"active_usernames": [person.username]} if person.username else {}
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), True
    )
    colours = {"accent_color_id": person.id % 7, "max_reaction_count": 11}
    return {**person.as_chat(), **names, **colours, "accepted_gift_types": gifts}


async def get_file(call: Call, params: GetFile) -> JsonObject:
    """The Bot API's File."""
    stored = call.world.files.get(params.file_id)
    if stored is None:
        raise BadRequest("invalid file_id")
    if len(stored.data) > MAX_DOWNLOAD_BYTES and call.world.files.folder is None:
        raise BadRequest("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_size": len(stored.data),
        "file_path": call.world.files.place(stored),
    }


async def get_forum_topic_icon_stickers(call: Call, _: NoParams) -> list[JsonObject]:
    """One; every bot may fetch it, whatever else it was sent."""
    stored = call.world.files.topic_icon()
    assert isinstance(stored.content, dict)
    return [stored.content]


async def answer_callback_query(call: Call, params: AnswerCallbackQuery) -> bool:
    text = params.text or ""
    if len(text) > MAX_CALLBACK_ANSWER:
        raise BadRequest("MESSAGE_TOO_LONG")
    answer: JsonObject = {"show_alert": bool(params.show_alert)}
    if text:
        answer["text"] = text
    if params.url:
        answer["url"] = params.url
    callback = call.world.callbacks.answer(params.callback_query_id, answer)
    person = call.world.people.get(callback.person_id)
    if person is not None:
        person.chat.events.publish("callback_answer", {"callback_query_id": callback.id, **answer})
    return True
