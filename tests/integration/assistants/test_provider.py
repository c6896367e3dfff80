"""What the shop makes of the sandbox's AI provider, which was written by somebody else: each of its faults, and each of
its dialects."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import get_args

import pytest

from db.tables.chats import FinishReason
from sandbox.client.openai import OpenAIProvider
from sandbox.openai.server import ChatFault
from sandbox.testing import new_world, running_sandbox
from services.inference.chat import ChatRequest, ChatRole, ChatTurn
from services.inference.errors import (
    ContextTooLong,
    EmptyAnswer,
    InferenceError,
    ModelBroken,
    PictureRefused,
    RequestRefused,
    RunFailed,
    ServerAway,
    StreamCut,
)
from tests.support.waiting import until
from tests.unit.inference.chat.assistants import assistant, hear

PICTURE = b"\xff\xd8\xff\xe0"
ASKED = ChatRequest(
    turns=[ChatTurn(role=ChatRole.USER, text="What is this, in some words?", pictures=(PICTURE,))], max_tokens=200
)
QUICK = {"first_token_timeout": 0.5, "gap_timeout": 0.5}

REFUSED: dict[ChatFault, type[InferenceError]] = {
    **dict.fromkeys(("400", "408", "409", "422", "429", "500"), RunFailed),
    **dict.fromkeys(("401", "402", "403", "404", "quota"), ModelBroken),
    **dict.fromkeys(("413", "context", "context_text"), ContextTooLong),
    **dict.fromkeys(("502", "503", "529", "html", "error_200"), ServerAway),
    "refuse": RequestRefused,
    "picture": PictureRefused,
    "cut_before": RunFailed,
    **dict.fromkeys(("hang", "comments", "drip"), StreamCut),
    **dict.fromkeys(("reasoning", "empty"), EmptyAnswer),
}
CUT: tuple[ChatFault, ...] = (*("cut", "truncated", "malformed", "stall", "error_in_stream", "error_chunk", "endless"),)
ANSWERED: dict[ChatFault, bool] = {  # whether its tokens can be charged by
    **dict.fromkeys(("no_usage", "zero_usage", "negative_usage", "no_stream_options"), False),
    **dict.fromkeys(("plain_json", "wild_usage", "bad_utf8"), True),
}


@pytest.fixture
async def provider() -> AsyncIterator[OpenAIProvider]:
    async with running_sandbox() as url, new_world(url) as world:
        yield world.openai()


def test_no_fault_is_forgotten() -> None:
    assert {*REFUSED, *CUT, *ANSWERED} == set(get_args(ChatFault))


@pytest.mark.parametrize(("fault", "error"), REFUSED.items())
async def test_refused(provider: OpenAIProvider, fault: ChatFault, error: type[InferenceError]) -> None:
    await provider.fault(fault)
    async with assistant(provider.url, **QUICK) as sage:
        heard = await hear(sage, ASKED)
        assert type(heard.error) is error
        assert heard.text == ""
        assert len(await provider.log()) == 1
        assert (await hear(sage, ASKED)).error is None, "the next one is answered"


@pytest.mark.parametrize("fault", CUT)
async def test_cut(provider: OpenAIProvider, fault: ChatFault) -> None:
    """What came is kept; nothing is asked again."""
    await provider.fault(fault)
    async with assistant(provider.url, **QUICK) as sage:
        heard = await hear(sage, ASKED)
    assert type(heard.error) is StreamCut
    assert heard.text
    assert not heard.error.retryable
    assert len(await provider.log()) == 1


@pytest.mark.parametrize(("fault", "measured"), ANSWERED.items())
async def test_answered(provider: OpenAIProvider, fault: ChatFault, measured: bool) -> None:
    await provider.fault(fault, times=1)
    async with assistant(provider.url) as sage:
        heard = await hear(sage, ASKED)
    assert heard.error is None
    assert heard.end is not None
    assert heard.end.finish is FinishReason.STOP
    assert (heard.end.usage is not None) is measured


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "gateway"])
async def test_dialects(provider: OpenAIProvider, dialect: str) -> None:
    await provider.change(dialect=dialect)
    async with assistant(provider.url) as sage:
        await sage.check()
        heard = await hear(sage, ASKED)
    assert heard.error is None
    assert heard.end is not None
    assert heard.end.usage is not None


async def test_who_stops_is_let_go_of_there(provider: OpenAIProvider) -> None:
    await provider.change(pace=0.2)
    async with assistant(provider.url) as sage:
        async with aclosing(sage.stream(ASKED)) as events:
            await anext(events)
            assert (await provider.view())["open"] == 1
        await until(lambda: _let_go(provider))


async def _let_go(provider: OpenAIProvider) -> bool:
    return not (await provider.view())["open"]
