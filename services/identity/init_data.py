"""Who opens the Mini App, as Telegram says it: `initData`, signed with the bot's token.

The age cannot be strict: clients hand out old data for up to a day. So it is exchanged once for a session of ours."""

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from services.errors import N_, ShopError
from services.users.accounts import MAX_TELEGRAM_ID

OLDEST: Final = timedelta(hours=24)
SKEW: Final = timedelta(minutes=5)  # of clocks
MAX_LENGTH: Final = 8_192  # characters; Telegram's own have under two thousand


class InitDataRefused(ShopError):
    """Not from Telegram, or not for this bot."""

    message = N_("Telegram did not say who you are. Please close this page and open it again from the chat.")


class InitDataTooOld(InitDataRefused):
    message = N_("This page was open for too long. Please close it and open it again from the chat.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Who opened it; `start_param` of a `startapp` link; `language_code` as Telegram has it."""

    telegram_id: int
    username: str | None
    first_name: str
    language_code: str | None
    start_param: str | None
    auth_date: datetime


def read_init_data(init_data: str, token: str, now: datetime) -> Launch:
    """`token`: the bot's. Raises `InitDataRefused`, `InitDataTooOld`."""
    fields = _fields(init_data)
    signed = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()) if name != "hash")
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    expected = hmac.new(secret, signed.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(fields.get("hash", "").encode(), expected.encode()):
        raise InitDataRefused()
    launch = _launch(fields)
    if not now - OLDEST <= launch.auth_date <= now + SKEW:
        raise InitDataTooOld(auth_date=launch.auth_date)
    return launch


def _fields(init_data: str) -> dict[str, str]:
    """Empty ones are signed, too. What is told twice could be read in two ways."""
    if len(init_data) > MAX_LENGTH:
        raise InitDataRefused()
    try:
        pairs = parse_qsl(init_data, keep_blank_values=True, strict_parsing=True, errors="strict")
        init_data.encode()
    except ValueError as error:  # UnicodeError is one
        raise InitDataRefused() from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise InitDataRefused()
    return fields


def _launch(fields: dict[str, str]) -> Launch:
    """It is Telegram's own by now, but not all launches have a person."""
    try:
        user = json.loads(fields["user"])
        telegram_id, auth_date = user["id"], datetime.fromtimestamp(int(fields["auth_date"]), UTC)
        if type(telegram_id) is not int or not 0 < telegram_id <= MAX_TELEGRAM_ID or user.get("is_bot"):
            raise InitDataRefused()
        username, language = user.get("username"), user.get("language_code")
        return Launch(
            telegram_id=telegram_id,
            username=str(username)[:64] if username else None,
            first_name=str(user.get("first_name", ""))[:64],
            language_code=str(language) if language else None,
            start_param=fields.get("start_param") or None,
            auth_date=auth_date,
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, OSError) as error:
        raise InitDataRefused() from error
