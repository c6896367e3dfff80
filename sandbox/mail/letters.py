"""A letter as its reader sees it."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTPUTF8
from html import unescape
from typing import Any, Final

JsonObject = dict[str, Any]  # Any: the values of a JSON object

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"')\]]+")
_HREF: Final = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HEAD: Final = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
_UNREADABLE: Final = (MessageError, LookupError, ValueError, AttributeError)
"""What the library raises of headers and parts that are broken enough."""
_NEW_TAB: Final = '<base target="_blank">'


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    n: int
    at: float
    sender: str
    """Of the envelope."""
    to: tuple[str, ...]
    """Of the envelope: whom it really goes to."""
    login: str | None
    raw: bytes
    subject: str
    headers: tuple[tuple[str, str], ...]
    text: str | None
    html: str | None

    @property
    def links(self) -> list[str]:
        """The text's and then the HTML's, each once."""
        of_html = (unescape(found[0] or found[1]) for found in _HREF.findall(self.html or ""))
        found = [*_ADDRESS.findall(self.text or ""), *of_html]
        return list(dict.fromkeys(each.rstrip(".,;") for each in found if each.startswith(("http://", "https://"))))

    def summary(self) -> JsonObject:
        return {"n": self.n, "at": self.at, "from": self.sender, "to": list(self.to), "subject": self.subject}

    def view(self) -> JsonObject:
        parts = {"text": self.text, "html": self.html, "links": self.links, "size": len(self.raw)}
        headers = [list(each) for each in self.headers]
        return {**self.summary(), **parts, "headers": headers, "login": self.login}

    def page(self) -> str:
        """The HTML part, whose links open in tabs of their own."""
        html = self.html or ""
        opened = _HEAD.search(html)
        return html[: opened.end()] + _NEW_TAB + html[opened.end() :] if opened else _NEW_TAB + html


def read_letter(raw: bytes, *, n: int, at: float, sender: str, to: tuple[str, ...], login: str | None) -> Letter:
    message = message_from_bytes(raw, policy=SMTPUTF8)
    headers = tuple((name, _header(message, name, value)) for name, value in message.raw_items())
    subject = next((value for name, value in headers if name.lower() == "subject"), "")
    return Letter(
        n=n,
        at=at,
        sender=sender,
        to=to,
        login=login,
        raw=raw,
        subject=subject,
        headers=headers,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _header(message: EmailMessage, name: str, value: Any) -> str:  # Any: as the library keeps it
    try:
        return str(message.policy.header_fetch_parse(name, value))
    except _UNREADABLE:
        return str(value)


def _part(message: EmailMessage, kind: str) -> str | None:
    """None where there is none; what cannot be read, as it came."""
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    try:
        return str(part.get_content())
    except _UNREADABLE:
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(part.get_payload())
