"""What a server's refusal means: statuses differ from server to server, so it is what they say that counts."""

import json
import re
from typing import Any, Final

from services.errors import ShopError
from services.inference.errors import ModelBroken, RunFailed, ServerAway
from services.inference.runtimes.missing import judge_missing

MOST: Final = 300  # characters of a complaint
KEY: Final = 'Write headers = { Authorization = "env:NAME" } in its [runtime], and set that variable'
_AWAY: Final = re.compile(
    r"not ready|no available versions|unknown model|\bmodel\b.{0,80}\b(not found|not loaded|unavailable|loading)\b",
    re.IGNORECASE,
)
_PASSING: Final = re.compile(
    r"out of memory|oom\b|alloc|process stopped|exit code|time.?out|timed out|queue|overload|try again|cancel|"
    r"shutting down|connection|too many",
    re.IGNORECASE,
)
_REFUSED: Final = re.compile(
    r"shape|data.?type|dtype|invalid|unexpected|expect|pars|must|should|support|batch|missing|dimension|value|type|decode",
    re.IGNORECASE,
)


def judge(status: int, raw: bytes) -> ShopError:
    """The error for an answer that is none: the customer is paid back, or it is tried again, or the server is away."""
    told = complaint(raw)
    said = f"{told} (HTTP {status})" if told else f"HTTP {status}"
    if status in {401, 403, 407}:
        return ModelBroken(problem=f"the server does not let the shop in: {said}", fix=KEY)
    if missing := judge_missing(status, said):
        return missing
    if status in {502, 503, 504} or status < 400 or _AWAY.search(told):
        return ServerAway(problem=said)
    if status == 413:
        return RunFailed(problem=f"the server takes no request of that size: {said}")
    if status in {408, 425, 429} or _PASSING.search(told):
        return RunFailed(problem=said, retryable=True)
    return RunFailed(problem=said, retryable=status >= 500 and not _REFUSED.search(told))


def complaint(raw: bytes) -> str:
    """One line of it: `{"error": …}`, `{"detail": …}`, the last line of a traceback, the title of a page."""
    text = raw[:100_000].decode("utf-8", "replace").strip()
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        text = _of_document(document)
    elif is_page(raw):
        title = re.search(r"<(title|h1)>(.*?)</", text, re.IGNORECASE | re.DOTALL)
        text = f"a web page: {title[2]}" if title else "a web page"
    elif text:
        text = text.splitlines()[-1]
    line = " ".join(text.split())
    return line if len(line) <= MOST else f"{line[: MOST - 1]}…"


def is_page(raw: bytes) -> bool:
    return raw.lstrip()[:1] == b"<"


def _of_document(document: dict[str, Any]) -> str:  # Any: JSON
    told = next((document[key] for key in ("error", "detail", "message") if document.get(key)), "")
    if isinstance(told, list):
        told = "; ".join(str(each.get("msg", each)) if isinstance(each, dict) else str(each) for each in told[:3])
    if isinstance(told, dict):
        told = told.get("message", told)
    return str(told)
