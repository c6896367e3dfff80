"""A browser without a screen: pages and the API of a running shop, as somebody who is signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bot.app import App
from db.tables.identities import SessionKind
from services.identity.sessions import Device
from web.kit.cookies import SESSION

SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


@asynccontextmanager
async def browser(app: App, user_id: int | None = None, **more: Any) -> AsyncIterator[httpx.AsyncClient]:
    """`user_id`: who is signed in, None for a stranger; `more` goes to the client, hence Any. httpx sends no cookie
    that is `Secure` over plain HTTP, so this one is a header."""
    headers = dict(SAME_ORIGIN)
    if user_id is not None:
        token = await app.services.web_sessions.begin(user_id, SessionKind.BROWSER, Device(agent="a test"))
        headers["cookie"] = f"{SESSION}={token}"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{app.web_port}", headers=headers, **more) as client:
        yield client
