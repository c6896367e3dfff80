"""What browsers are told to allow."""

from collections.abc import Sequence
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TELEGRAM_WEB: Final = "https://web.telegram.org"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


class SecurityHeaders:
    """On every answer that does not say otherwise. `framers`: origins besides Telegram's whose pages may show ours in a
    frame; `https`: the world comes by it."""

    def __init__(self, app: ASGIApp, *, framers: Sequence[str] = (), https: bool = False) -> None:
        self._app = app
        self._headers = {
            "content-security-policy": " ".join((POLICY, TELEGRAM_WEB, *framers)),
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
            "cross-origin-opener-policy": "same-origin-allow-popups",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(self), geolocation=(), microphone=(self), payment=()",
        }
        if https:
            self._headers["strict-transport-security"] = "max-age=31536000"

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
