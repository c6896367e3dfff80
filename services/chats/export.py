"""A conversation to take along."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.tables.chats import Sender
from services.chats.rows import IN_USE, messages

MARKDOWN: Final = "md"
JSON: Final = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """`price` in hundredths of a credit, of an answer."""

    sender: Sender
    text: str
    price: int | None
    created_at: datetime


_lines = (
    select(messages.c.sender, messages.c.text, messages.c.price, messages.c.created_at)
    .where(messages.c.session_id == bindparam("session"), messages.c.text.is_not(None), IN_USE)
    .order_by(messages.c.number)
)


def read_lines(session: Session, session_id: UUID) -> list[ExportedMessage]:
    """In their order, but for what was edited away or answered anew."""
    rows = session.execute(_lines, {"session": session_id})
    return [
        ExportedMessage(sender=Sender(row.sender), text=row.text, price=row.price, created_at=row.created_at)
        for row in rows
    ]


def as_markdown(title: str, lines: Sequence[ExportedMessage]) -> bytes:
    """Who spoke stands above what was said."""
    said = [f"### {line.sender.value} · {line.created_at:%Y-%m-%d %H:%M} UTC\n\n{line.text}" for line in lines]
    return "\n\n".join([f"# {title}", *said, ""]).encode()


def as_json(title: str, lines: Sequence[ExportedMessage]) -> bytes:
    """Times in ISO 8601, prices in credits as text."""
    said = [
        {
            "sender": line.sender.value,
            "text": line.text,
            "created_at": line.created_at.isoformat(),
            **({} if line.price is None else {"price": f"{line.price // 100}.{line.price % 100:02}"}),
        }
        for line in lines
    ]
    return json.dumps({"title": title, "messages": said}, ensure_ascii=False, indent=2).encode()
