"""What a server's refusal means, and whose fault it is."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from services.inference.errors import (
    ContextTooLong,
    InferenceError,
    ModelBroken,
    PictureRefused,
    RequestRefused,
    RunFailed,
    ServerAway,
)
from services.inference.runtimes.chat.said import Said

LONGEST_PAUSE: Final = 3600.0  # seconds
_TOO_LONG: Final = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_TOO_LONG_TEXT: Final = re.compile(
    r"context[ _]?(length|window|size)|ContextWindowExceeded|prompt is too long|too many (input )?tokens"
    r"|input is too long|tokens? \+ .{0,40} must be <=?",
    re.IGNORECASE,
)
_REFUSALS: Final = frozenset({"content_filter", "content_policy_violation", "moderation_blocked"})
_REFUSAL_TEXT: Final = re.compile(r"\b(moderation|content (management )?policy|was flagged)\b", re.IGNORECASE)
_QUOTA: Final = frozenset(
    {
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active"),
        *("exceeded_current_quota_error", "insufficient_balance", "insufficient_credits"),
    }
)
_QUOTA_TEXT: Final = re.compile(
    r"insufficient (balance|credits?|funds|quota)|exceeded your current quota", re.IGNORECASE
)
_KEY: Final = frozenset({"invalid_api_key", "no_db_connection", "authentication_error"})
_MODEL: Final = frozenset({"model_not_found", "model_not_available"})
_MODEL_TEXT: Final = re.compile(
    r"invalid model name|model\b.{0,200}?\b(does not exist|not found)", re.IGNORECASE | re.DOTALL
)
_PICTURE_TEXT: Final = re.compile(
    r"image (input|content)|image_url|images? (is|are) not|vision|multimodal|mmproj", re.IGNORECASE
)
_LIMIT_FIELD_TEXT: Final = re.compile(r"use '?\"?(max_completion_tokens|max_tokens)\b", re.IGNORECASE)
_MAY_PASS: Final = frozenset({408, 409, 425, 429})
_AWAY: Final = frozenset({502, 503, 529})


def judge(said: Said, *, pictures: bool = False) -> InferenceError:
    """The error for a refusal; `pictures`: some were sent."""
    error = _blame(said) or _customers(said, pictures=pictures) or _passing(said)
    error.facts = {"status_code": said.status or None, "body": said.kept}
    return error


def _customers(said: Said, *, pictures: bool) -> InferenceError | None:
    """What cannot be answered as it was asked."""
    if said.status == 429:
        return None
    if said.status == 413 or said.words & _TOO_LONG or _TOO_LONG_TEXT.search(said.message):
        return ContextTooLong(problem=said.line)
    if said.flagged or said.words & _REFUSALS or (said.status in {400, 403} and _REFUSAL_TEXT.search(said.message)):
        return RequestRefused(problem=said.line)
    if pictures and _PICTURE_TEXT.search(said.message):
        return PictureRefused(problem=said.line)
    if said.status in {401, 403}:
        fix = "Check the variable that key names, and whether the server takes calls from this country"
        return ModelBroken(problem=f"the server does not let the shop in: {said.line}", fix=fix)
    return None


def _blame(said: Said) -> ModelBroken | None:
    """What an operator must mend, whoever asks for what."""
    if said.status == 402 or said.words & _QUOTA or _QUOTA_TEXT.search(said.message):
        return ModelBroken(problem=f"the account at the server is used up: {said.line}", fix="Pay for more there")
    if said.words & _KEY:
        fix = "Check the variable that key names"
        return ModelBroken(problem=f"the server does not let the shop in: {said.line}", fix=fix)
    if said.words & _MODEL or said.status in {404, 405} or (said.status == 400 and _MODEL_TEXT.search(said.message)):
        return ModelBroken(problem=f"the server does not have that: {said.line}", fix="Correct url or model")
    if 300 <= said.status < 400:
        place = said.headers.get("location", "")[:200]
        return ModelBroken(problem=f"the server sends elsewhere: {place} (HTTP {said.status})", fix="Correct url")
    return _unfit(said) if said.status in {400, 422} else None


def _unfit(said: Said) -> ModelBroken | None:
    """A key of the manifest that this server does not take."""
    if (wanted := _LIMIT_FIELD_TEXT.search(said.message)) is not None:
        return ModelBroken(problem=said.line, fix=f'Write limit_field = "{wanted[1]}"')
    if "temperature" in said.message:
        return ModelBroken(problem=said.line, fix="Remove temperature, or choose another")
    return None


def _passing(said: Said) -> InferenceError:
    if said.status in _AWAY:
        return ServerAway(problem=said.line)
    may_pass = said.status in _MAY_PASS or said.status >= 500 or not said.status
    return RunFailed(problem=said.line, retryable=may_pass, retry_after=pause_told(said.headers))


def pause_told(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds, at most an hour: of `retry-after-ms`, or of `Retry-After` in seconds or as a date."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        told = headers.get(name, "").strip()
        if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", told):
            return min(float(told) * unit, LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - (now or datetime.now(UTC))).total_seconds(), 0.0), LONGEST_PAUSE)


def refuses_usage(said: Said) -> bool:
    """Whether nothing but the wish for the count of tokens stood in the way."""
    return said.status in {400, 422} and re.search("stream_options|include_usage", said.kept) is not None
