"""A sandbox in the test's event loop, and its ComfyUI as a plain HTTP client sees it."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from PIL import Image

from sandbox.client.comfyui import ComfyUIServer
from tests.integration import servers

Json = dict[str, Any]
SAMPLES: Json = json.loads((Path(__file__).parents[2] / "data" / "comfyui.json").read_text())
VERSIONS = ("0.30.0", "0.3.64")
WITHIN_SECONDS = 30.0


def photo(size: tuple[int, int] = (640, 480), colour: str = "olive", form: str = "JPEG", **more: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, form, **more)
    return stream.getvalue()


def sample_prompt() -> Json:
    """The workflow that the samples were taken with."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "tg_1.jpg"}, "_meta": {"title": "INPUT_IMAGE"}},
        "2": {
            "class_type": "ImageScale",
            "inputs": {"image": ["1", 0], "upscale_method": "lanczos", "width": 320, "height": 0, "crop": "disabled"},
            "_meta": {"title": "scale"},
        },
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}, "_meta": {"title": "invert"}},
        "4": {
            "class_type": "ImageBlur",
            "inputs": {"image": ["3", 0], "blur_radius": 3, "sigma": 1.0},
            "_meta": {"title": "blur"},
        },
        "9": {
            "class_type": "SaveImage",
            "inputs": {"images": ["4", 0], "filename_prefix": "acc"},
            "_meta": {"title": "OUTPUT"},
        },
    }


def slow_prompt(steps: int = 4, seed: int = 1, prefix: str = "slow") -> Json:
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "tg_1.jpg"}},
        "5": {"class_type": "SandboxPainter", "inputs": {"image": ["1", 0], "steps": steps, "seed": seed}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": prefix}},
    }


class Client:
    """Speaks the server's protocol with nothing between."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Status, and JSON or text."""
        async with self.http.request(method, self.url + path, json=body, **more) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def bytes_of(self, path: str) -> tuple[aiohttp.ClientResponse, bytes]:
        async with self.http.get(self.url + path) as answer:
            return answer, await answer.read()

    async def upload(self, content: bytes, name: str = "tg_1.jpg", **fields: str) -> tuple[int, Any]:
        form = aiohttp.FormData()
        for key, value in fields.items():
            form.add_field(key, value)
        form.add_field("image", content, filename=name)
        async with self.http.post(self.url + "/upload/image", data=form) as answer:
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    async def prompt(self, prompt: Json, **more: Any) -> str:
        status, answer = await self.call("POST", "/prompt", {"prompt": prompt, **more})
        assert status == 200, answer
        job_id: str = answer["prompt_id"]
        return job_id

    async def until(self, good: Callable[[], Awaitable[Any]]) -> Any:
        async with asyncio.timeout(WITHIN_SECONDS):
            while True:
                if found := await good():
                    return found
                await asyncio.sleep(0.01)

    async def ended(self, job_id: str) -> Json:
        """Its entry of the history."""

        async def entry() -> Any:
            return (await self.call("GET", f"/history/{job_id}"))[1].get(job_id)

        found: Json = await self.until(entry)
        return found


class Listener:
    """What a websocket hears, from its beginning."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[Json] = []

    async def until_null(self) -> list[Json]:
        """All up to the message that a prompt has ended."""
        while not (self.heard and self.heard[-1]["type"] == "executing" and self.heard[-1]["data"]["node"] is None):
            self.heard.append(await self.socket.receive_json(timeout=WITHIN_SECONDS))
        return self.heard

    async def during(self, seconds: float) -> list[Json]:
        """All until then, or until it is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while (message := await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                    self.heard.append(message.json())
        return self.heard


server = pytest.fixture(servers.comfyui)


@pytest.fixture
async def client(server: ComfyUIServer) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as http:
        client = Client(http, server.url)
        assert (await client.upload(photo()))[0] == 200
        yield client


@pytest.fixture
async def listen(client: Client) -> AsyncIterator[Callable[[str], Awaitable[Listener]]]:
    sockets = []

    async def connect(client_id: str) -> Listener:
        socket = await client.http.ws_connect(f"{client.url}/ws", params={"clientId": client_id})
        sockets.append(socket)
        return Listener(socket)

    yield connect
    for socket in sockets:
        await socket.close()


def new_id() -> str:
    return str(uuid4())
