"""`kassandra models check` of a workflow: each trouble in one line that says what to do."""

import asyncio
from pathlib import Path

import pytest

from bot.wiring.inference import RUNTIMES
from sandbox.client.comfyui import ComfyUIServer
from services.authoring.check import check_folder
from services.inference.check_line import CheckLine
from tests.support.comfyui import Json, workflow, write_painting


async def checked(store: Path, url: str, *, runtime: str = "", nodes: Json | None = None) -> list[CheckLine]:
    folder = write_painting(store, url, runtime=runtime, nodes=nodes)
    return await asyncio.to_thread(lambda: list(check_folder(folder, RUNTIMES)))


async def wrong(store: Path, url: str, *, runtime: str = "", nodes: Json | None = None) -> str:
    lines = [line for line in await checked(store, url, runtime=runtime, nodes=nodes) if not line.ok]
    assert len(lines) == 1
    told = f"{lines[0].what}: {lines[0].detail}. {lines[0].fix}"
    assert "\n" not in told
    return told


async def test_a_good_one(server: ComfyUIServer, tmp_path: Path) -> None:
    lines = await checked(tmp_path, server.url)
    assert all(line.ok for line in lines)
    assert [line.what for line in lines][-2:] == ["server", "example"]
    assert "painting a picture of" in lines[-1].detail


async def test_what_the_server_lacks(server: ComfyUIServer, tmp_path: Path) -> None:
    await server.change(missing_nodes=["SandboxPainter", "ImageBlur"])
    assert await wrong(tmp_path, server.url) == (
        'server: the server does not have the nodes "ImageBlur", "SandboxPainter". '
        "Install what the workflow uses, or change the workflow"
    )
    await server.change(missing_nodes=[])
    loader = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "qwen.safetensors"}}
    assert await wrong(tmp_path, server.url, nodes=workflow(n7=loader)) == (
        'server: the node "7" (CheckpointLoaderSimple): "ckpt_name" is "qwen.safetensors", which the server does '
        "not have. Put that file there, or choose another in the workflow"
    )


async def test_what_the_server_refuses(server: ComfyUIServer, tmp_path: Path) -> None:
    broken = workflow()
    broken["4"]["inputs"]["blur_radius"] = 1
    del broken["4"]["inputs"]["sigma"]
    assert (await wrong(tmp_path, server.url, nodes=broken)).startswith(
        'example: the node "Blur" (4): Required input is missing: sigma. Correct the workflow'
    )


async def test_servers_that_are_not_there_or_want_a_key(
    server: ComfyUIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Cannot connect to host 127.0.0.1:1" in await wrong(tmp_path, "http://127.0.0.1:1")
    assert "/elsewhere/system_stats (HTTP 404)" in await wrong(tmp_path, f"{server.url}/elsewhere")
    await server.change(authorization="Bearer secret")
    assert "wants a key (401). Set runtime.headers" in await wrong(tmp_path, server.url)
    header = 'headers = { Authorization = "env:COMFYUI_AUTH" }'
    assert "the variable COMFYUI_AUTH is not set" in await wrong(tmp_path, server.url, runtime=header)
    monkeypatch.setenv("COMFYUI_AUTH", "Bearer secret")
    assert all(line.ok for line in await checked(tmp_path, server.url, runtime=header))
