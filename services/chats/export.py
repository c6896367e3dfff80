"""A conversation to take along."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject
from db.tables.chats import FinishReason, Sender
from services.chats.rows import IN_USE, messages

MARKDOWN: Final = "md"
JSON: Final = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWords:
    """In the customer's language: who spoke, why an answer ended early, when."""

    customer: str
    assistant: str
    ended: Mapping[FinishReason, str]
    moment: Callable[[datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedMessage:
    """`price` in hundredths of a credit, the tokens and `finish` of an answer; `estimated`: nobody counted them."""

    sender: Sender
    text: str
    price: int | None
    finish: FinishReason | None
    prompt_tokens: int | None
    completion_tokens: int | None
    estimated: bool
    created_at: datetime


_lines = (
    select(
        messages.c.sender,
        messages.c.text,
        messages.c.price,
        messages.c.finish,
        messages.c.prompt_tokens,
        messages.c.completion_tokens,
        messages.c.estimated,
        messages.c.created_at,
    )
    .where(messages.c.session_id == bindparam("session"), messages.c.text.is_not(None), IN_USE)
    .order_by(messages.c.number)
)


def read_lines(session: Session, session_id: UUID) -> list[ExportedMessage]:
    """In their order, but for what was edited away or answered anew."""
    return [_line(row) for row in session.execute(_lines, {"session": session_id})]


def _line(row: AnyRow) -> ExportedMessage:
    finish = None if row.finish is None else FinishReason(row.finish)
    return ExportedMessage(
        **{**row._mapping, "sender": Sender(row.sender), "finish": finish, "estimated": bool(row.estimated)}
    )


def as_markdown(title: str, lines: Sequence[ExportedMessage], words: ExportWords) -> bytes:
    """Who spoke stands above what was said, why it ended early below."""
    return "\n\n".join([f"# {title}", *(_said(line, words) for line in lines), ""]).encode()


def _said(line: ExportedMessage, words: ExportWords) -> str:
    who = words.customer if line.sender is Sender.USER else words.assistant
    said = f"### {who} · {words.moment(line.created_at)}\n\n{line.text}"
    ended = None if line.finish is None else words.ended.get(line.finish)
    return said if ended is None else f"{said}\n\n*{ended}*"


def as_json(title: str, lines: Sequence[ExportedMessage], words: ExportWords) -> bytes:
    """Times in ISO 8601, prices in credits as text."""
    content = {"title": title, "assistant": words.assistant, "messages": [_facts(line) for line in lines]}
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def _facts(line: ExportedMessage) -> JsonObject:
    facts: JsonObject = {
        "sender": line.sender.value,
        "text": line.text,
        "created_at": line.created_at.isoformat(),
        "price": None if line.price is None else f"{line.price // 100}.{line.price % 100:02}",
        "finish": line.finish and line.finish.value,
        "prompt_tokens": line.prompt_tokens,
        "completion_tokens": line.completion_tokens,
        "estimated": line.estimated or None,
    }
    return {name: fact for name, fact in facts.items() if fact is not None}
