"""How long an assistant waits, how much it reads, how many it asks at once; it lets go of what nobody wants."""

import asyncio
import gc
from contextlib import aclosing
from typing import Any

import pytest

from services.inference.chat import ChatRequest, ChatRole, ChatTurn, TextDelta
from services.inference.errors import ModelBroken, ModelUnavailable, RunFailed, ServerAway, StreamCut
from services.inference.runtimes.chat.runtime import Assistant
from tests.support.certificates import server_side
from tests.support.waiting import until
from tests.unit.inference.chat.assistants import HELLO, assistant, hear
from tests.unit.inference.chat.server import DONE, ChatServer, Reply, data, delta, listening
from tests.unit.inference.chat.server import HELLO as GREETING

SOON = 20.0  # seconds for what happens at once, on a busy machine


@pytest.mark.parametrize(
    ("pieces", "deadlines"),
    [
        ([], {"first_token_timeout": 0.2}),
        ([b": keep-alive\n\n"], {"first_token_timeout": 0.2}),
        ([b'{"choices": ['], {"first_token_timeout": 0.2}),
        ([delta("Hel")], {"gap_timeout": 0.2}),
        ([delta("Hel"), b": keep-alive\n\n"], {"gap_timeout": 0.2}),
        ([delta("Hel")], {"timeout": 2}),
        ([], {"timeout": 0.3}),
    ],
)
async def test_deadlines(server: ChatServer, pieces: list[bytes], deadlines: dict[str, Any]) -> None:
    """What stands still is let go of, and not tried again: the server may be at work."""
    server.replies = [Reply(pieces, hold=True)]
    async with assistant(server.url, **deadlines) as sage:
        heard = await hear(sage)
        assert isinstance(heard.error, StreamCut)
        assert not heard.error.retryable
        assert heard.text == ("Hel" if delta("Hel") in pieces else "")
        async with asyncio.timeout(SOON):
            await server.left.wait()


async def test_comments_do_not_keep_a_silent_server_alive(server: ChatServer) -> None:
    server.replies = [Reply([delta("Hel")], endless=b": keep-alive\n\n")]
    async with assistant(server.url, gap_timeout=0.2, timeout=5) as sage:
        heard = await hear(sage)
    assert heard.text == "Hel"
    assert isinstance(heard.error, StreamCut)


async def test_thoughts_keep_it_alive(server: ChatServer) -> None:
    """Who thinks has begun: the gap counts from then on, not the first token's deadline."""
    server.replies = [Reply([data({"choices": [{"delta": {"reasoning": "Hm"}}]})], hold=True)]
    async with assistant(server.url, gap_timeout=0.2, first_token_timeout=60) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, StreamCut)


async def test_an_answer_that_is_over_waits_only_shortly_for_its_tokens(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.inference.runtimes.chat.pace.COUNT_SECONDS", 0.1)
    server.replies = [Reply([delta("Hello", "stop")], hold=True)]
    async with assistant(server.url, gap_timeout=60) as sage:
        heard = await hear(sage)
    assert (heard.text, heard.error) == ("Hello", None)


@pytest.mark.parametrize(
    "endless",
    [
        pytest.param(delta("word " * 200), id="text"),
        pytest.param(data({"choices": [{"delta": {"reasoning": "hm " * 20_000}}]}), id="thoughts"),
        pytest.param(b"data: " + b"x" * 65_536, id="one line"),
        pytest.param(b":" + b" " * 65_536 + b"\n", id="comments"),
        pytest.param(b'{"choices": ' + b"[" * 65_536, id="json"),
    ],
)
async def test_a_server_that_goes_on_for_ever(server: ChatServer, endless: bytes) -> None:
    """Cut at a bound that follows from the limit of tokens."""
    server.replies = [Reply([], endless=endless)]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
        assert isinstance(heard.error, StreamCut)
        assert len(heard.text) <= 64 * 16 + 1024
        async with asyncio.timeout(SOON):
            await server.left.wait()


async def test_a_compressed_answer_is_not_read(server: ChatServer) -> None:
    server.replies = [Reply([b"\x1f\x8b"], headers={"Content-Encoding": "gzip"})]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, ModelBroken)
    assert server.posts[0].headers["accept-encoding"] == "identity"


async def test_as_many_at_once_as_the_manifest_says(server: ChatServer) -> None:
    async with assistant(server.url, parallel=2) as sage:
        heard = await asyncio.gather(*(hear(sage) for _ in range(12)))
    assert [each.text for each in heard] == ["Hello"] * 12
    assert server.most == 2


async def test_who_finds_no_place_in_time_is_told(server: ChatServer) -> None:
    server.replies = [Reply([delta("Hel")], hold=True)]
    async with (
        assistant(server.url, parallel=1, timeout=1.5) as sage,
        aclosing(sage.stream(HELLO)) as events,
    ):
        await anext(events)
        heard = await hear(sage)
    assert isinstance(heard.error, StreamCut)
    assert len(server.posts) == 1


async def stopped_by_closing(sage: Assistant, _: ChatServer) -> None:
    async with aclosing(sage.stream(HELLO)) as events:
        async for event in events:
            assert event == TextDelta(text="Hel")
            return


async def stopped_by_cancelling(sage: Assistant, _: ChatServer) -> None:
    begun = asyncio.Event()

    async def talk() -> None:
        async for _ in sage.stream(HELLO):
            begun.set()

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(talk())
        await begun.wait()
        task.cancel()


async def stopped_before_a_word(sage: Assistant, server: ChatServer) -> None:
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(hear(sage))
        await until(lambda: is_asked(server))
        task.cancel()


async def is_asked(server: ChatServer) -> bool:
    return bool(server.posts)


@pytest.mark.parametrize(
    ("stop", "pieces"),
    [
        (stopped_by_closing, [delta("Hel")]),
        (stopped_by_cancelling, [delta("Hel")]),
        (stopped_before_a_word, [b": PROCESSING\n\n"]),
    ],
)
async def test_who_stops_closes_the_connection(server: ChatServer, stop: Any, pieces: list[bytes]) -> None:
    server.replies = [Reply(pieces, hold=True)]
    async with assistant(server.url, parallel=1) as sage:
        await stop(sage, server)
        async with asyncio.timeout(SOON):
            await server.left.wait()
        server.replies = [Reply(list(GREETING))]
        assert (await hear(sage)).text == "Hello", "its place is free again"


async def test_a_forgotten_answer_is_closed_too(server: ChatServer) -> None:
    server.replies = [Reply([delta("Hel")], hold=True)]
    async with assistant(server.url) as sage:
        events = sage.stream(HELLO)
        assert await anext(events) == TextDelta(text="Hel")
        del events
        gc.collect()
        async with asyncio.timeout(SOON):
            await server.left.wait()


async def test_connections_serve_again(server: ChatServer) -> None:
    peers: set[Any] = set()

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername"))
        await server.serve(reader, writer)

    async with listening(counted) as port, assistant(f"http://127.0.0.1:{port}/v1") as sage:
        for _ in range(3):
            assert (await hear(sage)).text == "Hello"
    assert len(peers) == 1


async def test_a_connection_that_the_server_closed_meanwhile(server: ChatServer) -> None:
    """Is not used for the next message."""
    server.replies = [Reply([delta("Hello", "stop"), DONE], headers={"Connection": "close"})]
    async with assistant(server.url) as sage:
        assert (await hear(sage)).text == "Hello"
        assert (await hear(sage)).text == "Hello"


async def test_a_server_that_hangs_up(server: ChatServer) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with listening(hang_up) as port, assistant(f"http://127.0.0.1:{port}/v1") as sage:
        heard = await hear(sage)
    assert type(heard.error) is RunFailed
    assert heard.error.retryable


async def test_a_server_that_is_not_there(server: ChatServer) -> None:
    async with listening(server.serve) as port:
        pass
    async with assistant(f"http://127.0.0.1:{port}/v1") as sage:
        heard = await hear(sage)
        assert isinstance(heard.error, ServerAway)
        with pytest.raises(ServerAway):
            await sage.check()


async def test_a_certificate_that_does_not_fit(server: ChatServer) -> None:
    async with listening(server.serve, server_side()) as port, assistant(f"https://127.0.0.1:{port}/v1") as sage:
        heard = await hear(sage)
        assert isinstance(heard.error, ModelBroken)
        assert "certificate" in str(heard.error)
        with pytest.raises(ModelBroken, match="certificate"):
            await sage.check()


async def test_nobody_is_redirected(server: ChatServer) -> None:
    """A key goes to the address that it was written for."""
    server.replies = [Reply(status=307, headers={"Location": server.url + "/elsewhere"})]
    async with assistant(server.url) as sage:
        heard = await hear(sage)
    assert isinstance(heard.error, ModelBroken)
    assert "/elsewhere" in str(heard.error)
    assert len(server.asked) == 1


async def test_a_retired_assistant_ends_what_it_says(server: ChatServer) -> None:
    async with assistant(server.url) as sage:
        events = sage.stream(HELLO)
        await anext(events)
        retired = sage.retire()
        assert not retired.done()
        with pytest.raises(ModelUnavailable):
            await anext(sage.stream(HELLO))
        async for _ in events:
            pass
        await retired


async def test_closing_cuts_what_runs(server: ChatServer) -> None:
    server.replies = [Reply([delta("Hel")], hold=True)]
    async with assistant(server.url) as sage:
        events = sage.stream(HELLO)
        await anext(events)
        await sage.close()
        with pytest.raises(StreamCut):
            await anext(events)
        assert sage.retire().done()


async def test_a_hundred_thousand_characters_go_out(server: ChatServer) -> None:
    text = "Ж\u202e\u200bsystem: " * 10_000
    async with assistant(server.url) as sage:
        await hear(sage, ChatRequest(turns=[ChatTurn(role=ChatRole.USER, text=text)], max_tokens=64))
    assert server.posts[0].body["messages"] == [{"role": "user", "content": text}]
