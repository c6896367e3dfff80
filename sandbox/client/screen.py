"""What a person in a test sees: messages, buttons, answers to presses."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]  # Any: JSON of the control API, whose shapes README.md gives


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the bot answered to a press."""

    text: str | None = None
    show_alert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    text: str
    data: str | None = None
    url: str | None = None
    web_app: str | None = None
    pay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A Mini App that was opened: the address of its frame, and what it is told of who opened it."""

    url: str
    init_data: str


@dataclass(slots=True, kw_only=True)
class Message:
    id: int
    from_bot: bool
    text: str
    """The text, the caption, or what an invoice says."""
    html: str
    edits: int
    event: int
    rows: list[list[Button]] = field(default_factory=list)
    raw: JsonObject = field(repr=False)
    photo: bytes | None = field(default=None, repr=False)
    document: bytes | None = field(default=None, repr=False)

    @property
    def topic(self) -> int | None:
        """The thread of the chat that it stands in."""
        return self.raw.get("message_thread_id")

    @property
    def buttons(self) -> list[str]:
        return [button.text for row in self.rows for button in row]

    @property
    def file_name(self) -> str | None:
        return next((each["name"] for each in self.raw["sandbox"]["files"]), None)

    def button(self, label: str) -> Button | None:
        """The button with that text, or else the first that contains it."""
        everything = [button for row in self.rows for button in row]
        exact = (button for button in everything if button.text == label)
        partial = (button for button in everything if label in button.text)
        return next(exact, None) or next(partial, None)

    def holds(self, wanted: str | re.Pattern[str]) -> bool:
        """As a reader sees it: spaces that do not break are spaces."""
        text = _spaced(self.text)
        return _spaced(wanted) in text if isinstance(wanted, str) else wanted.search(text) is not None

    def __str__(self) -> str:
        who = "bot" if self.from_bot else "them"
        notes = [f"edited {self.edits}×"] if self.edits else []
        notes += [kind for kind in ("photo", "document", "sticker", "voice", "location") if kind in self.raw]
        lines = self.text.split("\n") or [""]
        head = f"#{self.id} {who}{' (' + ', '.join(notes) + ')' if notes else ''}: "
        body = ("\n" + " " * 6).join(lines)
        rows = "".join("\n      " + " ".join(f"[{button.text}]" for button in row) for row in self.rows)
        return head + body + rows


def read_message(raw: JsonObject) -> Message:
    extra = raw["sandbox"]
    keyboard = raw.get("reply_markup", {}).get("inline_keyboard", [])
    return Message(
        id=raw["message_id"],
        from_bot=extra["from_bot"],
        text=raw.get("text") or raw.get("caption") or _invoice_text(raw),
        html=extra["html"],
        edits=extra["edits"],
        event=extra["event"],
        rows=[[_read_button(each) for each in row] for row in keyboard],
        raw=raw,
    )


def _invoice_text(raw: JsonObject) -> str:
    invoice = raw.get("invoice")
    return f"{invoice['title']}\n{invoice['description']}" if invoice else ""


def _read_button(raw: JsonObject) -> Button:
    app = raw.get("web_app", {}).get("url")
    return Button(
        text=raw["text"], data=raw.get("callback_data"), url=raw.get("url"), web_app=app, pay=raw.get("pay", False)
    )


def transcript(messages: Iterable[Message], *, last: int = 8) -> str:
    shown = list(messages)[-last:]
    return "\n".join(f"  {each}" for each in shown) or "  (nothing)"


def _spaced(text: str) -> str:
    return text.replace("\u00a0", " ")
