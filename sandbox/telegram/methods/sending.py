"""sendMessage and its kin."""

from sandbox.telegram.chat import DRAFT_SECONDS
from sandbox.telegram.errors import BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.methods.content import (
    document_file,
    draft_text,
    inline_keyboard,
    message_caption,
    message_text,
    photo_file,
    reply_to,
    show_reply_keyboard,
    stays_editable,
    voice_file,
)
from sandbox.telegram.people import Person
from sandbox.telegram.text.render import to_html
from sandbox.telegram.types.params import (
    Captioned,
    SendDocument,
    SendingOne,
    SendMessage,
    SendMessageDraft,
    SendPhoto,
    SendVoice,
)
from sandbox.telegram.types.payments import SendInvoice
from sandbox.telegram.wire import JsonObject


def _post(call: Call, person: Person, params: SendingOne, content: JsonObject) -> JsonObject:
    markup = params.reply_markup
    keyboard = inline_keyboard(markup)
    message = post_one(call, person, params, {**content, **keyboard}, editable=stays_editable(markup))
    show_reply_keyboard(person, markup)
    return message


def post_one(
    call: Call, person: Person, params: SendingOne | SendInvoice, content: JsonObject, *, editable: bool = True
) -> JsonObject:
    """`content`: all but where it stands and what it answers to."""
    world = call.world
    world.rate_limit.check(person.id)
    topic = in_topic(person, params.message_thread_id)
    replied = reply_to(person, params.reply_parameters)
    protected: JsonObject = {"has_protected_content": True} if params.protect_content else {}
    return world.post(person, {**topic, **replied, **protected, **content}, editable=editable).payload


def in_topic(person: Person, thread_id: int | None) -> JsonObject:
    """The fields of a message in a topic of a private chat."""
    if thread_id is None:
        return {}
    if thread_id not in person.topics:
        raise BadRequest("message thread not found")
    return {"message_thread_id": thread_id, "is_topic_message": True}


async def send_message(call: Call, params: SendMessage) -> JsonObject:
    person = call.world.reach(params.chat_id)
    content = message_text(call.world, params.text, params.parse_mode, params.entities)
    if params.link_preview_options is not None:
        content["link_preview_options"] = params.link_preview_options.model_dump(exclude_none=True)
    return _post(call, person, params, content)


def _caption(call: Call, params: Captioned) -> JsonObject:
    return message_caption(call.world, params.caption, params.parse_mode, params.caption_entities)


async def send_photo(call: Call, params: SendPhoto) -> JsonObject:
    person = call.world.reach(params.chat_id)
    content = _caption(call, params)
    stored = await photo_file(call, params.photo)
    if params.show_caption_above_media:
        content["show_caption_above_media"] = True
    if params.has_spoiler:
        content["has_media_spoiler"] = True
    return _post(call, person, params, {"photo": stored.content, **content})


async def send_document(call: Call, params: SendDocument) -> JsonObject:
    person = call.world.reach(params.chat_id)
    content = _caption(call, params)
    stored = await document_file(call, params.document)
    return _post(call, person, params, {"document": stored.content, **content})


async def send_voice(call: Call, params: SendVoice) -> JsonObject:
    person = call.world.reach(params.chat_id)
    content = _caption(call, params)
    stored = await voice_file(call, params.voice)
    return _post(call, person, params, {"voice": stored.content, **content})


async def send_message_draft(call: Call, params: SendMessageDraft) -> bool:
    person = call.world.reach(params.chat_id)
    if params.draft_id == 0:
        raise BadRequest("draft identifier must be non-zero")
    text = draft_text(call.world, params.text, params.parse_mode, params.entities)
    draft = {
        "draft_id": params.draft_id,
        "text": text.text,
        "entities": text.entities,
        "html": to_html(text.text, text.entities),
        "can_stop": bool(params.can_stop),
        "keep_on_stop": bool(params.keep_on_stop),
        "message_thread_id": params.message_thread_id,
        "seconds": DRAFT_SECONDS,
        "gone": False,
    }
    person.chat.put_draft(draft)
    return True
