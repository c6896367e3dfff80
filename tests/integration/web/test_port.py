"""The HTTP port without a proxy before it: what takes for ever, too much, or can be read in two ways."""

import asyncio
import logging

import pytest

from tests.integration.web.port import HEAD, POST, port
from tests.support.waiting import until

QUICK = 0.2
CLOSE = b"Connection: close\r\n"
BIG_ONE = b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n"


async def test_heads_have_a_deadline() -> None:
    """Whoever says nothing, half a request, or a byte now and then."""
    async with port(head=QUICK) as shop:
        silent, half, drip = [await shop.open() for _ in range(3)]
        half.says(HEAD)
        drip.says(HEAD)

        async def dripping() -> None:
            while not drip.writer.is_closing():
                drip.says(b"A")
                await asyncio.sleep(QUICK / 10)

        task = asyncio.get_running_loop().create_task(dripping())
        assert await half.hears() == 408
        assert await drip.ends()
        assert await silent.ends()
        drip.hangs_up()
        await task
        assert await shop.answers(HEAD + CLOSE + b"\r\n") == [200, None]


async def test_the_second_head_has_one_too() -> None:
    async with port(head=QUICK) as shop:
        line = await shop.open()
        line.says(HEAD, b"\r\n")
        assert await line.hears() == 200
        line.says(b"GET /he")
        assert await line.hears() == 408
        assert await line.ends()


async def test_a_connection_may_wait_for_its_next_request() -> None:
    """Longer than for a head: a proxy keeps it. But not for ever."""
    async with port(head=QUICK) as shop:
        line = await shop.open()
        for pause in (0, 3 * QUICK):
            await asyncio.sleep(pause)
            line.says(HEAD, b"\r\n")
            assert await line.hears() == 200
        line.hangs_up()
    async with port(idle=0) as shop:
        assert await shop.answers(HEAD + b"\r\n") == [200, None]


async def test_work_has_no_deadline_here() -> None:
    async with port(head=0.1, leftover=0.1, answer=0.1, closing=0.1) as shop:
        slow = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n" + CLOSE + b"\r\n{}"
        assert await shop.answers(slow) == [200, None]


async def test_a_body_that_nobody_asked_for() -> None:
    """The answer is given; then it may not go on for ever."""
    async with port(leftover=QUICK) as shop:
        line = await shop.open()
        line.says(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", b"x")
        assert await line.hears() == 404
        line.says(b"x")
        assert await line.ends()


async def test_a_body_that_stops() -> None:
    """It may be slow, but something has to come."""
    async with port(body=5 * QUICK) as shop:
        slow, still = await shop.open(), await shop.open()
        for line in (slow, still):
            line.says(POST, b"Content-Length: 9\r\n", CLOSE, b"\r\n")
        for _ in range(9):
            slow.says(b"x")
            await asyncio.sleep(QUICK)
        assert await slow.hears() == 200
        assert await still.hears() == 408
        assert await still.ends()


async def test_a_reader_who_does_not_read() -> None:
    async with port(answer=QUICK, closing=QUICK) as shop:
        line = await shop.open(receive=4096)
        line.says(BIG_ONE)
        await until(shop.has_callers)
        await until(shop.is_empty)
        assert await shop.answers(HEAD + CLOSE + b"\r\n") == [200, None]


TOO_MANY = [b"X-%d: y\r\n" % number for number in range(101)]
HEADS: dict[str, tuple[bytes, int]] = {
    "a hundred headers": (HEAD + b"".join(TOO_MANY[:98]) + CLOSE, 200),
    "a hundred and two": (HEAD + b"".join(TOO_MANY), 431),
    "ten thousand headers": (HEAD + b"X: y\r\n" * 10_000, 431),
    "a header of 15 kB": (HEAD + b"X: " + b"y" * 15_000 + b"\r\n" + CLOSE, 200),
    "a header of 17 kB": (HEAD + b"X: " + b"y" * 17_000 + b"\r\n", 431),
    "a header of 100 kB": (HEAD + b"X: " + b"y" * 100_000 + b"\r\n", 431),
    "a line of 9 kB": (b"GET /" + b"y" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n", 414),
    "a folded header": (HEAD + b"X: y\r\n z\r\n", 400),
    "a header folded by a tab": (HEAD + b"X: y\r\n\tz\r\n", 400),
    "lines that end in other ways": (b"GET /healthz HTTP/1.1\nHost: x\n", 400),
    "a space before the colon": (HEAD + b"X : y\r\n", 400),
    "a header without a name": (HEAD + b": y\r\n", 400),
    "a zero": (HEAD + b"X: a\x00b\r\n", 400),
    "no host": (b"GET /healthz HTTP/1.1\r\n", 400),
    "two hosts": (HEAD + b"Host: y\r\n", 400),
    "no words of HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400),
    "another version": (b"GET /healthz HTTP/3.0\r\nHost: x\r\n", 505),
    "a length and chunks": (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", 400),
    "chunks and a length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", 400),
    "both, asked for the head alone": (
        b"HEAD /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        400,
    ),
    "two lengths": (POST + b"Content-Length: 4\r\nContent-Length: 5\r\n", 400),
    "two lengths in one line": (POST + b"Content-Length: 4, 5\r\n", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n", 400),
    "a length with a sign": (POST + b"Content-Length: +4\r\n", 400),
    "chunks in HTTP/1.0": (b"POST /body HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400),
    "chunks twice": (POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
    "chunks of another kind": (POST + b"Transfer-Encoding: gzip, chunked\r\n", 501),
}
SMUGGLED = b"\r\n\r\n" + HEAD + b"\r\n"


@pytest.mark.parametrize("name", HEADS)
async def test_heads(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """What is refused is the end: what stands after it is no second request."""
    head, status = HEADS[name]
    async with port() as shop:
        rest = b"\n" + b"0" + SMUGGLED if b"\r" not in head else b"\r\n0" + SMUGGLED
        assert await shop.answers(head + rest) == [status, None]
        assert await shop.answers(HEAD + CLOSE + b"\r\n") == [200, None]
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS: dict[str, tuple[bytes, list[int | None]]] = {
    "good": (b"2\r\n{}\r\n0\r\n\r\n" + HEAD + CLOSE + b"\r\n", [200, 200, None]),
    "no number": (b"zz\r\n{}\r\n0\r\n\r\n", [400, None]),
    "0x": (b"0x2\r\n{}\r\n0\r\n\r\n", [400, None]),
    "a sign": (b"+2\r\n{}\r\n0\r\n\r\n", [400, None]),
    "underscores": (b"0_2\r\n{}\r\n0\r\n\r\n", [400, None]),
    "endless digits": (b"0" * 30 + b"2\r\n{}\r\n0\r\n\r\n", [400, None]),
    "longer than it says": (b"2\r\n{}x\r\n0\r\n\r\n", [400, None]),
    "no end of line": (b"2\n{}\n0\n\n\r\n", [400, None]),
}


@pytest.mark.parametrize("name", CHUNKS)
async def test_chunks(name: str, caplog: pytest.LogCaptureFixture) -> None:
    body, statuses = CHUNKS[name]
    async with port() as shop:
        assert await shop.answers(CHUNKED + body + SMUGGLED) == statuses
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_rubbish_after_the_answer_makes_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    """Once the answer has begun there is no other: the connection ends."""
    refused = b"POST /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with port() as shop:
        line = await shop.open()
        line.says(refused)
        assert await line.hears() == 404
        line.says(b"rubbish\r\n")
        assert await line.ends()
        last = b"POST /slow HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n"
        assert await shop.answers(last, b"rubbish\r\n") == [200, None]
        assert await shop.answers(HEAD + b"\r\n" + b"rubbish\r\n\r\n") == [200, 400, None]
        slow = await shop.open()
        slow.says(b"POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        await asyncio.sleep(0.05)
        slow.says(b"rubbish\r\n")  # in the middle of the work
        assert await slow.hears() == 400
        await asyncio.sleep(1)  # the work ends too
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_ceiling() -> None:
    """Past it new ones are turned away at once; who is in goes on, and so does /healthz from this machine."""
    async with port(near=5, spare=1) as shop:
        lines = [await shop.open() for _ in range(5)]
        assert await shop.answers(BIG_ONE) == [503, None]
        assert await shop.answers(HEAD + CLOSE + b"\r\n") == [200, None]
        flood = [await shop.open() for _ in range(20)]  # all from here, and silent
        assert await shop.answers(HEAD + CLOSE + b"\r\n") == [200, None]
        assert all([await line.ends() for line in flood[:-2]])
        for line in lines:
            line.says(HEAD + b"\r\n")
            assert await line.hears() == 200
        lines[0].says(HEAD + CLOSE + b"\r\n")
        assert (await lines[0].hears(), await lines[0].ends()) == (200, True)
        lines[1].says(BIG_ONE)
        assert await lines[1].hears() == 200
        assert await shop.answers(b"GET /big HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n") == [200, None]
