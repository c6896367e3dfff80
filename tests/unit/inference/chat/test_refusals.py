"""Whose fault a refusal is: the customer's, the operator's, or nobody's for long."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.inference.chat import ChatRequest, ChatRole, ChatTurn
from services.inference.errors import (
    ContextTooLong,
    InferenceError,
    ModelBroken,
    PictureRefused,
    RequestRefused,
    RunFailed,
    ServerAway,
)
from services.inference.runtimes.chat.judge import pause_told
from tests.unit.inference.chat.assistants import HELLO, assistant, hear
from tests.unit.inference.chat.server import ChatServer, Reply, data, delta, refusal


def openai(message: str, code: Any = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


REFUSALS: dict[str, tuple[int, Any, type[InferenceError]]] = {
    "context, OpenAI": (400, openai("too long", "context_length_exceeded"), ContextTooLong),
    "context, llama.cpp": (
        400,
        {"error": {"code": 400, "message": "no", "type": "exceed_context_size_error", "n_ctx": 8}},
        ContextTooLong,
    ),
    "context, LiteLLM": (400, openai("litellm.ContextWindowExceededError: x", "400"), ContextTooLong),
    "context, vLLM": (
        400,
        {"object": "error", "message": "This model's maximum context length is 8 tokens.", "code": 400},
        ContextTooLong,
    ),
    "context, GigaChat": (413, {"status": 413, "message": "Payload too large"}, ContextTooLong),
    "context, Together": (403, openai("`inputs` tokens + `max_new_tokens` must be <= 8193"), ContextTooLong),
    "a key": (401, openai("Incorrect API key provided", "invalid_api_key"), ModelBroken),
    "a key, LiteLLM": (400, openai("No connected db.", "400", "no_db_connection"), ModelBroken),
    "no money": (402, {"status": 402, "message": "Payment Required"}, ModelBroken),
    "no money, OpenAI": (429, openai("You exceeded your current quota", "insufficient_quota"), ModelBroken),
    "no money, DeepSeek": (402, openai("Insufficient Balance", "invalid_request_error"), ModelBroken),
    "a country": (403, openai("Country, region, or territory not supported", "unsupported_country"), ModelBroken),
    "moderation, OpenRouter": (
        403,
        {"error": {"code": 403, "message": "no", "metadata": {"reasons": ["violence"], "flagged_input": "…"}}},
        RequestRefused,
    ),
    "moderation, Azure": (400, openai("filtered", "content_filter"), RequestRefused),
    "a model": (404, openai("The model `sage` does not exist", "model_not_found"), ModelBroken),
    "a model, LiteLLM": (400, openai("Invalid model name passed in model=sage", "400"), ModelBroken),
    "a path": (404, "<html><body><h1>404 Not Found</h1></body></html>", ModelBroken),
    "a place": (301, "", ModelBroken),
    "a limit's name": (
        400,
        openai("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", "unsupported_parameter"),
        ModelBroken,
    ),
    "a temperature": (400, openai("'temperature' does not support 0.2", "unsupported_value"), ModelBroken),
    "a slow request": (408, openai("timeout"), RunFailed),
    "a conflict": (409, openai("conflict"), RunFailed),
    "a parameter": (422, {"detail": [{"loc": ["body"], "msg": "wrong"}]}, RunFailed),
    "a pace": (429, openai("Rate limit reached", "rate_limit_exceeded"), RunFailed),
    "a fault": (500, {"error": "boom"}, RunFailed),
    "a gateway": (502, "<html><title>502</title></html>", ServerAway),
    "no service": (503, {"detail": "loading model"}, ServerAway),
    "a slow gateway": (504, "", RunFailed),
    "overload": (529, openai("Overloaded", None, "overloaded_error"), ServerAway),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "error"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_whose_fault_it_is(server: ChatServer, status: int, body: Any, error: type[InferenceError]) -> None:
    server.replies = [refusal(status, body, location="https://elsewhere.example/")]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert type(heard.error) is error
    assert heard.error.facts is not None
    assert heard.error.facts["status_code"] == status
    assert "\n" not in str(heard.error)
    assert len(server.posts) == 1, "nothing is tried again here"
    may_pass = {408, 409, 429, 500, 504}
    if isinstance(heard.error, RunFailed):
        assert heard.error.retryable is (status in may_pass)


@pytest.mark.parametrize("status", [200, 400])
async def test_the_same_inside_a_stream(server: ChatServer, status: int) -> None:
    """Before any text; with a body of 200 as well."""
    told = openai("You exceeded your current quota", "insufficient_quota")
    server.replies = [Reply([data(told)]) if status == 200 else refusal(status, told)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, ModelBroken)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"error": {"code": 429, "message": "slow down"}}, RunFailed),
        ({"error": {"code": 402, "message": "no credits"}}, ModelBroken),
        ({"error": {"code": 503, "message": "no provider"}}, ServerAway),
        ({"error": {"message": "who knows"}}, RunFailed),
        ({"error": "who knows"}, RunFailed),
        ({"error": {"code": "context_length_exceeded", "message": "…"}}, ContextTooLong),
    ],
)
async def test_an_error_with_the_status_of_an_answer(
    server: ChatServer, body: Any, error: type[InferenceError]
) -> None:
    server.replies = [refusal(200, body)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert type(heard.error) is error
    if isinstance(heard.error, RunFailed):
        assert heard.error.retryable


@pytest.mark.parametrize(
    "message", ["image input is not supported - hint: you may need to provide the mmproj", "This model has no vision"]
)
async def test_a_picture_where_none_is_taken(server: ChatServer, message: str) -> None:
    """A refusal of 500 at llama.cpp; it would be the same again."""
    server.replies = [refusal(500, openai(message, 500, "server_error"))]
    turn = ChatTurn(role=ChatRole.USER, text="", pictures=(b"\xff\xd8\xff",))
    async with assistant(server.url) as sage:
        heard = await hear(sage, ChatRequest(turns=[turn], max_tokens=64))
        assert isinstance(heard.error, PictureRefused)
        assert not heard.error.retryable
        assert isinstance((await hear(sage, HELLO)).error, RunFailed)


SECRET = "sk-proj-0123456789abcdef"
ECHOES = {
    "as OpenAI does": refusal(401, openai(f"Incorrect API key provided: {SECRET}.", "invalid_api_key")),
    "on a page": refusal(403, f"<html>Bearer {SECRET} is not known</html>"),
    "in a field of its own": refusal(400, {"error": "no", "headers": {"Authorization": f"Bearer {SECRET}"}}),
    "within a stream": Reply([data(openai(f"bad key {SECRET}"))]),
    "behind text": Reply([delta("Hello"), data(openai(f"bad key {SECRET}"))]),
    "in what is no chunk": Reply([f"data: {'x' * 90}{SECRET}\n\n".encode()]),
}


@pytest.mark.parametrize("reply", ECHOES.values(), ids=ECHOES.keys())
async def test_a_key_that_a_server_repeats_is_kept_nowhere(
    server: ChatServer, reply: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGE_KEY", SECRET)
    server.replies = [reply]
    async with assistant(server.url, key="env:SAGE_KEY") as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, InferenceError)
    assert SECRET[:12] not in f"{heard.error} {heard.error.facts}"


NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Fri, 27 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Fri, 27 Nov 2020 12:00:30 GMT"}, 0.0),
        ({"retry-after": "999999999"}, 3600.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_told(headers, NOW) == seconds


async def test_a_refusal_tells_when_to_ask_again(server: ChatServer) -> None:
    server.replies = [refusal(429, openai("slow down"), retry_after="3")]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, RunFailed)
    assert heard.error.retry_after == 3.0


async def test_a_refusal_without_end(server: ChatServer) -> None:
    server.replies = [Reply(status=500, endless=b"x" * 65_536)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, RunFailed)
    assert len(heard.error.facts["body"]) == 2_000  # type: ignore[index]
    assert len(str(heard.error)) < 400


async def test_a_rested_assistant_is_tried_with_one_token(server: ChatServer) -> None:
    """The list of models says nothing of an empty account."""
    server.replies = [refusal(429, openai("no", "insufficient_quota"))]
    async with assistant(server.url) as sage:
        await sage.check()
        assert not server.posts
        await hear(sage)
        with pytest.raises(ModelBroken, match="used up"):
            await sage.check()
        server.replies = [Reply([delta("1", "length"), data("[DONE]")])]
        await sage.check()
        assert server.posts[-1].body["max_tokens"] == 1
        asked = len(server.posts)
        await sage.check()
        assert len(server.posts) == asked, "nothing more is paid for"


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_server_that_lists_no_models_is_there(server: ChatServer, status: int) -> None:
    server.models = refusal(status, "no")
    async with assistant(server.url) as sage:
        await sage.check()


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (refusal(401, openai("no")), ModelBroken),
        (refusal(500, openai("no")), ServerAway),
        (refusal(429, openai("no")), ServerAway),
        (refusal(200, "<html>Welcome</html>"), ServerAway),
    ],
)
async def test_a_server_that_would_not_answer(server: ChatServer, reply: Reply, error: type[Exception]) -> None:
    server.models = reply
    async with assistant(server.url) as sage:
        with pytest.raises(error):
            await sage.check()


async def test_a_key_that_is_not_set() -> None:
    with pytest.raises(ModelBroken, match="the variable NO_SUCH_KEY is not set"):
        async with assistant("http://127.0.0.1:1", key="env:NO_SUCH_KEY"):
            pass


async def test_a_key_that_cannot_be_sent(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGE_KEY", "sk-a\nb")
    async with assistant(server.url, key="env:SAGE_KEY") as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, ModelBroken)
    assert "header" in str(heard.error)
