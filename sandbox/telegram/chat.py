"""One private chat: its messages as Telegram keeps them and what the person's screen shows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.clock import Clock
from sandbox.telegram.events import EventStream
from sandbox.telegram.text.render import to_html
from sandbox.telegram.wire import JsonObject

TYPING_SECONDS = 5.0
DRAFT_SECONDS = 30.0
MEDIA_KINDS = ("photo", "document", "voice", "video", "audio", "sticker", "animation")


@dataclass(slots=True, kw_only=True)
class StoredMessage:
    payload: JsonObject
    """The Bot API's Message."""
    from_bot: bool
    editable: bool = True
    edits: int = 0
    deleted: bool = False
    receipt: bool = False
    """An invoice that is paid: its button shows what was bought."""
    event: int = 0
    """Id of the event that told the person of the latest change."""
    shown: JsonObject = field(default_factory=dict)
    """The view of the latest change."""

    @property
    def id(self) -> int:
        return int(self.payload["message_id"])

    @property
    def media(self) -> str | None:
        return next((kind for kind in MEDIA_KINDS if kind in self.payload), None)

    def files(self) -> Iterator[JsonObject]:
        """The Bot API's objects of the files in it; a photo stands for its largest size."""
        for kind in MEDIA_KINDS:
            if kind in self.payload:
                value = self.payload[kind]
                yield value[-1] if kind == "photo" else value

    def view(self, file_url: str) -> JsonObject:
        """The Message with the sandbox's own additions; `file_url` is the prefix of addresses of files."""
        payload = self.payload
        text: str = payload.get("text") or payload.get("caption") or ""
        entities: list[JsonObject] = payload.get("entities") or payload.get("caption_entities") or []
        files = [
            {
                "file_id": each["file_id"],
                "url": file_url + each["file_id"],
                "name": each.get("file_name"),
                "size": each.get("file_size"),
                "mime_type": each.get("mime_type", "image/jpeg" if "photo" in payload else None),
            }
            for each in self.files()
        ]
        extra = {
            "html": to_html(text, entities),
            "edits": self.edits,
            "deleted": self.deleted,
            "from_bot": self.from_bot,
            "event": self.event,
            "files": files,
        }
        if self.receipt:
            extra["receipt"] = True
        return {**payload, "sandbox": extra}


@dataclass(slots=True)
class Chat:
    clock: Clock
    file_url: str
    messages: dict[int, StoredMessage] = field(default_factory=dict)
    events: EventStream = field(default_factory=EventStream)
    reply_keyboard: JsonObject | None = None
    unread: int = 0
    drafts: dict[int, JsonObject] = field(default_factory=dict)
    stopped: set[int] = field(default_factory=set)
    """Ids of drafts that the person has stopped; those are drawn no more."""
    _typing: tuple[str, float] | None = None

    def put_draft(self, draft: JsonObject) -> None:
        """It is shown for a while, and goes when a message of the bot comes."""
        if draft["draft_id"] in self.stopped:
            return
        self.drafts[draft["draft_id"]] = draft | {"until": self.clock.now() + DRAFT_SECONDS}
        self.events.publish("draft", draft)

    def open_draft(self, draft_id: int) -> JsonObject | None:
        draft = self.drafts.get(draft_id)
        return draft if draft is not None and draft["until"] > self.clock.now() else None

    def stop_draft(self, draft: JsonObject) -> None:
        """Drawn no more, or drawn as it is for as long as it would have been."""
        self.stopped.add(draft["draft_id"])
        if draft["keep_on_stop"]:
            draft["can_stop"] = False
        else:
            del self.drafts[draft["draft_id"]]
        self.events.publish("draft", draft | {"gone": not draft["keep_on_stop"]})

    def add(self, message: StoredMessage) -> StoredMessage:
        self.messages[message.id] = message
        if message.from_bot:
            self.drafts.clear()
            self.stopped.clear()
        self.unread = self.unread + 1 if message.from_bot else 0
        if message.from_bot:
            self._typing = None
        self._tell("message", message)
        return message

    def changed(self, message: StoredMessage) -> None:
        message.edits += 1
        self._tell("edited", message)

    def shows_receipt(self, message: StoredMessage) -> None:
        message.receipt = True
        self._tell("edited", message)

    def delete(self, message: StoredMessage) -> None:
        message.deleted = True
        message.event = self.events.publish("deleted", {"message_id": message.id})
        message.shown = message.view(self.file_url)

    def find(self, message_id: int | None) -> StoredMessage | None:
        message = self.messages.get(message_id) if message_id is not None else None
        return None if message is None or message.deleted else message

    def show_typing(self, action: str) -> None:
        self._typing = (action, self.clock.now() + TYPING_SECONDS)
        self.events.publish("typing", {"action": action, "seconds": TYPING_SECONDS})

    @property
    def typing(self) -> str | None:
        if self._typing is None or self._typing[1] <= self.clock.now():
            return None
        return self._typing[0]

    def _tell(self, name: str, message: StoredMessage) -> None:
        message.event = self.events.next_id()
        message.shown = message.view(self.file_url)
        self.events.publish(name, message.shown, event_id=message.event)

    def view(self, *, limit: int, since: int = 0) -> list[JsonObject]:
        """The newest `limit` messages, oldest first; with `since`, those that changed after that event, deleted too."""
        found: list[JsonObject] = []
        for message in reversed(self.messages.values()):
            if len(found) == limit:
                break
            if message.event > since and (since or not message.deleted):
                found.append(message.shown)
        found.reverse()
        return found
