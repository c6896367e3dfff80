"""What browsers are told to allow."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TELEGRAM_WEB: Final = "https://web.telegram.org"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def security_headers(*, framers: Sequence[str] = (), https: bool = False) -> Mapping[str, str]:
    """`framers`: origins besides Telegram's whose pages may show ours in a frame; `https`: the world comes by it."""
    headers = {
        "content-security-policy": " ".join((POLICY, TELEGRAM_WEB, *framers)),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin-allow-popups",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(self), geolocation=(), microphone=(self), payment=()",
    }
    return headers | {"strict-transport-security": "max-age=31536000"} if https else headers


class SecurityHeaders:
    """On every answer that does not say otherwise, but those to errors that nobody caught: these are made outside of
    all middlewares."""

    def __init__(self, app: ASGIApp, *, headers: Mapping[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
