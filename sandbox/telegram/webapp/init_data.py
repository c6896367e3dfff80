"""What Telegram tells a Mini App of who opened it, signed for the bot by its token, for others by a key."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNING_KEY = Ed25519PrivateKey.generate()
"""The sandbox's own: Telegram's is not to be had."""


def public_key() -> str:
    """Of the key for third parties, in hex, as Telegram's documentation gives its own."""
    return SIGNING_KEY.public_key().public_bytes_raw().hex()


def signed(fields: Mapping[str, str], *, token: str) -> str:
    """The query string of these fields with `signature` and `hash`."""
    bot_id = token.partition(":")[0]
    signature = SIGNING_KEY.sign(f"{bot_id}:WebAppData\n{_sorted(fields)}".encode())
    told = {**fields, "signature": urlsafe_b64encode(signature).rstrip(b"=").decode()}
    return urlencode({**told, "hash": hash_of(told, token=token)}, quote_via=quote, safe="")


def hash_of(fields: Mapping[str, str], *, token: str) -> str:
    secret = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    return hmac.new(secret, _sorted(fields).encode(), hashlib.sha256).hexdigest()


def compact_json(value: object) -> str:
    """As Telegram writes it: no spaces, slashes escaped, letters of any language as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def _sorted(fields: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
