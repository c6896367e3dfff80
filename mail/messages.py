"""What a letter says, and the message that it becomes: plain text first, and the same as HTML."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from i18n.text import cut_plain
from i18n.translator import Html, Translator
from mail.server import MailSender

TEMPLATES: Final = Path(__file__).parent / "templates"
LONGEST_SUBJECT: Final = 150
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`url`: whole."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`subject`: plain. `paragraphs`: as a chat would show them, a line break for each line. `link`: the one thing to
    do. `notes`: what is said below, small."""

    subject: str
    paragraphs: tuple[Html, ...]
    link: Link | None = None
    notes: tuple[Html, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """`message_id`: without brackets; who gets the same one twice is shown it once."""

    sender: MailSender
    recipient: str
    message_id: str
    at: datetime


class _Policy(EmailPolicy):
    """Python 3.11 loses spaces where it folds long headers that are not ASCII: the older `Header` does not."""

    def fold(self, name: str, value: Any) -> str:  # Any: headers of several types
        words, rest = str(value), ""
        if name.lower() in ("from", "reply-to"):
            (address,) = value.addresses
            words, rest = address.display_name, f"\r\n <{address.addr_spec}>"
        if words.isascii():
            return str(super().fold(name, value))
        encoded = Header(words, "utf-8", header_name=name).encode(linesep="\r\n")
        return f"{name}: {encoded}{rest}\r\n"

    def fold_binary(self, name: str, value: Any) -> bytes:  # Any: as above
        return self.fold(name, value).encode("ascii")


_POLICY: Final = _Policy(linesep="\r\n", cte_type="7bit")


def compose(words: Words, envelope: Envelope, tr: Translator, *, site: str) -> bytes:
    """As it goes over the wire. `site`: the address that the shop has in the world."""
    message = EmailMessage(policy=_POLICY)
    sender = Address(display_name=envelope.sender.name, addr_spec=envelope.sender.address)
    message["From"] = sender
    message["To"] = Address(addr_spec=envelope.recipient)
    message["Reply-To"] = sender
    message["Subject"] = _header(words.subject)
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.message_id}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's holiday answers it
    message["X-Auto-Response-Suppress"] = "All"  # Exchange's own word for that
    shown = {"words": words, "tr": tr, "site": site, "name": envelope.sender.name}
    message.set_content(_templates().get_template("letter.txt").render(shown))
    message.add_alternative(_templates().get_template("letter.html").render(shown), subtype="html")
    message["Content-Language"] = tr.language  # last: what begins so would go to the first part
    return message.as_bytes()


def plain(text: Html) -> str:
    """Without tags, each of which is taken for its words alone."""
    return unescape(_TAG.sub("", text))


def _header(text: str) -> str:
    """On one line, and nothing in it that ends a header."""
    return cut_plain("".join(char if char.isprintable() else " " for char in text), LONGEST_SUBJECT)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    made.filters["plain"] = plain
    made.filters["lines"] = lambda text: Markup(str(text).replace("\n", "<br>\n"))  # noqa: S704 - it is Html
    return made
