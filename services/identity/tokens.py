"""Secrets that somebody shows to get in: random, and kept as a hash alone. A hash that is quick is right for what is
random; passwords have another one."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = 43  # characters
MAX_TOKEN: Final = 128  # characters; longer ones are nobody's

NewToken = Callable[[], str]


def new_token() -> str:
    """43 characters of `[A-Za-z0-9_-]`."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """64 hexadecimal digits; whatever a stranger shows has one."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
