"""A sandbox in the test's event loop, a world with its inference server, and a raw client of the protocol."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from sandbox.client.inference import Inference
from tests.integration import servers


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    status: int
    body: bytes
    content_type: str
    json_bytes: int | None

    @property
    def json(self) -> Any:  # Any: JSON
        return json.loads(self.body if self.json_bytes is None else self.body[: self.json_bytes])


Ask = Callable[..., Awaitable[Told]]


server = pytest.fixture(servers.inference)


@pytest.fixture
async def ask(server: Inference) -> AsyncIterator[Ask]:
    """`await ask("models/iris", …)`: with a body it is posted; `tail` comes behind it as raw bytes."""

    async def asked(path: str, body: Any = None, *, tail: bytes | None = None, **headers: str) -> Told:
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        if tail is not None and raw is not None:
            headers["Inference-Header-Content-Length"] = str(len(raw))
            raw += tail
        method = "GET" if raw is None else "POST"
        async with http.request(method, f"{server.url}/v2{path}", data=raw, headers=headers) as answer:
            json_bytes = answer.headers.get("Inference-Header-Content-Length")
            return Told(
                status=answer.status,
                body=await answer.read(),
                content_type=answer.content_type,
                json_bytes=None if json_bytes is None else int(json_bytes),
            )

    async with aiohttp.ClientSession() as http:
        yield asked
