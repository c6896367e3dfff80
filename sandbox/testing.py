"""Sandboxes for tests: in the test's own event loop or as a process."""

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox.client.sandbox import Sandbox
from sandbox.clock import Clock
from sandbox.server import running
from sandbox.settings import Settings

START_WITHIN_SECONDS = 20.0


def new_token() -> str:
    """A token of a bot that no other test has."""
    return f"{2_000_000 + secrets.randbelow(8_000_000_000)}:{secrets.token_urlsafe(26)}"


@asynccontextmanager
async def running_sandbox(clock: Clock | None = None, *, local_dir: Path | None = None) -> AsyncIterator[str]:
    """The address of a sandbox in this event loop, with no world but the page's."""
    async with running(Settings(port=0, local_dir=local_dir), clock) as (_, url):
        yield url


@asynccontextmanager
async def new_world(base_url: str, *, token: str | None = None) -> AsyncIterator[Sandbox]:
    """A world with no one in it, gone when the test ends; its `token` is for the bot."""
    async with await Sandbox.create(base_url, token or new_token()) as sandbox:
        try:
            yield sandbox
        finally:
            await sandbox.call("DELETE", "")


@asynccontextmanager
async def sandbox_process(*arguments: str) -> AsyncIterator[str]:
    """The address of `python -m sandbox` on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", "0", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_WITHIN_SECONDS):
            line = (await process.stdout.readline()).decode()
        assert "ready at " in line, f"the sandbox did not start: {line!r}"
        yield line.partition("ready at ")[2].strip()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
