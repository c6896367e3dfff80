"""What people do in their chats, and the updates that the bot gets of it."""

from typing import Literal

from sandbox.ogg import seconds_of
from sandbox.telegram.callbacks import Callback
from sandbox.telegram.chat import StoredMessage
from sandbox.telegram.files import Upload
from sandbox.telegram.made_up import MadeUpKind, made_up
from sandbox.telegram.people import Person
from sandbox.telegram.text.formatted import formatted
from sandbox.telegram.wire import JsonObject
from sandbox.telegram.world import World

MAX_TEXT = 4096
MAX_CAPTION = 1024

UploadKind = Literal["photo", "document", "voice", "sticker", "video", "audio"]


class Impossible(ValueError):
    """A person cannot do that in Telegram; the text says why."""


def post(
    world: World, person: Person, content: JsonObject, reply_to: int | None = None, *, topic: int | None = None
) -> StoredMessage:
    payload: JsonObject = {
        "message_id": world.next_message_id(),
        "from": person.user(),
        "chat": person.as_chat(),
        "date": world.timestamp(),
    }
    if reply_to is not None:
        target = person.chat.find(reply_to)
        if target is None:
            raise Impossible(f"there is no message {reply_to} to reply to")
        payload["reply_to_message"] = {k: v for k, v in target.payload.items() if k != "reply_to_message"}
    if topic is not None:
        person.topics.add(topic)
        payload |= {"message_thread_id": topic, "is_topic_message": True}
    person.started = True
    message = person.chat.add(StoredMessage(payload={**payload, **content}, from_bot=False))
    world.updates.push({"message": message.payload}, key=person.id)
    return message


def says(
    world: World, person: Person, text: str, *, reply_to: int | None = None, topic: int | None = None
) -> StoredMessage:
    cleaned = formatted(text)
    if not 1 <= len(cleaned.text) <= MAX_TEXT:
        raise Impossible(f"a message has 1 to {MAX_TEXT} characters")
    return post(world, person, cleaned.fields("text", "entities"), reply_to, topic=topic)


def stops(world: World, person: Person, draft_id: int) -> None:
    """Telegram's own button under a draft: it is written no further, and the bot hears of it."""
    draft = person.chat.open_draft(draft_id)
    if draft is None or not draft["can_stop"]:
        raise Impossible(f"there is no draft {draft_id} that can be stopped")
    person.chat.stop_draft(draft)
    stopped: JsonObject = {"chat": person.as_chat(), "draft_id": draft_id}
    if draft["message_thread_id"] is not None:
        stopped["message_thread_id"] = draft["message_thread_id"]
    world.updates.push({"stopped_message_generation": stopped}, key=person.id)


async def uploads(
    world: World,
    person: Person,
    upload: Upload,
    *,
    kind: UploadKind,
    caption: str | None = None,
    album: str | None = None,
) -> StoredMessage:
    """`album`: the id of the group that it was sent in; each of one is a message of its own."""
    cleaned = formatted(caption or "")
    if len(cleaned.text) > MAX_CAPTION:
        raise Impossible(f"a caption has up to {MAX_CAPTION} characters")
    if kind == "photo":
        stored = await world.files.add_photo(upload)
    else:
        extra: dict[str, JsonObject] = {
            "voice": {"duration": round(seconds_of(upload.data) or 3)},
            "audio": {"duration": 3},
            "video": {"duration": 3, "width": 640, "height": 360},
            "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
        }
        stored = world.files.add(kind, upload, extra.get(kind))
    group = {} if album is None else {"media_group_id": album}
    return post(world, person, {kind: stored.content, **group, **cleaned.fields("caption", "caption_entities")})


def sends(world: World, person: Person, kind: MadeUpKind) -> StoredMessage:
    return post(world, person, made_up(world, person, kind))


def presses(world: World, person: Person, message_id: int, data: str) -> Callback:
    """Nothing is checked: what a client would not offer to press may be pressed here."""
    callback = world.callbacks.press(person.id)
    message = person.chat.find(message_id)
    person.started = True
    person.chat.unread = 0
    shown: JsonObject = (
        message.payload if message is not None else {"chat": person.as_chat(), "message_id": message_id, "date": 0}
    )
    query = {
        "id": callback.id,
        "from": person.user(),
        "message": shown,
        "chat_instance": str(world.bot_id * 7_919 + person.id),
        "data": data,
    }
    world.updates.push({"callback_query": query}, key=person.id)
    return callback


def edits(world: World, person: Person, message_id: int, text: str) -> StoredMessage:
    message = person.chat.find(message_id)
    if message is None or message.from_bot:
        raise Impossible(f"message {message_id} is not theirs to edit")
    cleaned = formatted(text)
    has_text = "text" in message.payload
    if has_text and not cleaned.text:
        raise Impossible("a message has at least one character")
    names = ("text", "entities") if has_text else ("caption", "caption_entities")
    kept = {key: value for key, value in message.payload.items() if key not in names}
    message.payload = {**kept, **cleaned.fields(*names), "edit_date": world.timestamp()}
    person.chat.changed(message)
    world.updates.push({"edited_message": message.payload}, key=person.id)
    return message


def blocks(world: World, person: Person, *, blocked: bool) -> None:
    if person.blocked == blocked:
        return
    person.blocked = blocked
    bot = world.bot()
    statuses: list[JsonObject] = [
        {"user": bot, "status": "member"},
        {"user": bot, "status": "kicked", "until_date": 0},
    ]
    old, new = statuses if blocked else reversed(statuses)
    change = {
        "chat": person.as_chat(),
        "from": person.user(),
        "date": world.timestamp(),
        "old_chat_member": old,
        "new_chat_member": new,
    }
    world.updates.push({"my_chat_member": change}, key=person.id)
