"""One path, however its slashes are written."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send


class OneSpelling:
    """`/webhooks/yookassa/` and `//webhooks/yookassa` are `/webhooks/yookassa`: who calls it follows no redirect."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["path"] = re.sub("/+", "/", scope["path"]).rstrip("/") or "/"
        await self._app(scope, receive, send)
