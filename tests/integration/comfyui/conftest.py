"""The runtime of a real model against the sandbox's server."""

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from bot.wiring.inference import RUNTIMES
from sandbox.client.comfyui import ComfyUIServer
from services.errors import ShopError
from services.inference.runtimes.comfyui.runtime import ComfyUIRuntime
from services.inference.tensors import Result, Row, RunProgress
from services.manifests.manifest import load_manifest
from tests.integration import servers
from tests.support.comfyui import photo, write_painting

EVERY = 0.02
WITHIN = 30.0
Opens = Callable[..., ComfyUIRuntime]


server = pytest.fixture(servers.comfyui)


@pytest.fixture
async def opens(server: ComfyUIServer, tmp_path: Path) -> AsyncIterator[Opens]:
    """`opens(runtime="timeout = 2", nodes=…)`: another shop's, or another process's, of the same model."""
    opened = []

    def open_one(**given: Any) -> ComfyUIRuntime:
        folder = write_painting(tmp_path, server.url, **given)
        opened.append(ComfyUIRuntime(load_manifest(folder, RUNTIMES.specs), folder, every=EVERY))
        return opened[-1]

    yield open_one
    for runtime in opened:
        await runtime.close()


@pytest.fixture
async def runtime(opens: Opens) -> ComfyUIRuntime:
    return opens()


class Told:
    """Keeps what a run reports."""

    def __init__(self) -> None:
        self.all: list[RunProgress] = []

    def __call__(self, progress: RunProgress) -> None:
        self.all.append(progress)


def a_row(colour: str = "olive", *, told: Told | None = None, blur: Any = 1) -> Row:
    return Row(
        values={"photo": {"file": "0" * 32}, "blur": blur},
        files={"photo": photo(colour=colour)},
        id=uuid4(),
        report=told or Told(),
    )


async def answer(runtime: ComfyUIRuntime, row: Row) -> Result | ShopError:
    """Or the error that is raised."""
    try:
        async with asyncio.timeout(WITHIN):
            (found,) = await runtime.run([row])
    except ShopError as error:
        return error
    return found


async def painted(runtime: ComfyUIRuntime, row: Row | None = None) -> Image.Image:
    found = await answer(runtime, row or a_row())
    assert isinstance(found, Result), repr(found)
    return Image.open(io.BytesIO(found.images["painting"]))


async def until(good: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(WITHIN):
        while True:
            if found := await good():
                return found
            await asyncio.sleep(0.01)


async def until_running(server: ComfyUIServer, row: Row) -> None:
    async def runs() -> bool:
        return bool((await server.look())["running"] == str(row.id))

    await until(runs)
