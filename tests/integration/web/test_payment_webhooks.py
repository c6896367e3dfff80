"""YooKassa's webhook over real HTTP: many at once, and what is no notification."""

import asyncio
import json
import resource
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
import structlog

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.payments.queries import PaymentView
from tests.conversations.stage import shop_settings
from tests.integration.payments.stand import Stand, open_stand
from tests.support.waiting import until
from web.kit import bodies
from web.kit import rate_limits as limits

PATH = "/webhooks/yookassa"
MANY = 1000


@pytest_asyncio.fixture(loop_scope="module")
async def stand(sandbox: Sandbox, database_url: str) -> AsyncIterator[Stand]:
    """On both databases."""
    async with open_stand(sandbox, database_url) as stand:
        yield stand


@pytest_asyncio.fixture(loop_scope="module")
async def quick(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Stand]:
    async with open_stand(sandbox, sqlite_url) as stand:
        yield stand


@asynccontextmanager
async def calling(app: App, **headers: str) -> AsyncIterator[aiohttp.ClientSession]:
    address = f"http://127.0.0.1:{app.web_port}"
    connector = aiohttp.TCPConnector(limit=400)  # of a thousand at once: more are turned away
    async with aiohttp.ClientSession(address, connector=connector, headers=headers) as http:
        yield http


def succeeded(payment_id: str | None, **more: Any) -> bytes:  # Any: JSON
    thing = {"id": payment_id, "status": "succeeded", "paid": True, **more}
    return json.dumps({"type": "notification", "event": "payment.succeeded", "object": thing}).encode()


async def posted(http: aiohttp.ClientSession, bodies: list[bytes]) -> Counter[int]:
    """All at once; how many answers of each status."""

    async def post(body: bytes) -> int:
        async with http.post(PATH, data=body) as answer:
            return answer.status

    return Counter(await asyncio.gather(*(post(body) for body in bodies)))


async def paid_in_silence(stand: Stand, user_id: int, count: int) -> list[PaymentView]:
    """Paid, and nobody has told the shop."""
    await stand.shop.fault("lose", "payment.succeeded", times=0)
    payments = []
    for _ in range(count):
        payments.append(await stand.begins(user_id, 100_00))
        await stand.shop.pays(payments[-1].provider_payment_id or "")
    return payments


async def credited(stand: Stand, user_id: int, count: int) -> bool:
    return await stand.balance(user_id) == 1000 + count * 1000


async def test_twenty_at_the_same_moment(stand: Stand) -> None:
    _, user_id = await stand.customer()
    [payment] = await paid_in_silence(stand, user_id, 1)
    async with calling(stand.app) as http:
        assert await posted(http, [succeeded(payment.provider_payment_id)] * 20) == {200: 20}
    await until(lambda: credited(stand, user_id, 1))
    await stand.till.reconciler.round(everything=True)
    assert await credited(stand, user_id, 1)


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
async def test_a_thousand_in_a_second(stand: Stand) -> None:
    """Forty payments told twenty times each, and two hundred forged: all are answered, the forged come to nothing, and
    a thousand more leave no more memory behind."""
    _, user_id = await stand.customer()
    payments = await paid_in_silence(stand, user_id, 40)
    told = [succeeded(payment.provider_payment_id) for payment in payments] * 20
    async with calling(stand.app) as http:
        assert await posted(http, told + [succeeded(str(uuid4())) for _ in range(MANY - len(told))]) == {200: MANY}
        await until(lambda: credited(stand, user_id, len(payments)))
        await until(lambda: _quiet(stand))
        asked = Counter(call["path"].rpartition("/")[2] for call in await stand.shop.log("payments.get"))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert await posted(http, told + [b"{}"] * (MANY - len(told))) == {200: len(told), 400: MANY - len(told)}
        await until(lambda: _quiet(stand))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16_000  # KiB: its peak does not grow
    assert await credited(stand, user_id, len(payments))
    assert max(asked.values()) <= 3  # twenty tellings are not twenty questions


async def _quiet(stand: Stand) -> bool:
    return await stand.till.events.unhandled() == 0


UNKNOWN = b'{"type": "notification", "event": "deal.closed", "object": {"id": "1"}}'
BAD: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "not JSON": (b"event=payment.succeeded&id=1", 400),
    "not UTF-8": (b"\xff\xfe\x00", 400),
    "a list": (b"[]", 400),
    "a word": (b'"payment.succeeded"', 400),
    "null": (b"null", 400),
    "wrong type": (b'{"type": "payment", "event": "payment.succeeded", "object": {"id": "1"}}', 400),
    "no object": (b'{"type": "notification", "event": "payment.succeeded"}', 400),
    "an object without an id": (b'{"type": "notification", "event": "payment.succeeded", "object": {}}', 400),
    "a path for an id": (succeeded("../refunds/1"), 400),
    "an endless id": (succeeded("a" * 10_000), 400),
    "deep": (b"[" * 60_000, 400),
    "a huge number": (
        b'{"type": "notification", "event": "x", "object": {"id": "1", "n": ' + b"9" * 9_000 + b"}}",
        400,
    ),
    "too long": (succeeded("1", padding="x" * 300_000), 413),
    "an unknown event": (UNKNOWN, 200),
    "an unknown payment": (succeeded("2d000000-000f-5000-9000-000000000000"), 200),
}


async def test_what_is_no_notification_of_a_payment(quick: Stand) -> None:
    _, user_id = await quick.customer()
    async with calling(quick.app) as http:
        for name, (body, status) in BAD.items():
            assert (name, await posted(http, [body])) == (name, {status: 1})
    await until(lambda: _quiet(quick))
    assert await credited(quick, user_id, 0)


async def test_other_ways_of_asking(quick: Stand) -> None:
    async with calling(quick.app) as http:
        for method, path in product(("GET", "PUT", "DELETE", "HEAD"), (PATH, PATH + "/")):
            async with http.request(method, path, allow_redirects=False) as answer:
                assert answer.status == 405
                assert answer.headers["Allow"] == "POST"
        async with http.post(PATH, data=succeeded("1"), headers={"Content-Type": "text/plain"}) as answer:
            assert answer.status == 200  # what it says it is does not matter


async def test_slashes_of_the_address(quick: Stand) -> None:
    """As somebody wrote it into the provider's cabinet; who notifies does not follow redirects."""
    for path in (PATH + "/", "/" + PATH, "//webhooks//yookassa//"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(UNKNOWN)}\r\n\r\n".encode()
        assert b" 200 " in await talk(quick.app, head, UNKNOWN)


async def talk(app: App, *parts: bytes, end: bool = False) -> bytes:
    """What is answered to bytes on the wire; `end`: no more will come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.web_port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        if end:
            writer.write_eof()
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


HEAD = b"POST /webhooks/yookassa HTTP/1.1\r\nHost: x\r\n"


async def test_bodies_in_pieces(quick: Stand) -> None:
    body = succeeded("1")
    pieces = [b"%x\r\n%b\r\n" % (len(body[i : i + 7]), body[i : i + 7]) for i in range(0, len(body), 7)]
    chunked = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert b" 200 " in await talk(quick.app, chunked, *pieces, b"0\r\n\r\n")
    assert b" 413 " in await talk(quick.app, HEAD + b"Content-Length: 300000\r\n\r\n")  # none of it has to come
    assert b" 413 " in await talk(quick.app, chunked, *[b"10000\r\n" + b"x" * 0x10000 + b"\r\n"] * 5)
    assert b" 400 " in await talk(quick.app, chunked, b"no length\r\n")
    assert b" 400 " in await talk(
        quick.app, HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"0\r\n\r\n"
    )
    assert b" 400 " in await talk(quick.app, HEAD + b"Content-Length: -1\r\n\r\n", b"{}")


async def test_ten_megabytes_without_a_length(quick: Stand) -> None:
    """Cut off at the limit; what follows is not kept."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    piece = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
    with_chunks = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    assert b" 413 " in await talk(quick.app, with_chunks, *[piece] * 40)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8_000  # KiB


async def test_a_body_that_does_not_end(
    quick: Stand, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever feeds us a byte now and then does not keep the connection."""
    monkeypatch.setattr(bodies, "SECONDS", 0.2)
    slow = HEAD + b"Content-Length: 100\r\n\r\n"
    assert b" 408 " in await talk(quick.app, slow, b'{"type":')
    answers = await asyncio.gather(*(talk(quick.app, slow, b"{") for _ in range(50)))
    assert all(b" 408 " in answer for answer in answers)
    await talk(quick.app, slow, b"{", end=True)  # gone in the middle
    async with calling(quick.app) as http:
        assert await posted(http, [succeeded("1")]) == {200: 1}
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


FORWARDED = "X-Forwarded-For"
SPOOFED: dict[str, list[tuple[dict[str, str], int]]] = {
    "127.0.0.1": [
        ({}, 403),  # the proxy itself is no sender
        ({FORWARDED: "185.71.76.1"}, 200),
        ({FORWARDED: "2a02:5180::1"}, 200),
        ({FORWARDED: "::ffff:185.71.76.1"}, 200),
        ({FORWARDED: "185.71.76.1:41822"}, 200),
        ({FORWARDED: "[2a02:5180::1]:443"}, 200),
        ({"X-Real-IP": "185.71.76.1"}, 200),
        ({"Forwarded": 'for="[2a02:5180::1]:443";proto=https'}, 200),
        ({FORWARDED: "185.71.76.1", "X-Real-IP": "185.71.76.1"}, 200),
        ({FORWARDED: "2a02:5181::1"}, 403),
        ({FORWARDED: "185.71.76.1, 203.0.113.7"}, 403),  # the left part came with the request
        ({FORWARDED: "203.0.113.7", "X-Real-IP": "185.71.76.1", "Forwarded": "for=185.71.76.1"}, 403),
        ({"X-Real-IP": "203.0.113.7", FORWARDED: "185.71.76.1"}, 403),
        ({"True-Client-IP": "185.71.76.1"}, 403),
        ({FORWARDED: "unknown"}, 403),
    ],
    "": [({}, 403), ({FORWARDED: "185.71.76.1"}, 403), ({"X-Real-IP": "185.71.76.1"}, 403)],
    "10.0.0.0/8": [({FORWARDED: "185.71.76.1"}, 403)],
    "127.0.0.0/8, 10.0.0.0/8": [
        ({FORWARDED: "185.71.76.1, 10.1.2.3"}, 200),
        ({FORWARDED: "203.0.113.7, 10.1.2.3"}, 403),
    ],
}


@pytest.mark.parametrize("proxies", SPOOFED)
async def test_spoofed_senders_of_a_live_shop(sandbox: Sandbox, sqlite_url: str, proxies: str) -> None:
    settings = shop_settings(
        sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x", trusted_proxies=proxies
    )
    async with App(settings, parts=("web",)).running() as app, calling(app) as http:
        for headers, status in SPOOFED[proxies]:
            async with http.post(PATH, data=UNKNOWN, headers=headers) as answer:
                assert (headers, answer.status) == (headers, status)


async def test_the_log_says_what_the_proxy_left_out(sandbox: Sandbox, sqlite_url: str) -> None:
    settings = shop_settings(sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x")
    async with App(settings, parts=("web",)).running() as app, calling(app) as http:
        with structlog.testing.capture_logs() as lines:
            await http.post(PATH, data=UNKNOWN)
            await http.post(PATH, data=UNKNOWN, headers={FORWARDED: "203.0.113.7:9", "X-Real-IP": "185.71.76.1"})
    bare, mixed = [line for line in lines if line["event"] == "yookassa_webhook_from_stranger"]
    assert bare["seen"] == "the connection: no X-Forwarded-For, Forwarded, X-Real-IP"
    assert mixed["seen"] == "x-forwarded-for: '203.0.113.7:9'; x-real-ip: '185.71.76.1'"


async def test_strangers_do_not_fill_the_disk(sandbox: Sandbox, sqlite_url: str) -> None:
    settings = shop_settings(sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x")
    async with App(settings, parts=("web",)).running() as app, calling(app) as http:
        with structlog.testing.capture_logs() as lines:
            assert await posted(http, [UNKNOWN] * 100) == {403: 100}
    assert len([line for line in lines if line["event"] == "yookassa_webhook_from_stranger"]) == limits.LINES


async def test_listening_on_ipv6(sandbox: Sandbox, sqlite_url: str) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    settings = shop_settings(
        sandbox, sqlite_url, yookassa_shop_id="1", yookassa_secret_key="live_x", web_host="::", trusted_proxies="::1"
    )
    async with App(settings, parts=("web",)).running() as app, aiohttp.ClientSession() as http:
        for host, forwarded, status in (
            ("[::1]", "2a02:5180::1", 200),
            ("[::1]", "203.0.113.7", 403),
            ("127.0.0.1", "185.71.76.1", 403),  # ::ffff:127.0.0.1, which is no trusted proxy here
        ):
            url = f"http://{host}:{app.web_port}{PATH}"
            async with http.post(url, data=UNKNOWN, headers={"X-Forwarded-For": forwarded}) as answer:
                assert answer.status == status
