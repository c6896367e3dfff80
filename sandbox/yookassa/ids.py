"""Ids as YooKassa makes them: a time in front, then what looks like a UUID."""

import secrets
import uuid

EPOCH = 946_728_000  # noon of 1 January 2000, UTC: where the time in the ids of its samples begins


def new_payment_id(now: float) -> str:
    return _timed(now, "000f-5000-8000")


def new_refund_id(now: float) -> str:
    return _timed(now, "0015-5000-8000")


def new_error_id() -> str:
    return str(uuid.uuid4())


def _timed(now: float, middle: str) -> str:
    return f"{int(now) - EPOCH & 0xFFFFFFFF:08x}-{middle}-{secrets.token_hex(6)}"
