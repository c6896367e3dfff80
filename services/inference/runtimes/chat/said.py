"""What a server says of an error, in whatever form."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.inference.runtimes.chat.plain_text import storable
from services.inference.runtimes.chat.request_body import Json
from services.redaction import redact

MOST_KEPT: Final = 2_000  # characters for the journal
MOST_TOLD: Final = 300  # in a line for an operator
_TAGS: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`status`: of HTTP, or what the server wrote in its place into a stream; 0 where that is none. `words`: code and
    type. `kept`: its answer, for the journal. Nothing has the shop's key in it, which some servers repeat."""

    status: int
    message: str
    words: frozenset[str] = frozenset()
    kept: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    flagged: bool = False  # a moderator's reasons are told

    @property
    def line(self) -> str:
        told = " ".join(self.message.split())[:MOST_TOLD] or ", ".join(sorted(self.words)) or "no word"
        return f"{told} (HTTP {self.status})" if self.status else told


def said_by(status: int, text: str, headers: Mapping[str, str]) -> Said:
    """An answer with another status than 200."""
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict):
        return said_in(answer, status=status, headers=headers)
    text = redact(storable(text))
    page = " ".join(_TAGS.sub(" ", text).split())
    return Said(status=status, message=page[:MOST_KEPT], kept=text[:MOST_KEPT], headers=headers)


def said_in(answer: Json, *, status: int = 0, headers: Mapping[str, str] | None = None) -> Said:
    """An object with an error: OpenAI's, a flat one, FastAPI's, or a bare text."""
    error = answer.get("error")
    told = error if isinstance(error, dict) else answer if not error else {"message": error}
    code, kind, metadata = told.get("code"), told.get("type"), told.get("metadata")
    words = {word for word in (code, kind, told.get("status")) if isinstance(word, str) and word}
    detail = metadata if isinstance(metadata, dict) else {}
    message = told.get("message") or told.get("detail") or told.get("error") or ""
    return Said(
        status=status or _status(code) or _status(answer.get("status")) or _status(answer.get("code")),
        message=redact(storable(" ".join(map(str, filter(None, (_text(message), _text(detail.get("raw")))))))),
        words=frozenset(redact(storable(word)) for word in words),
        kept=redact(storable(json.dumps(answer, ensure_ascii=False)))[:MOST_KEPT],
        headers=headers or {},
        flagged=bool(detail.get("reasons")),
    )


def _status(code: Any) -> int:  # Any: JSON
    number = int(code) if isinstance(code, str) and re.fullmatch("[45][0-9]{2}", code) else code
    return number if isinstance(number, int) and 400 <= number <= 599 else 0


def _text(message: Any) -> str:  # Any: JSON
    return message if isinstance(message, str) else "" if message is None else json.dumps(message, ensure_ascii=False)
