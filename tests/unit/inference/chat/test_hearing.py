"""Voice messages at a server of the transcriptions API, byte by byte."""

import asyncio
from typing import Any

import pytest

from services.inference.errors import (
    BadOutput,
    InferenceError,
    ModelBroken,
    ModelUnavailable,
    NothingHeard,
    RequestRefused,
    RunFailed,
    ServerAway,
    SoundRefused,
    StreamCut,
)
from tests.support.waiting import until
from tests.unit.inference.chat.assistants import assistant
from tests.unit.inference.chat.server import ChatServer, Reply, refusal
from tests.unit.inference.chat.test_limits import is_asked
from tests.unit.inference.chat.test_refusals import openai

SOUND = b"OggS and so on"
EARS: dict[str, Any] = {"transcription": "ear-1"}


def told(body: str | bytes) -> Reply:
    return Reply([body if isinstance(body, bytes) else body.encode()], kind="application/json")


async def test_what_is_sent_and_what_is_heard(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_KEY", "sk-of-ears")
    server.replies = [told('{"text": " \\u0000Привет,\\ud800 как дела?\\n", "usage": {"type": "duration"}}')]
    async with assistant(server.url, key="env:SAGE_KEY", **EARS) as sage:
        assert await sage.transcribe(SOUND) == "Привет,\ufffd как дела?"
    (asked,) = server.posts
    assert asked.line == "POST /v1/audio/transcriptions HTTP/1.1"
    assert asked.headers["authorization"] == "Bearer sk-of-ears"
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    for part in (b'name="model"\r\n\r\near-1\r\n', b'name="response_format"\r\n\r\njson\r\n', SOUND):
        assert part in asked.raw
    assert b'name="file"; filename="voice.ogg"\r\nContent-Type: audio/ogg' in asked.raw


REFUSED: dict[str, tuple[Reply, type[InferenceError]]] = {
    "a key": (refusal(401, openai("Incorrect API key provided", "invalid_api_key")), ModelBroken),
    "no money": (refusal(429, openai("You exceeded your current quota", "insufficient_quota")), ModelBroken),
    "no ears": (refusal(404, "<html>404 Not Found</html>"), ModelBroken),
    "a format": (refusal(400, openai("The audio file could not be decoded")), SoundRefused),
    "a format, FastAPI": (refusal(422, {"detail": "Invalid file"}), SoundRefused),
    "a size": (refusal(413, openai("Maximum content size limit exceeded")), SoundRefused),
    "moderation": (refusal(400, openai("filtered", "content_filter")), RequestRefused),
    "too many": (refusal(429, openai("Rate limit reached", "rate_limit_exceeded")), RunFailed),
    "a fault": (refusal(500, openai("The server had an error")), RunFailed),
    "away": (refusal(503, openai("Loading model")), ServerAway),
    "a page": (Reply([b"<html>Sign in</html>"], kind="text/html"), ServerAway),
    "200 with an error": (told('{"error": {"message": "Provider returned error", "code": 502}}'), ServerAway),
    "no JSON": (told("well"), BadOutput),
    "no text": (told('{"text": null}'), BadOutput),
    "a list": (told("[]"), BadOutput),
    "silence": (told('{"text": " \\n"}'), NothingHeard),
    "too much": (told(b'{"text": "' + b"x" * 1_000_001 + b'"}'), StreamCut),
    "cut": (Reply([b'{"te'], kind="application/json", cut=True), StreamCut),
}


@pytest.mark.parametrize(("reply", "error"), REFUSED.values(), ids=REFUSED)
async def test_refused(server: ChatServer, reply: Reply, error: type[InferenceError]) -> None:
    """It is asked once, and the assistant's place is free for the next."""
    server.replies = [reply, told('{"text": "Hello"}')]
    async with assistant(server.url, parallel=1, **EARS) as sage:
        with pytest.raises(error) as caught:
            await sage.transcribe(SOUND)
        assert type(caught.value) is error
        assert len(server.posts) == 1
        assert await sage.transcribe(SOUND) == "Hello"


async def test_it_has_a_deadline_of_its_own(server: ChatServer) -> None:
    server.replies = [Reply([b" "], kind="application/json", hold=True)]
    async with assistant(server.url, transcription_timeout=0.2, **EARS) as sage:
        with pytest.raises(RunFailed, match=r"nothing was written down in 0\.2 s"):
            await sage.transcribe(SOUND)
        await server.left.wait()


async def test_who_is_cancelled_closes_the_connection(server: ChatServer) -> None:
    server.replies = [Reply([b" "], kind="application/json", hold=True)]
    async with assistant(server.url, **EARS) as sage:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(sage.transcribe(SOUND))
            await until(lambda: is_asked(server))
            task.cancel()
        await server.left.wait()


async def test_without_ears(server: ChatServer) -> None:
    async with assistant(server.url) as sage:
        with pytest.raises(ModelUnavailable):
            await sage.transcribe(SOUND)
    assert server.posts == []
