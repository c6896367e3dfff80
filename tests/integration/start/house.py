"""`kassandra run` as a process of its own, and Telegrams that are no help to it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.integration.cli.test_commands import ROOT, TOKEN, Shell
from tests.support.ports import free_port

NOBODY = "http://127.0.0.1:1"
START_SECONDS = 60.0  # on a busy machine


class House:
    """A running `kassandra`; `heard` is what it has logged."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self.heard: list[dict[str, object]] = []
        self.said = ""

    async def logs(self, event: str) -> dict[str, object]:
        """The next line of that event. Raises AssertionError where the process ends without."""
        assert self.process.stderr is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                async for line in self.process.stderr:
                    self.said += line.decode()
                    with suppress(ValueError):
                        self.heard.append(json.loads(line))
                        if self.heard[-1]["event"] == event:
                            return self.heard[-1]
        raise AssertionError(f"no {event}: {self.said}")

    async def answers(self, path: str) -> int:
        """The status; a connection that is taken and not answered is an error."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(self.url + path) as answer:
            return answer.status

    async def ends(self, name: signal.Signals | None = None, *, within: float) -> int:
        """Its exit code, once it was told to end, or by itself."""
        if name is not None:
            self.process.send_signal(name)
        async with asyncio.timeout(within):
            assert self.process.stderr is not None
            self.said += (await self.process.stderr.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def kassandra(folder: Path, *arguments: str, **environment: str) -> AsyncIterator[House]:
    port = free_port()
    variables = Shell(folder).environment | {"BOT_TOKEN": TOKEN, "LOG_FORMAT": "json", "WEB_PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *(arguments or ("run",)),
        cwd=folder, env=variables | {"PYTHONPATH": str(ROOT)} | environment, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield House(process, port)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def silence() -> AsyncIterator[str]:
    """The address of a Telegram that takes every call and answers none."""
    open_ones: set[asyncio.StreamWriter] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        with suppress(OSError):
            while await reader.read(4096):
                pass
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in open_ones:
            writer.transport.abort()
