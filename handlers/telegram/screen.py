"""What a chat shows at one moment, without Telegram: made by pure functions, sent by `bot.sender`."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`action` is callback data (1–64 bytes) or, with `url` or `pays`, not used. `pays`: the invoice above it."""

    text: str
    action: str = ""
    url: str | None = None
    pays: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that arrives as it is, where a photo is made smaller and opaque. `voice`: the same to listen to at once,
    as Opus in Ogg; who may not be sent voice messages gets the file."""

    name: str
    content: bytes = field(repr=False)
    voice: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Paid in Stars without leaving the chat; a message of its own kind, which nothing else becomes. `title`: 1 to 32
    characters; `payload` comes back with the money."""

    title: str
    payload: str
    stars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntity:
    """A part of a text that looks otherwise, as Telegram tells it; `offset` and `length` count UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """`text` is Telegram HTML, or plain where there are `entities`; with `photo` (PNG or JPEG bytes) or `document`, of
    which there is at most one, it is the caption. `photo_name`: of the file that it becomes where it is refused.
    `speaks`: the text alone says something, too. `instead`: what says it where the file is refused. With `invoice` it
    is plain, at most 255 characters, and the first button pays."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    photo: bytes | None = field(default=None, repr=False)
    photo_name: str = "picture.png"
    document: Document | None = None
    speaks: bool = True
    instead: "Screen | None" = None
    entities: tuple[TextEntity, ...] | None = None
    invoice: Invoice | None = None

    def plainer(self) -> "Screen | None":
        """The same in the next plainer form, for a chat that does not take it as it is: a photo or a voice
        message as a file, a file as the words about it, formatted words as plain ones. None where there is none."""
        if self.entities:
            return replace(self, entities=())
        if self.photo is not None:
            return replace(self, photo=None, document=Document(name=self.photo_name, content=self.photo))
        if self.document is not None and self.document.voice is not None:
            return replace(self, document=replace(self.document, voice=None))
        if self.document is not None and self.instead is not None:
            return self.instead
        if self.document is not None and self.speaks:
            return replace(self, document=None)
        return None
