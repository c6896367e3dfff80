"""What a chat shows at one moment, without Telegram: made by pure functions, sent by `bot.sender`."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """`action` is callback data (1–64 bytes) or, with `url`, not used."""

    text: str
    action: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """`text` is Telegram HTML; with `photo` (PNG or JPEG bytes) it is the caption."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    photo: bytes | None = field(default=None, repr=False)
