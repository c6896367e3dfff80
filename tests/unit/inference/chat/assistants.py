"""Assistants for tests, and what they answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.inference.chat import ChatEvent, ChatRequest, ChatRole, ChatTurn, StreamEnd, TextDelta
from services.inference.runtimes.chat.runtime import Assistant
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.manifest import Manifest

HELLO = ChatRequest(turns=[ChatTurn(role=ChatRole.USER, text="Hello")], max_tokens=64)


def manifest_of(url: str, **runtime: Any) -> Manifest:
    spec = ChatSpec.model_validate(
        {"kind": "chat", "url": url, "model": "sage-1", "context": 8192, "timeout": 10.0, **runtime}
    )
    head = {"slug": "sage", "version": "1", "title": "Sage", "price": "0"}
    return Manifest.model_validate({**head, "runtime": spec})


@asynccontextmanager
async def assistant(url: str, **runtime: Any) -> AsyncGenerator[Assistant, None]:
    opened = Assistant(manifest_of(url, **runtime), Path())
    try:
        yield opened
    finally:
        await opened.close()


@dataclass
class Heard:
    text: str
    end: StreamEnd | None = None
    error: Exception | None = None


def put(heard: Heard, event: ChatEvent) -> None:
    assert heard.end is None, "nothing comes behind the end"
    if isinstance(event, TextDelta):
        assert event.text
        heard.text += event.text
    else:
        heard.end = event


async def hear(runtime: Assistant, request: ChatRequest = HELLO) -> Heard:
    """All of an answer, with the error that it ended with."""
    heard = Heard("")
    try:
        async for event in runtime.stream(request):
            put(heard, event)
    except Exception as error:  # noqa: BLE001 - a test looks at it
        heard.error = error
    else:
        assert heard.end is not None
    return heard
