"""Who signed a notification: https://developers.cloudpayments.ru/#proverka-uvedomleniy."""

import base64
import hmac
from urllib.parse import unquote_to_bytes


def signature(secret: str, message: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()


def is_signed(secret: str, body: bytes, *, content: str | None, decoded: str | None, is_form: bool) -> bool:
    """`content` is of the body as it came (`Content-HMAC`), `decoded` of the decoded form (`X-Content-HMAC`): encoding
    a form anew gives other bytes. What is shown has to be true, and one has to be shown."""
    plain = unquote_to_bytes(body.replace(b"+", b" ")) if is_form else body
    shown = [(given, message) for given, message in ((content, body), (decoded, plain)) if given is not None]
    true = [hmac.compare_digest(signature(secret, message).encode(), given.encode()) for given, message in shown]
    return bool(true) and all(true)
