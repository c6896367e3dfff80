"""What a server does wrong, and which of three kinds of error it is."""

import asyncio
from typing import Any

import pytest

from sandbox.client.inference import Inference
from sandbox.testing import sandbox_process
from services.inference.errors import BadOutput, ModelBroken, RunFailed, RunTimeout, ServerAway
from services.inference.loaded import RemoteModel
from services.inference.tensors import Result, Row
from services.values.samples import drawing
from tests.integration.open_inference.conftest import Opened
from tests.integration.open_inference.manifests import IRIS
from tests.integration.open_inference.test_dialects import SETOSA, answer
from tests.support.waiting import until


def asked(model: RemoteModel) -> "asyncio.Future[Result]":
    return model.batcher.run(Row(values={"measures": SETOSA}))


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("html", ServerAway, "Sign in"),
        ("503", ServerAway, "upstream"),
        ("401", ModelBroken, "Unauthorized"),
        ("413", RunFailed, "size"),
        ("429", RunFailed, "too many"),
        ("500", RunFailed, "memory"),
        ("worker", RunFailed, "exit code 9"),
        ("broken", BadOutput, "cannot be read"),
        ("name", BadOutput, 'no output "probabilities"'),
        ("shape", BadOutput, "Error|columns|reshape"),
        ("dtype", BadOutput, "type"),
        ("nan", BadOutput, "not a finite number"),
    ],
)
async def test_faults(server: Inference, opened: Opened, fault: str, kind: type[Exception], says: str) -> None:
    model = opened("iris")
    await answer(model, measures=SETOSA)
    await server.fault(fault)
    with pytest.raises(kind, match=says):
        await asked(model)
    if fault != "worker":
        assert (await answer(model, measures=SETOSA))["species"]["value"] == "setosa"


async def test_which_may_be_tried_again(server: Inference, opened: Opened) -> None:
    model = opened("iris")
    again = {}
    for fault in ("413", "429", "500", "worker"):
        await server.fault(fault)
        with pytest.raises(RunFailed) as raised:
            await asked(model)
        again[fault] = raised.value.retryable
    assert again == {"413": False, "429": True, "500": True, "worker": True}


async def test_more_rows_than_were_asked(server: Inference, opened: Opened) -> None:
    """The answers of a batch cannot be told apart; each row is then asked alone."""
    model = opened("iris", parallel=1)
    await server.fault("rows")
    told = await asyncio.gather(asked(model), asked(model))
    assert [each.outputs["species"]["value"] for each in told] == ["setosa"] * 2  # type: ignore[index,call-overload] # JSON


@pytest.mark.parametrize(("dialect", "x"), [("triton", -1.0), ("mlserver", -1.0), ("kserve", -1.0), ("openvino", -1.0)])
async def test_nan_of_one_row_is_not_the_others(server: Inference, opened: Opened, dialect: str, x: float) -> None:
    await server.change(dialect=dialect)
    model = opened("root", parallel=1)
    told: list[Any] = await asyncio.gather(*[answer(model, x=each) for each in (4.0, x, 9.0)], return_exceptions=True)
    assert (told[0], type(told[1]), told[2]) == ({"y": 2.0}, BadOutput, {"y": 3.0})


async def test_silence_is_given_up(server: Inference, opened: Opened) -> None:
    model = opened("iris", timeout=0.3)
    await model.check()
    await server.fault("hang")
    with pytest.raises(RunTimeout):
        await asked(model)


async def test_a_cut_line_is_tried_once_more(server: Inference, opened: Opened) -> None:
    """As one is that had lain idle."""
    model = opened("iris")
    await server.fault("cut")
    assert (await answer(model, measures=SETOSA))["species"]["value"] == "setosa"
    await server.fault("cut", times=2)
    with pytest.raises(ServerAway):
        await asked(model)


@pytest.mark.parametrize("cuts", [True, False])
async def test_a_picture_that_is_too_large_for_the_server(server: Inference, opened: Opened, cuts: bool) -> None:
    """Triton says nothing then, and hangs up; it is not away."""
    await server.change(max_bytes=2_000_000, cuts=cuts)
    model = opened("sketch")
    with pytest.raises(RunFailed, match=r"cuts the connection when 9|no request of that size") as raised:
        await answer(model, {"photo": drawing((1000, 800))})
    assert not raised.value.retryable
    await model.check()
    assert await answer(model, {"photo": drawing((200, 100))})


async def test_a_model_that_is_unloaded_and_comes_back(server: Inference, opened: Opened) -> None:
    model = opened("iris")
    await model.check()
    await server.unloads("iris")
    with pytest.raises(ServerAway):
        await model.check()
    with pytest.raises(ServerAway):
        await asked(model)
    await server.loads("iris")
    await model.check()
    assert await asked(model)


@pytest.mark.parametrize("dialect", ["triton", "mlserver", "kserve", "openvino"])
async def test_a_model_that_is_not_there(server: Inference, opened: Opened, dialect: str) -> None:
    await server.change(dialect=dialect)
    await server.unloads("iris")
    for model in (opened("iris"), opened("average", model="nobody")):
        with pytest.raises(ServerAway):
            await model.check()


async def test_a_page_is_not_ready(server: Inference, opened: Opened) -> None:
    await server.fault("html", "ready")
    with pytest.raises(ServerAway, match="web page"):
        await opened("iris").check()


async def test_nobody_is_there(opened: Opened) -> None:
    with pytest.raises(ServerAway):
        await opened("iris", url="http://127.0.0.1:9").check()
    with pytest.raises(ServerAway):
        await asked(opened("iris", url="http://nobody.invalid"))


async def test_kserve_has_no_versions(server: Inference, opened: Opened) -> None:
    await server.change(dialect="kserve")
    with pytest.raises(ModelBroken, match="leave version out"):
        await opened("greeting", version="1").check()


async def test_a_door_that_is_locked(server: Inference, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.change(header="Authorization: Bearer secret")
    with pytest.raises(ModelBroken, match="env:NAME"):
        await opened("iris").check()
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ModelBroken, match="NO_SUCH_KEY is not set"):
        opened("iris", headers={"Authorization": "env:NO_SUCH_KEY"})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"measurements"', '"measures"', 'no input "measures"'),
        ('tensor = "probabilities"', 'tensor = "scores"', 'no output "scores"'),
        ('{ name = "measurements" }', '{ name = "measurements", dtype = "float64" }', 'Write dtype = "float32"'),
        ("_length = 4\nmax_length = 4", "_length = 5\nmax_length = 5", "takes"),
    ],
)
async def test_a_manifest_for_another_model(opened: Opened, old: str, new: str, says: str) -> None:
    text = IRIS.replace("example = [5.1, 3.5, 1.4, 0.2]\n", "").replace(old, new)
    with pytest.raises(ModelBroken, match=says):
        await opened("iris", parts=text).check()


async def test_what_the_model_refuses_of_a_row_is_not_tried_again(server: Inference, opened: Opened) -> None:
    """A 500 of Triton may be that; the server does not tell its inputs here, so nobody knew before."""
    model = opened("average", model="iris")
    await server.change(metadata=False)
    with pytest.raises(RunFailed, match="unexpected inference input") as raised:
        await answer(model, numbers=[1.0, 2.0])
    assert not raised.value.retryable


async def test_a_server_that_was_restarted(opened: Opened) -> None:
    """Idle connections are closed then."""
    async with sandbox_process() as url:
        model = opened("iris", url=f"{url}/inference/1000001")
        await answer(model, measures=SETOSA)
        port = url.rpartition(":")[2]
    with pytest.raises(ServerAway):
        await asked(model)
    async with sandbox_process("--port", port):
        assert (await answer(model, measures=SETOSA))["species"]["value"] == "setosa"


async def test_who_gives_up_hangs_up(server: Inference, opened: Opened) -> None:
    model = opened("iris")
    await model.check()
    await server.fault("hang")
    waiting = asked(model)
    await until(lambda: server.log("infer"))
    waiting.cancel()
    await asyncio.sleep(0)
    assert await asked(model)
