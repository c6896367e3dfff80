"""Addresses of other services, as an operator writes them."""

import re
from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            re.fullmatch(r"https?://[^\s?#@]+", text) is not None
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:  # a port that is none, half an IPv6 address
        return False


def is_redis_address(text: str) -> bool:
    from redis.connection import parse_url  # most shops have none

    try:
        parse_url(text)  # type: ignore[no-untyped-call]  # the package tells no types here
    except ValueError:
        return False
    return True
