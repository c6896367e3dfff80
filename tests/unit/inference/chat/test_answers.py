"""What an assistant makes of a stream, whatever a server writes around the text."""

import asyncio
import json
from pathlib import Path

import pytest

from db.tables.chats import FinishReason
from services.inference.chat import ChatRequest, ChatRole, ChatTurn, TokenUsage
from services.inference.errors import EmptyAnswer, InferenceError, RequestRefused, ServerAway, StreamCut
from services.inference.runtimes.chat.runtime import UNMEASURED_SECONDS, Assistant
from tests.support.clock import FakeClock
from tests.unit.inference.chat.assistants import HELLO, assistant, hear, manifest_of
from tests.unit.inference.chat.server import (
    DONE,
    Asked,
    ChatServer,
    Json,
    Reply,
    counted,
    data,
    delta,
    listening,
    refusal,
)
from tests.unit.inference.chat.server import HELLO as GREETING

JPEG, PNG = b"\xff\xd8\xff\xe0jpeg", b"\x89PNG\r\n\x1a\npng"


async def test_an_answer_with_its_tokens(server: ChatServer) -> None:
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert heard.text == "Hello"
    assert heard.end is not None
    assert (heard.end.finish, heard.end.usage) == (FinishReason.STOP, TokenUsage(prompt=12, completion=3))
    assert heard.end.facts["id"] == "g-1"
    assert heard.end.facts["status_code"] == 200


async def test_what_is_sent(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As little as every server understands; the environment of the SDK says nothing."""
    monkeypatch.setenv("SAGE_KEY", "sk-sage\n")
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    turns = [
        ChatTurn(role=ChatRole.SYSTEM, text="Be brief."),
        ChatTurn(role=ChatRole.USER, text="system: no\n{name}"),
        ChatTurn(role=ChatRole.ASSISTANT, text="Yes?"),
        ChatTurn(role=ChatRole.USER, text="Look", pictures=(JPEG, PNG)),
    ]
    async with assistant(server.url, key="env:SAGE_KEY", pictures=True, picture_tokens=900) as sage:
        await hear(sage, ChatRequest(turns=turns, max_tokens=99))
    (asked,) = server.posts
    assert asked.body.keys() == {"model", "messages", "stream", "max_tokens", "stream_options"}
    assert asked.body["max_tokens"] == 99
    assert [each["role"] for each in asked.body["messages"]] == ["system", "user", "assistant", "user"]
    assert asked.body["messages"][1]["content"] == "system: no\n{name}"
    urls = [part["image_url"]["url"] for part in asked.body["messages"][3]["content"][1:]]
    assert [url.partition(",")[0] for url in urls] == ["data:image/jpeg;base64", "data:image/png;base64"]
    assert asked.headers["authorization"] == "Bearer sk-sage"
    assert not any("127.0.0.1:1" in value for value in asked.headers.values())


async def test_a_server_without_a_key_gets_none(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    async with assistant(server.url, limit_field="max_completion_tokens", temperature=0.5) as sage:
        await hear(sage)
    assert "authorization" not in server.posts[0].headers
    assert server.posts[0].body["max_completion_tokens"] == 64
    assert server.posts[0].body["temperature"] == 0.5
    assert "max_tokens" not in server.posts[0].body


USAGE = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
STREAMS: dict[str, list[bytes]] = {
    "comments": [b": OPENROUTER PROCESSING\n\n", b":\n\n", delta("Hel"), b": keep-alive\n\n", delta("lo", "stop")],
    "a first chunk without text": [
        data({"choices": [{"delta": {"role": "assistant", "content": None}}]}),
        delta("Hello", "stop"),
    ],
    "an empty first chunk": [delta(""), delta("Hello"), delta("", "stop")],
    "carriage returns": [delta("Hello", "stop").replace(b"\n", b"\r\n")],
    "a byte order mark": [b"\xef\xbb\xbf" + delta("Hello", "stop")],
    "thoughts": [
        data({"choices": [{"delta": {"reasoning_content": "Hm."}}]}),
        data({"choices": [{"delta": {"reasoning": "Well."}}]}),
        delta("Hello", "stop"),
    ],
    "text in parts": [
        data({"choices": [{"delta": {"content": [{"type": "text", "text": "Hello"}]}, "finish_reason": "stop"}]})
    ],
    "a refusal of the model's own": [data({"choices": [{"delta": {"refusal": "Hello"}, "finish_reason": "stop"}]})],
    "unknown fields and events": [b"event: message\nid: 7\nretry: 10\n" + delta("Hello", "stop", x_groq={"id": 1})],
    "more answers than were asked for": [
        data({"choices": [{"index": 1, "delta": {"content": "Bye"}}, {"index": 0, "delta": {"content": "Hel"}}]}),
        data({"choices": [{"index": 1, "delta": {"content": "Bye"}, "finish_reason": "stop"}]}),
        data({"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}]}),
    ],
    "a chunk without choices": [data({"choices": []}), data({"object": "ping"}), delta("Hello", "stop")],
}


@pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS.keys())
async def test_the_text_and_nothing_else(server: ChatServer, stream: list[bytes]) -> None:
    server.replies = [Reply([*stream, counted(), DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert (heard.text, heard.error) == ("Hello", None)
    assert heard.end is not None
    assert heard.end.usage == TokenUsage(prompt=12, completion=3)


USAGES: dict[str, tuple[list[bytes], TokenUsage | None]] = {
    "behind the end, without choices": ([delta("Hi", "stop"), counted()], TokenUsage(prompt=12, completion=3)),
    "behind the end, with an empty choice": (
        [delta("Hi", "stop"), data({"choices": [{"index": 0, "delta": {}}], "usage": USAGE})],
        TokenUsage(prompt=12, completion=3),
    ),
    "in the last chunk": ([delta("Hi", "stop", usage=USAGE)], TokenUsage(prompt=12, completion=3)),
    "in each chunk, growing": (
        [delta("H", usage=USAGE | {"completion_tokens": 1, "total_tokens": 13}), delta("i", "stop", usage=USAGE)],
        TokenUsage(prompt=12, completion=3),
    ),
    "null in the others": (
        [delta("H", usage=None), delta("i", "stop", usage=None), counted(), data({"choices": [], "usage": None})],
        TokenUsage(prompt=12, completion=3),
    ),
    "none": ([delta("Hi", "stop")], None),
    "negative": ([delta("Hi", "stop"), counted(-1)], None),
    "null counts": ([delta("Hi", "stop"), counted(None, None)], None),
    "no integer": ([delta("Hi", "stop"), counted(12.5)], None),
    "a truth": ([delta("Hi", "stop"), counted(True, True)], None),
    "text": ([delta("Hi", "stop"), counted("12", "3")], None),
    "a total below its parts": ([delta("Hi", "stop"), counted(total_tokens=14)], None),
    "no prompt": ([delta("Hi", "stop"), counted(0)], None),
    "no completion, but text": ([delta("Hi", "stop"), counted(12, 0)], None),
    "more than a column holds": ([delta("Hi", "stop"), counted(2**70)], None),
    "no object": ([delta("Hi", "stop"), data({"choices": [], "usage": 7})], None),
}


@pytest.mark.parametrize(("stream", "usage"), USAGES.values(), ids=USAGES.keys())
async def test_tokens_are_taken_from_any_chunk_and_only_where_they_can_be_true(
    server: ChatServer, stream: list[bytes], usage: TokenUsage | None
) -> None:
    server.replies = [Reply([*stream, DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert (heard.text, heard.error) == ("Hi", None)
    assert heard.end is not None
    assert heard.end.usage == usage


@pytest.mark.parametrize(
    ("told", "finish"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("content_filter", FinishReason.FILTERED),
        ("blacklist", FinishReason.FILTERED),
        ("tool_calls", FinishReason.OTHER),
        ("something\x00new" * 40, FinishReason.OTHER),
    ],
)
async def test_reasons_to_end(server: ChatServer, told: str, finish: FinishReason) -> None:
    server.replies = [Reply([delta("Hi", told), DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert heard.end is not None
    assert heard.end.finish is finish
    assert "\x00" not in json.dumps(heard.end.facts)
    assert len(heard.end.facts["finish_reason"]) <= 200


CUTS: dict[str, Reply] = {
    "a clean end without a reason": Reply([delta("Hel"), delta("lo")]),
    "done without a reason": Reply([delta("Hel"), delta("lo"), DONE]),
    "a lost connection": Reply([delta("Hel"), delta("lo")], cut=True),
    "a malformed chunk": Reply([delta("Hello"), b'data: {"choices": [{"del\n\n', DONE]),
    "a chunk that is no object": Reply([delta("Hello"), b"data: [1]\n\n", DONE]),
    "nested too deep": Reply([delta("Hello"), b"data: " + b"[" * 100_000 + b"\n\n", DONE]),
    "an error of OpenAI's": Reply([delta("Hello"), data({"error": {"message": "boom", "type": "server_error"}})]),
    "an error of OpenRouter's": Reply([delta("Hello"), delta("", "error", error={"code": 502, "message": "boom"})]),
    "an event that is an error": Reply([delta("Hello"), b"event: error\n" + data({"message": "boom"})]),
    "a reason that is an error": Reply([delta("Hello", "error"), DONE]),
    "no resources": Reply([delta("Hello", "insufficient_system_resource"), DONE]),
}  # fmt: skip


@pytest.mark.parametrize("reply", CUTS.values(), ids=CUTS.keys())
async def test_what_broke_off_keeps_its_text_and_is_not_tried_again(server: ChatServer, reply: Reply) -> None:
    server.replies = [reply]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert heard.text == "Hello"
    assert isinstance(heard.error, StreamCut)
    assert not heard.error.retryable
    assert len(server.posts) == 1


async def test_what_breaks_behind_the_end_does_not_matter(server: ChatServer) -> None:
    server.replies = [Reply([delta("Hello", "stop"), b"data: {nonsense\n\n"], cut=True)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert (heard.text, heard.error) == ("Hello", None)


async def test_a_cut_before_any_text_may_be_tried_again(server: ChatServer) -> None:
    server.replies = [Reply([b": PROCESSING\n\n"], cut=True)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, StreamCut)
    assert heard.error.retryable


THOUGHT = data({"choices": [{"delta": {"reasoning_content": "Let me think"}}]})
BEGUN = {
    "cut": Reply([THOUGHT], cut=True),
    "an end without a reason": Reply([THOUGHT]),
    "a reason that is an error": Reply([THOUGHT, delta("", "error"), DONE]),
    "an error": Reply([THOUGHT, data({"error": {"message": "boom", "type": "server_error"}})]),
    "no service": Reply([THOUGHT, data({"error": {"code": 503, "message": "no provider"}})]),
    "too long": Reply([THOUGHT, data({"error": {"code": "context_length_exceeded", "message": "…"}})]),
    "thoughts in other words": Reply([data({"choices": [{"delta": {"reasoning_details": [{"text": "Hm"}]}}]})]),
}


@pytest.mark.parametrize("reply", BEGUN.values(), ids=BEGUN.keys())
async def test_thoughts_are_paid_for_once(server: ChatServer, reply: Reply) -> None:
    """Nothing is to be seen of them, but the provider bills them: what began is not asked again."""
    server.replies = [reply]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, InferenceError)
    assert not heard.error.retryable


async def test_who_has_only_greeted_may_be_asked_again(server: ChatServer) -> None:
    server.replies = [Reply([data({"choices": [{"delta": {"role": "assistant", "content": ""}}]})], cut=True)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, StreamCut)
    assert heard.error.retryable


@pytest.mark.parametrize("thoughts", [0, 1])
async def test_nothing_to_show_is_a_case_of_its_own(server: ChatServer, thoughts: int) -> None:
    thought = data({"choices": [{"delta": {"reasoning_content": "Let me think"}}]})
    server.replies = [Reply([*[thought] * thoughts, delta("", "length"), counted(), DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, EmptyAnswer)
    assert ("thought" in str(heard.error)) is bool(thoughts)
    assert heard.error.facts is not None
    assert heard.error.facts["usage"]["completion_tokens"] == 3


async def test_nothing_by_the_servers_rules_is_a_refusal(server: ChatServer) -> None:
    server.replies = [Reply([delta("", "content_filter"), DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, RequestRefused)


def completion(**more: object) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}
    return {"id": "c-1", "model": "sage-1", "choices": [choice], "usage": USAGE, **more}


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_a_whole_completion_is_an_answer(server: ChatServer, kind: str) -> None:
    """Of a server that does not stream; empty lines come before it while it works."""
    server.replies = [Reply([b"\n\n\n", json.dumps(completion()).encode()], kind=kind)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert (heard.text, heard.error) == ("Hello", None)
    assert heard.end is not None
    assert heard.end.usage == TokenUsage(prompt=12, completion=3)


async def test_a_page_in_the_place_of_an_answer(server: ChatServer) -> None:
    server.replies = [Reply([b"\n<!doctype html><html>Welcome to nginx!</html>"], kind="text/html")]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, ServerAway)
    assert "page" in str(heard.error)


@pytest.mark.parametrize("body", [b"", b"{", b"OK", b"\x00\xff\xfe", b"data:\n\n", b'{"choices": []}'])
async def test_nonsense_in_the_place_of_an_answer(server: ChatServer, body: bytes) -> None:
    server.replies = [Reply([body] if body else [], kind="application/json")]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, StreamCut)
    assert heard.text == ""


async def test_characters_come_whole(server: ChatServer) -> None:
    """Halves of a character in two chunks are joined; what is none is told as such; a database takes all of it."""
    halves = [
        data('{"choices": [{"delta": {"content": "a\\ud83d"}}]}'),
        data('{"choices": [{"delta": {"content": "\\ude00\\ud83d"}}]}'),
    ]
    broken = b'data: {"choices": [{"delta": {"content": "b\xff\\u0000c"}}]}\n\n'
    server.replies = [Reply([*halves, broken, delta(" дом", "stop"), DONE])]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert heard.text == "a😀�b�c дом"
    assert heard.error is None


async def test_numbers_that_no_database_takes_stay_out_of_the_journal(server: ChatServer) -> None:
    server.replies = [
        Reply([delta("Hi", "stop"), b'data: {"choices": [], "usage": {"cost": NaN, "prompt_tokens": 1e999}}\n\n', DONE])
    ]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert heard.end is not None
    json.dumps(heard.end.facts, allow_nan=False)


async def test_one_try_without_the_count_of_tokens(server: ChatServer) -> None:
    """Where the server refuses to be asked for it: nothing was generated yet. It is not asked again."""
    told = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}
    server.replies = [refusal(422, told), *server.replies]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
        assert (heard.text, heard.error) == ("Hello", None)
        await hear(sage, HELLO)
    assert ["stream_options" in each.body for each in server.posts] == [True, False, False]


async def test_it_is_asked_for_its_count_again_in_a_while(server: ChatServer, clock: FakeClock) -> None:
    """The refusal may have been that of one server among those behind a gateway."""
    told = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}
    server.replies = [refusal(422, told), *server.replies]
    sage = Assistant(manifest_of(server.url), Path(), lambda: clock().timestamp())
    try:
        for seconds in (0, UNMEASURED_SECONDS - 1, 1):
            clock.advance(seconds=seconds)
            heard = await hear(sage, HELLO)
            assert heard.error is None
    finally:
        await sage.close()
    assert heard.end is not None
    assert heard.end.usage == TokenUsage(prompt=12, completion=3)
    assert ["stream_options" in each.body for each in server.posts] == [True, False, False, True]


class StubbornServer(ChatServer):
    """Takes nobody's wish for a count of tokens, once three have told it."""

    def __init__(self) -> None:
        super().__init__()
        self._three = asyncio.Barrier(3)

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        wished = "stream_options" in asked.body
        if wished:
            await self._three.wait()
        told = {"error": {"message": "stream_options is not supported"}}
        self.replies = [refusal(400, told) if wished else Reply(list(GREETING))]
        return await super()._answer(asked, reader, writer)


async def test_several_at_once_are_refused_the_count_of_tokens() -> None:
    """Each had asked for it before any refusal came, and each has its own second try."""
    server = StubbornServer()
    async with listening(server.serve) as port, assistant(f"http://127.0.0.1:{port}/v1") as sage:
        heard = await asyncio.gather(*(hear(sage) for _ in range(3)))
    assert [(each.text, each.error) for each in heard] == [("Hello", None)] * 3
