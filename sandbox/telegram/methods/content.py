"""What a message is made of: texts within limits, reply markup, replies, files."""

from collections.abc import Sequence

from sandbox.ogg import seconds_of
from sandbox.telegram.errors import BadRequest
from sandbox.telegram.files import StoredFile
from sandbox.telegram.methods.base import Call
from sandbox.telegram.people import Person
from sandbox.telegram.text.formatted import FormattedText, formatted
from sandbox.telegram.types.markup import AnyMarkup, InlineKeyboardMarkup, ReplyKeyboardMarkup, ReplyKeyboardRemove
from sandbox.telegram.types.objects import MessageEntity, ReplyParameters
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024


def _formatted(
    world: World, text: str, parse_mode: str | None, entities: Sequence[MessageEntity] | None
) -> FormattedText:
    result = formatted(text, parse_mode=parse_mode, entities=[each.content() for each in entities or ()])
    kept = []
    for each in result.entities:
        if each["type"] == "text_mention":
            # Telegram drops a mention of someone whom the bot has never met.
            person = world.people.get(each["user"]["id"])
            if person is None:
                continue
            each["user"] = person.user()
        kept.append(each)
    return FormattedText(text=result.text, entities=kept)


def message_text(
    world: World, text: str, parse_mode: str | None, entities: Sequence[MessageEntity] | None
) -> JsonObject:
    if not text:
        raise BadRequest("message text is empty")
    result = _formatted(world, text, parse_mode, entities)
    if not result.text:
        raise BadRequest("text must be non-empty")
    if len(result.text) > MAX_TEXT:
        raise BadRequest("message is too long")
    return result.fields("text", "entities")


def message_caption(
    world: World, caption: str | None, parse_mode: str | None, entities: Sequence[MessageEntity] | None
) -> JsonObject:
    result = _formatted(world, caption or "", parse_mode, entities)
    if len(result.text) > MAX_CAPTION:
        raise BadRequest("message caption is too long")
    return result.fields("caption", "caption_entities")


def draft_text(
    world: World, text: str | None, parse_mode: str | None, entities: Sequence[MessageEntity] | None
) -> FormattedText:
    result = _formatted(world, text or "", parse_mode, entities)
    if len(result.text) > MAX_TEXT:
        raise BadRequest("message is too long")
    return result


def inline_keyboard(markup: AnyMarkup | None, *, pays: bool = False) -> JsonObject:
    """The field `reply_markup` of the Message, or nothing: only inline keyboards stay with a message. That of an
    invoice (`pays`) begins with the Pay button."""
    if isinstance(markup, InlineKeyboardMarkup):
        _check_pay(markup, pays=pays)
    content = markup.content() if isinstance(markup, InlineKeyboardMarkup) else None
    return {"reply_markup": content} if content else {}


def _check_pay(markup: InlineKeyboardMarkup, *, pays: bool) -> None:
    buttons = [button.pay is not None for row in markup.inline_keyboard for button in row]
    if any(buttons) and not pays:
        raise BadRequest("BUTTON_TYPE_INVALID")
    if pays and buttons and not any(buttons):
        raise BadRequest("REPLY_MARKUP_BUY_EMPTY")
    if any(buttons[1:]):
        raise BadRequest("BUTTON_POS_INVALID")


def show_reply_keyboard(person: Person, markup: AnyMarkup | None) -> None:
    if isinstance(markup, ReplyKeyboardRemove):
        person.chat.reply_keyboard = None
    elif isinstance(markup, ReplyKeyboardMarkup):
        person.chat.reply_keyboard = markup.model_dump(exclude_none=True)


def stays_editable(markup: AnyMarkup | None) -> bool:
    """Telegram lets a bot edit messages without markup or with an inline keyboard."""
    return markup is None or isinstance(markup, InlineKeyboardMarkup)


def reply_to(person: Person, reply: ReplyParameters | None) -> JsonObject:
    if reply is None or reply.message_id is None:
        return {}
    target = person.chat.find(reply.message_id)
    if target is None:
        if reply.allow_sending_without_reply:
            return {}
        raise BadRequest("message to be replied not found")
    return {"reply_to_message": {key: value for key, value in target.payload.items() if key != "reply_to_message"}}


async def photo_file(call: Call, value: str) -> StoredFile:
    upload = call.upload(value)
    if upload is not None:
        return await call.world.files.add_photo(upload)
    if not value:
        raise BadRequest("there is no photo in the request")
    return call.world.files.reuse(value, "photo")


async def voice_file(call: Call, value: str) -> StoredFile:
    upload = call.upload(value)
    if upload is not None:
        return call.world.files.add("voice", upload, {"duration": round(seconds_of(upload.data) or 1)})
    if not value:
        raise BadRequest("there is no voice in the request")
    return call.world.files.reuse(value, "voice")


async def document_file(call: Call, value: str) -> StoredFile:
    upload = call.upload(value)
    if upload is not None:
        return call.world.files.add("document", upload)
    if not value:
        raise BadRequest("there is no document in the request")
    return call.world.files.reuse(value, "document")
