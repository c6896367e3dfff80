"""What the shop makes of the sandbox's AI provider, which was written by somebody else: each of its faults, and each of
its dialects."""

from contextlib import aclosing
from typing import get_args

import pytest
from aiohttp import ClientSession

from db.tables.chats import FinishReason
from sandbox.client.openai import OpenAIProvider
from sandbox.client.sandbox import Sandbox
from sandbox.ogg import silence
from sandbox.openai.listening import EAR
from sandbox.openai.server import MODEL, ChatFault
from services.inference.chat import ChatRequest, ChatRole, ChatTurn
from services.inference.errors import (
    ContextTooLong,
    EmptyAnswer,
    InferenceError,
    ModelBroken,
    NothingHeard,
    PictureRefused,
    RequestRefused,
    RunFailed,
    ServerAway,
    SoundRefused,
    StreamCut,
)
from tests.support.waiting import until
from tests.unit.inference.chat.assistants import assistant, hear

PICTURE = b"\xff\xd8\xff\xe0"
ASKED = ChatRequest(
    turns=[ChatTurn(role=ChatRole.USER, text="What is this, in some words?", pictures=(PICTURE,))], max_tokens=200
)
QUICK = {"first_token_timeout": 2.0, "gap_timeout": 2.0}  # a busy machine reads a request in a second
SILENT: tuple[ChatFault, ...] = ("hang", "comments", "drip")

_TOO_LONG: tuple[ChatFault, ...] = (
    *("413", "context", "context_text", "context_llama", "context_flat", "context_status"),
)
REFUSED: dict[ChatFault, type[InferenceError]] = {
    **dict.fromkeys(("400", "408", "409", "422", "429", "500", "detail"), RunFailed),
    **dict.fromkeys(("401", "402", "403", "404", "quota"), ModelBroken),
    **dict.fromkeys(_TOO_LONG, ContextTooLong),
    **dict.fromkeys(("502", "503", "529", "html", "error_200"), ServerAway),
    "refuse": RequestRefused,
    "picture": PictureRefused,
    "cut_before": RunFailed,
    **dict.fromkeys(SILENT, StreamCut),
    **dict.fromkeys(("reasoning", "empty"), EmptyAnswer),
}
CUT: tuple[ChatFault, ...] = (*("cut", "truncated", "malformed", "stall", "error_in_stream", "error_chunk", "endless"),)
ANSWERED: dict[ChatFault, bool] = {  # whether its tokens can be charged by
    **dict.fromkeys(("no_usage", "zero_usage", "negative_usage", "no_stream_options"), False),
    **dict.fromkeys(("plain_json", "wild_usage", "bad_utf8"), True),
}


@pytest.fixture
def provider(sandbox: Sandbox) -> OpenAIProvider:
    return sandbox.openai()


def test_no_fault_is_forgotten() -> None:
    assert {*REFUSED, *CUT, *ANSWERED} == set(get_args(ChatFault))


@pytest.mark.slow  # the same are unit tests of the judge
@pytest.mark.parametrize(("fault", "error"), REFUSED.items())
async def test_refused(provider: OpenAIProvider, fault: ChatFault, error: type[InferenceError]) -> None:
    await provider.fault(fault)
    async with assistant(provider.url, model=MODEL, **QUICK if fault in SILENT else {}) as sage:
        heard = await hear(sage, ASKED)
        assert type(heard.error) is error
        assert heard.text == ""
        assert len(await provider.log()) == 1
        assert (await hear(sage, ASKED)).error is None, "the next one is answered"


async def test_it_says_how_long_a_sound_is(provider: OpenAIProvider) -> None:
    async with assistant(provider.url, model=MODEL, transcription=EAR) as sage:
        assert "no model listens here. The sound is 3.0 s long." in await sage.transcribe(silence(3))
        with pytest.raises(SoundRefused):
            await sage.transcribe(b"no sound at all")
    heard, refused = await provider.log()
    assert heard == {
        "path": "audio/transcriptions",
        "model": EAR,
        "size": len(silence(3)),
        "seconds": 3.0,
        "fault": None,
    }
    assert refused["seconds"] is None


DEAF: dict[ChatFault, type[InferenceError]] = {
    **dict.fromkeys(("400", "422", "413", "context"), SoundRefused),
    **dict.fromkeys(("401", "402", "404", "quota"), ModelBroken),
    **dict.fromkeys(("429", "500", "cut_before"), RunFailed),
    **dict.fromkeys(("503", "html", "error_200"), ServerAway),
    "refuse": RequestRefused,
    "empty": NothingHeard,
}


@pytest.mark.parametrize(("fault", "error"), DEAF.items())
async def test_not_listened_to(provider: OpenAIProvider, fault: ChatFault, error: type[InferenceError]) -> None:
    await provider.fault(fault)
    async with assistant(provider.url, model=MODEL, transcription=EAR) as sage:
        with pytest.raises(InferenceError) as caught:
            await sage.transcribe(silence(3))
    assert type(caught.value) is error
    assert len(await provider.log()) == 1


@pytest.mark.parametrize("fault", CUT)
async def test_cut(provider: OpenAIProvider, fault: ChatFault) -> None:
    """What came is kept; nothing is asked again."""
    await provider.fault(fault)
    async with assistant(provider.url, model=MODEL, **QUICK) as sage:
        heard = await hear(sage, ASKED)
    assert type(heard.error) is StreamCut
    assert heard.text
    assert not heard.error.retryable
    assert len(await provider.log()) == 1


@pytest.mark.parametrize(("fault", "measured"), ANSWERED.items())
async def test_answered(provider: OpenAIProvider, fault: ChatFault, measured: bool) -> None:
    await provider.fault(fault, times=1)
    async with assistant(provider.url, model=MODEL) as sage:
        heard = await hear(sage, ASKED)
    assert heard.error is None
    assert heard.end is not None
    assert heard.end.finish is FinishReason.STOP
    assert (heard.end.usage is not None) is measured


@pytest.mark.parametrize("dialect", ["openai", "openrouter", "gateway"])
async def test_dialects(provider: OpenAIProvider, dialect: str) -> None:
    await provider.change(dialect=dialect)
    async with assistant(provider.url, model=MODEL) as sage:
        await sage.check()
        heard = await hear(sage, ASKED)
    assert heard.error is None
    assert heard.end is not None
    assert heard.end.usage is not None


async def test_who_stops_is_let_go_of_there(provider: OpenAIProvider) -> None:
    await provider.change(pace=0.2)
    async with assistant(provider.url, model=MODEL) as sage:
        async with aclosing(sage.stream(ASKED)) as events:
            await anext(events)
            assert (await provider.view())["open"] == 1
        await until(lambda: _let_go(provider))


async def test_away_until_the_fault_is_cleared(provider: OpenAIProvider) -> None:
    await provider.fault("503", times=0)
    async with assistant(provider.url, model=MODEL) as sage:
        for _ in range(2):
            assert type((await hear(sage, ASKED)).error) is ServerAway
            with pytest.raises(ServerAway):
                await sage.check()
        await provider.clear_faults()
        await sage.check()
        assert (await hear(sage, ASKED)).error is None


async def test_the_seconds_that_it_tells_to_wait(provider: OpenAIProvider) -> None:
    await provider.fault("429", retry_after=7)
    async with assistant(provider.url, model=MODEL) as sage:
        error = (await hear(sage, ASKED)).error
    assert isinstance(error, RunFailed)
    assert error.retry_after == 7


WRONG = [
    "no JSON",
    "[]",
    "{}",
    '{"messages": []}',
    '{"messages": ["Hello"]}',
    *(
        f'{{"messages": [{{"role": "user", "content": "Hello"}}], "max_tokens": {each}}}'
        for each in ("0", "-1", '"9"', "[]")
    ),
]


@pytest.mark.parametrize("body", WRONG)
async def test_what_it_cannot_read_is_refused(provider: OpenAIProvider, body: str) -> None:
    async with ClientSession() as http, http.post(f"{provider.url}/chat/completions", data=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]["message"]
    assert await provider.log() == []


async def _let_go(provider: OpenAIProvider) -> bool:
    return not (await provider.view())["open"]
