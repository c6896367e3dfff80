"""Sockets that fall silent, workers that die, restarts, proxies that demand and lie."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from sandbox.client.comfyui import ComfyUIServer
from tests.integration.sandbox_comfyui.conftest import Client, Listener, new_id, sample_prompt, slow_prompt

Listen = Callable[[str], Awaitable[Listener]]


async def test_progress_goes_to_its_client_alone(client: Client, listen: Listen) -> None:
    me, other = await listen("me"), await listen("other")
    job_id = await client.prompt(slow_prompt(steps=3), client_id="me")
    steps = [each["data"] for each in await me.until_null() if each["type"] == "progress"]
    assert [(each["value"], each["max"], each["prompt_id"]) for each in steps] == [(n, 3, job_id) for n in (1, 2, 3)]
    assert {each["type"] for each in await other.during(0.1)} == {"status"}


async def test_a_job_of_nobody_is_shown_to_all(client: Client, listen: Listen) -> None:
    other = await listen("other")
    await client.ended(await client.prompt(sample_prompt()))
    assert {each["type"] for each in await other.during(0.1)} == {"status", "progress_state"}


async def test_a_second_socket_takes_over_for_good(client: Client, listen: Listen) -> None:
    first = await listen("me")
    await first.during(0.05)
    heard = len(first.heard)
    second = await listen("me")
    await client.ended(await client.prompt(sample_prompt(), client_id="me"))
    assert {"executed", "execution_success"} <= {each["type"] for each in await second.until_null()}
    await second.socket.close()
    await client.ended(await client.prompt(slow_prompt(steps=1), client_id="me"))
    assert len(await first.during(0.1)) == heard


async def test_whoever_comes_back_is_told_where_it_stands(
    client: Client, server: ComfyUIServer, listen: Listen
) -> None:
    await server.change(held=True)
    await client.prompt(slow_prompt(), client_id="me")

    async def painting() -> bool:
        return (await server.look())["running"] is not None

    await client.until(painting)
    again = await listen("me")
    types = [(each["type"], each["data"].get("node")) for each in await again.during(0.1)]
    assert types == [("status", None), ("executing", "1")]


async def test_a_restart_keeps_the_files_alone(client: Client, server: ComfyUIServer, listen: Listen) -> None:
    me = await listen("me")
    done = await client.prompt(sample_prompt())
    name = (await client.ended(done))["outputs"]["9"]["images"][0]["filename"]
    await server.change(held=True)
    lost = await client.prompt(slow_prompt())
    await server.restarts()
    await server.change(held=False)
    assert await client.call("GET", f"/history/{done}") == (200, {})
    assert await client.call("GET", f"/api/jobs/{lost}") == (404, {"error": "Job not found"})
    assert (await client.bytes_of(f"/view?filename={name}"))[0].status == 200
    await me.during(1.0)
    assert me.socket.closed
    again = await client.call("POST", "/prompt", {"prompt": sample_prompt()})
    assert again[1]["number"] == 0
    entry = await client.ended(again[1]["prompt_id"])
    assert entry["outputs"]["9"]["images"][0]["filename"] == "acc_00002_.png", "file counters go on"


async def test_a_dead_worker_is_not_seen_from_outside(client: Client, server: ComfyUIServer) -> None:
    await server.change(pace=0.05)
    job_id = await client.prompt(slow_prompt(steps=100))

    async def runs() -> bool:
        return bool((await server.look())["running"] == job_id)

    await client.until(runs)
    await server.loses_its_worker()
    waiting = await client.prompt(sample_prompt())
    assert (await client.call("GET", "/system_stats"))[0] == 200
    assert await client.call("POST", f"/api/jobs/{job_id}/cancel") == (200, {"cancelled": True})
    assert (await client.call("GET", f"/api/jobs/{job_id}"))[1]["status"] == "in_progress"
    assert (await client.call("GET", f"/api/jobs/{waiting}"))[1]["status"] == "pending"


async def test_a_proxy_demands_its_header(client: Client, server: ComfyUIServer) -> None:
    await server.change(authorization="Bearer secret")
    assert (await client.call("GET", "/queue"))[0] == 401
    assert (await client.call("GET", "/queue", headers={"Authorization": "Bearer secret"}))[0] == 200
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await client.http.ws_connect(f"{client.url}/ws")
    socket = await client.http.ws_connect(f"{client.url}/ws", headers={"Authorization": "Bearer secret"})
    assert (await socket.receive_json())["type"] == "status"
    await socket.close()


async def test_faults_of_calls(client: Client, server: ComfyUIServer) -> None:
    await server.fault("html", "prompt")
    status, text = await client.call("POST", "/prompt", {"prompt": sample_prompt()})
    assert (status, "<html>" in text) == (200, True)
    await server.fault("500_after", "prompt")
    job_id = new_id()
    assert (await client.call("POST", "/prompt", {"prompt": sample_prompt(), "prompt_id": job_id}))[0] == 500
    assert (await client.ended(job_id))["status"]["completed"]
    await server.fault("cut", "history", times=0)  # aiohttp asks twice on a connection that it has had
    with pytest.raises(aiohttp.ClientError):
        await client.call("GET", f"/history/{job_id}")
    await server.clear_faults()
    await server.fault("hang", "queue", times=0, seconds=0.05)
    with pytest.raises(aiohttp.ClientError):
        await client.call("GET", "/queue")
    await server.clear_faults()
    other = await client.prompt(slow_prompt(steps=1))
    await client.ended(other)
    await server.fault("another", "history")
    entry: Any = (await client.call("GET", f"/history/{job_id}"))[1][job_id]
    assert entry["prompt"][1] == other
    assert [each["status"] for each in await server.log("prompt")] == [200, 500, 200]


async def test_a_node_that_is_not_installed(client: Client, server: ComfyUIServer) -> None:
    await server.change(missing_nodes=["ImageBlur"])
    status, answer = await client.call("POST", "/prompt", {"prompt": sample_prompt()})
    assert (status, answer["error"]["type"]) == (400, "missing_node_type")
    assert await client.call("GET", "/object_info/ImageBlur") == (200, {})
