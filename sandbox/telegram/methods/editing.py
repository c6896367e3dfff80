"""editMessageText and its kin."""

from sandbox.telegram.chat import MEDIA_KINDS, StoredMessage
from sandbox.telegram.errors import NOT_MODIFIED, BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.methods.content import (
    document_file,
    inline_keyboard,
    message_caption,
    message_text,
    photo_file,
)
from sandbox.telegram.people import Person
from sandbox.telegram.types.objects import InputMediaPhoto
from sandbox.telegram.types.params import (
    Editing,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
)
from sandbox.telegram.wire import JsonObject

_TEXT_FIELDS = ("text", "entities", "link_preview_options")
_CAPTION_FIELDS = ("caption", "caption_entities", "show_caption_above_media")
_COMPARED = (*_TEXT_FIELDS, *_CAPTION_FIELDS, *MEDIA_KINDS, "reply_markup")


def _target(call: Call, params: Editing) -> tuple[Person, StoredMessage]:
    if params.inline_message_id is not None:
        raise BadRequest("message to edit not found")
    if params.chat_id is None:
        raise BadRequest("chat_id is empty")
    person = call.world.find(params.chat_id)
    if person is None:
        raise BadRequest("chat not found")
    if params.message_id is None:
        raise BadRequest("message identifier is not specified")
    message = person.chat.find(params.message_id)
    if message is None:
        raise BadRequest("message to edit not found")
    if not message.from_bot or not message.editable:
        raise BadRequest("message can't be edited")
    return person, message


def _apply(
    call: Call, params: Editing, target: tuple[Person, StoredMessage], drop: tuple[str, ...], new: JsonObject
) -> JsonObject:
    """Replace the fields `drop` and the keyboard, unless that would change nothing."""
    person, message = target
    kept = {key: value for key, value in message.payload.items() if key not in (*drop, "reply_markup")}
    payload = {**kept, **new, **inline_keyboard(params.reply_markup, pays="invoice" in message.payload)}
    if all(_look(payload.get(key)) == _look(message.payload.get(key)) for key in _COMPARED):
        raise BadRequest(NOT_MODIFIED)
    payload["edit_date"] = call.world.timestamp()
    message.payload = payload
    person.chat.changed(message)
    return payload


def _look(value: object) -> object:
    """Two uploads of the same bytes are one file to Telegram, whatever their file_ids."""
    if isinstance(value, list):
        return [_look(each) for each in value]
    if isinstance(value, dict) and "file_unique_id" in value:
        return value["file_unique_id"]
    return value


async def edit_text(call: Call, params: EditMessageText) -> JsonObject:
    target = _target(call, params)
    if "text" not in target[1].payload:
        raise BadRequest("there is no text in the message to edit")
    new = message_text(call.world, params.text or "", params.parse_mode, params.entities)
    if params.link_preview_options is not None:
        new["link_preview_options"] = params.link_preview_options.model_dump(exclude_none=True)
    return _apply(call, params, target, _TEXT_FIELDS, new)


async def edit_caption(call: Call, params: EditMessageCaption) -> JsonObject:
    target = _target(call, params)
    if target[1].media is None:
        raise BadRequest("there is no caption in the message to edit")
    new = message_caption(call.world, params.caption, params.parse_mode, params.caption_entities)
    if params.show_caption_above_media:
        new["show_caption_above_media"] = True
    return _apply(call, params, target, _CAPTION_FIELDS, new)


async def edit_media(call: Call, params: EditMessageMedia) -> JsonObject:
    target = _target(call, params)
    media = params.media
    new = message_caption(call.world, media.caption, media.parse_mode, media.caption_entities)
    read = photo_file if isinstance(media, InputMediaPhoto) else document_file
    stored = await read(call, media.media)
    new[media.type] = stored.content
    if isinstance(media, InputMediaPhoto) and media.show_caption_above_media:
        new["show_caption_above_media"] = True
    return _apply(call, params, target, (*_TEXT_FIELDS, *_CAPTION_FIELDS, *MEDIA_KINDS), new)


async def edit_reply_markup(call: Call, params: EditMessageReplyMarkup) -> JsonObject:
    return _apply(call, params, _target(call, params), (), {})
