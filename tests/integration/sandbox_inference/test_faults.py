"""An inference server on a bad day."""

import asyncio
import json

import aiohttp
import pytest

from sandbox.client.inference import Inference
from sandbox.client.sandbox import Sandbox, SandboxError
from tests.integration.sandbox_inference.conftest import Ask
from tests.integration.sandbox_inference.test_dialects import flowers

INFER = "/models/iris/infer"


@pytest.mark.parametrize("status", [401, 413, 429, 500, 503])
async def test_statuses(server: Inference, ask: Ask, status: int) -> None:
    await server.fault(str(status))
    assert (await ask(INFER, flowers())).status == status
    assert (await ask(INFER, flowers())).status == 200
    assert [call["status"] for call in await server.log("infer")] == [status, 200]


async def test_a_web_page_that_says_it_is_well(server: Inference, ask: Ask) -> None:
    await server.fault("html")
    told = await ask(INFER, flowers())
    assert (told.status, told.content_type, told.body[:6]) == (200, "text/html", b"<html>")


async def test_a_worker_that_is_killed(server: Inference, ask: Ask) -> None:
    await server.fault("worker")
    killed, dead, alive = [await ask(INFER, flowers()) for _ in range(3)]
    assert killed.json == {"error": "Worker process stopped unexpectedly with exit code 9."}
    assert (dead.status, dead.content_type, alive.status) == (500, "text/plain", 200)


async def test_answers_that_do_not_fit(server: Inference, ask: Ask) -> None:
    told = {}
    for kind in ("name", "shape", "dtype", "rows", "nan"):
        await server.fault(kind)
        told[kind] = (await ask(INFER, flowers(2))).json["outputs"][0]
    assert told["name"]["name"] == "probabilities_0"
    assert told["shape"]["shape"] == [1, 7]
    assert (told["dtype"]["datatype"], isinstance(told["dtype"]["data"][0], str)) == ("BYTES", True)
    assert told["rows"]["shape"] == [3, 3]
    assert told["nan"]["data"] == [None] * 6


async def test_half_an_answer(server: Inference, ask: Ask) -> None:
    await server.fault("broken")
    with pytest.raises(json.JSONDecodeError):
        _ = (await ask(INFER, flowers())).json


async def test_no_answer_at_all(server: Inference, ask: Ask) -> None:
    await server.fault("cut")
    with pytest.raises(aiohttp.ClientError):
        await ask(INFER, flowers())
    await server.fault("hang")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ask(INFER, flowers()), 0.2)


async def test_a_body_that_is_too_long(server: Inference, ask: Ask) -> None:
    await server.change(max_bytes=500)
    with pytest.raises(aiohttp.ClientError):
        await ask(INFER, flowers(60))
    await server.change(cuts=False)
    assert (await ask(INFER, flowers(60))).status == 413
    assert (await ask(INFER, flowers())).status == 200


async def test_a_header_is_demanded(server: Inference, ask: Ask) -> None:
    await server.change(header="Authorization: Bearer secret")
    assert (await ask("/models/iris/ready")).status == 401
    assert (await ask("/models/iris/ready", Authorization="Bearer secret")).status == 200
    await server.change(header="")
    assert (await ask("/models/iris/ready")).status == 200


async def test_wrong_use_of_the_panel(server: Inference) -> None:
    with pytest.raises(SandboxError, match="dialect"):
        await server.change(dialect="tensorflow")
    with pytest.raises(SandboxError, match="there is no model"):
        await server.loads("nobody")
    with pytest.raises(SandboxError, match="on is one of"):
        await server.fault("cut", "anything")


async def test_worlds_have_servers_of_their_own(sandbox: Sandbox, server: Inference, ask: Ask) -> None:
    await server.unloads("iris")
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{sandbox.base_url}/inference/7/v2/models/iris/ready") as told,
    ):
        assert told.status == 200
    assert (await ask("/models/iris/ready")).status == 400
