"""A browser without a screen: pages and the API of a running shop, as somebody who is signed in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final

import httpx
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from db.base import table_of
from db.tables.identities import SessionKind, WebSession
from services.identity.sessions import Device
from services.identity.tokens import hash_token
from web.kit.cookies import SESSION

PATIENT: Final[dict[str, Any]] = {
    "timeout": 30.0,
    "verify": False,
}  # by HTTP alone; certificates would take 40 ms to load
SAME_ORIGIN = {"sec-fetch-site": "same-origin"}


@asynccontextmanager
async def browser(
    app: App, user_id: int | None = None, *, second_factor: bool = True, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """`user_id`: who is signed in, None for a stranger; `second_factor`: whether they have shown one; `more` goes to
    the client, hence Any. Cookies that it is given it keeps, but not together with `user_id`."""
    headers = dict(SAME_ORIGIN)
    if user_id is not None:
        token = await app.services.web_sessions.begin(user_id, SessionKind.BROWSER, Device(agent="a test"))
        if second_factor:
            await app.db.write(show_factor, token, app.clock())
        headers["cookie"] = f"{SESSION}={token}"
    here = f"http://127.0.0.1:{app.web_port}"
    async with httpx.AsyncClient(base_url=here, headers=headers, **(PATIENT | more)) as client:
        client.event_hooks["request"].append(partial(_show_cookies, client))
        yield client


def show_factor(session: Session, token: str, now: datetime) -> None:
    """The session with this token has shown a second factor."""
    sessions = table_of(WebSession)
    mine = sessions.c.token_hash == hash_token(token)
    session.execute(update(sessions).where(mine).values(second_factor_at=now))


async def _show_cookies(client: httpx.AsyncClient, request: httpx.Request) -> None:
    """As browsers do, this machine is trusted with `Secure` ones."""
    if "cookie" not in request.headers and (kept := list(client.cookies.jar)):
        request.headers["cookie"] = "; ".join(f"{each.name}={each.value}" for each in kept)
