"""The shop over HTTP: `GET /api/v1/me` and a paid prediction that is waited for, 64 connections, each a customer with a
key, against a bare FastAPI that has the same body ready and runs the same model unpaid; pages, 32 connections; the
memory of the process after it. `kassandra run` under the sandbox; whoever asks runs on the other core."""

import asyncio
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from typing import TypeAlias

import uvloop

from benchmarks.finding import ROUNDS, Finding, ratio_finding
from benchmarks.process import WINE, customers, resident, shop
from db.engine import Database
from db.migrate import upgrade
from db.tables.identities import ApiScope, SessionKind
from sandbox.testing import new_token, new_world, sandbox_process
from services.clock import system_clock
from services.identity.api_keys import ApiKeys
from services.identity.sessions import Device, WebSessions
from services.manifests.manifest import load_manifest
from services.values.samples import example_row
from web.kit.cookies import SESSION

PROGRAMS = 64
BROWSERS = 32
SECONDS = 2.0  # of each measurement
SALES_A_SECOND = 700
MOST_MEMORY = 220  # MB
STARTS_WITHIN = 30.0
Requests: TypeAlias = Sequence[bytes]  # one for each connection
JSON = "Content-Type: application/json\r\n"


def measure() -> list[Finding]:
    return uvloop.run(_measure())


async def _measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder, _bare() as bare, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        probe.close()
        database = f"{folder}/shop.db"
        upgrade(f"sqlite:///{database}")
        async with AsyncExitStack() as exits:
            url = await exits.enter_async_context(sandbox_process())
            world = await exits.enter_async_context(new_world(url, token=new_token()))
            more = {"WEB_PORT": str(port), "API_REQUESTS_A_MINUTE": "10000000"}
            pid = await exits.enter_async_context(shop(url, world.token or "", database, **more))
            await _answers(port)
            keys, cookies = await _people(database)
            idle = resident(pid)
            return [*await _api(port, bare, keys), *await _pages(port, cookies), _memory(idle, resident(pid))]


async def _api(port: int, bare: int, keys: Sequence[str]) -> list[Finding]:
    known = [f"Authorization: Bearer {key}\r\n" for key in keys]
    order = json.dumps({"model": "wine", "input": example_row(load_manifest(WINE), WINE).values}).encode()
    me = [_request("GET", "/api/v1/me", head) for head in known]
    buy = [_request("POST", "/api/v1/predictions", f"{head}{JSON}Prefer: wait=30\r\n", order) for head in known]
    for place, requests in itertools.product((port, bare), (me, buy)):  # warm
        await _ask(place, requests, 200, 201, seconds=SECONDS / 2)
    asked, asked_bare = await _turns(lambda: _ask(port, me, 200), lambda: _ask(bare, me, 200))
    sold, served = await _turns(lambda: _ask(port, buy, 201), lambda: _ask(bare, buy, 201))
    rate = statistics.median(sold)
    return [
        ratio_finding(
            f"GET /api/v1/me by key, {PROGRAMS} connections, against a bare FastAPI endpoint of the same shape",
            asked, asked_bare, unit="requests/s", target=0.2,
        ),
        ratio_finding(
            f"Paid wine over HTTP, asked to answered, {PROGRAMS} connections, against serving it unpaid in batches",
            sold, served, unit="sales/s", target=0.2,
        ),
        Finding(
            name="The same, against what unpaid servers did here with one model each",
            ours=f"{rate:,.0f} sales/s", limit=f"{SALES_A_SECOND} requests/s", result=f"{rate / SALES_A_SECOND:.2f}",
            target=f"≥ {SALES_A_SECOND} sales/s", met=rate >= SALES_A_SECOND,
        ),
    ]  # fmt: skip


async def _pages(port: int, cookies: Sequence[str]) -> list[Finding]:
    findings = []
    for name, place in {"home": "/", "a model": "/models/wine"}.items():
        requests = [_request("GET", place, f"Cookie: {SESSION}={cookie}\r\n") for cookie in cookies]
        await _ask(port, requests, 200, seconds=SECONDS / 2)
        rate = statistics.median([await _ask(port, requests, 200) for _ in range(ROUNDS)])
        told = "The first page" if name == "home" else f"The page of {name}"
        told += f", signed in, {BROWSERS} connections"
        findings.append(Finding(name=told, ours=f"{rate:,.0f} pages/s", limit="—", result="", target="—", met=None))
    return findings


def _memory(idle: float, after: float) -> Finding:
    return Finding(
        name=f"Resident memory after all that over HTTP (before it: {idle:.0f} MB)",
        ours=f"{after:.0f} MB",
        limit=f"{MOST_MEMORY} MB",
        result=f"{after / MOST_MEMORY:.2f}",
        target=f"≤ {MOST_MEMORY} MB",
        met=after <= MOST_MEMORY,
    )


async def _turns(*measures: Callable[[], Awaitable[float]]) -> list[list[float]]:
    """As `rounds`, in one event loop."""
    figures = [[await measure() for measure in measures] for _ in range(ROUNDS)]
    return [list(column) for column in zip(*figures, strict=True)]


async def _people(database: str) -> tuple[list[str], list[str]]:
    """Keys of those who run programs, cookies of those who look at pages."""
    db = Database(f"sqlite+aiosqlite:///{database}")
    people = await customers(db, PROGRAMS)
    keys, sessions = ApiKeys(db, system_clock), WebSessions(db, system_clock)
    made = [(await keys.create(user, "bench", tuple(ApiScope)))[1] for user in people]
    cookies = [await sessions.begin(user, SessionKind.BROWSER, Device(agent="bench")) for user in people[:BROWSERS]]
    await db.close()
    return made, cookies


@contextmanager
def _bare() -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.bare_web"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate(timeout=10)


async def _answers(port: int) -> None:
    """Until somebody listens there."""
    async with asyncio.timeout(STARTS_WITHIN):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


def _request(method: str, place: str, head: str, body: bytes = b"") -> bytes:
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {place} HTTP/1.1\r\nHost: shop\r\n{head}{length}\r\n".encode() + body


async def _ask(port: int, requests: Requests, *good: int, seconds: float = SECONDS) -> float:
    """Answers a second: each connection asks again as soon as it has its answer, which must be one of `good`."""
    done, end = 0, time.perf_counter() + seconds
    accepted = tuple(f"HTTP/1.1 {status}".encode() for status in good)

    async def one(request: bytes) -> None:
        nonlocal done
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(accepted), head
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            done += 1
        writer.close()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for request in requests:
            tasks.create_task(one(request))
    return done / (time.perf_counter() - started)
