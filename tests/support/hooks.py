"""Somebody who wants to be told: a server on this machine, and what came there."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = tuple[int, dict[str, str], str]


@dataclass(slots=True)
class Hooks:
    """`answers`: the next ones, else 200. `gate`: closed, nobody is answered."""

    url: str = ""
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.came.append(({name.lower(): value for name, value in request.headers.items()}, body))
        await self.gate.wait()
        status, headers, text = self.answers.pop(0) if self.answers else (200, {}, "ok")
        return web.Response(status=status, headers=headers, text=text)

    async def heard(self) -> bool:
        return bool(self.came)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.came]


def is_signed(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """As Standard Webhooks 1.0 says, written from its text."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()


@asynccontextmanager
async def open_hooks() -> AsyncIterator[Hooks]:
    hooks = Hooks()
    hooks.gate.set()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", hooks.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hooks.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
    try:
        yield hooks
    finally:
        await runner.cleanup()
