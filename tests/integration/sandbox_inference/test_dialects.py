"""The sandbox's inference server answers as the real ones were seen to."""

from typing import Any

import numpy as np
import pytest

from sandbox.client.inference import Inference
from tests.integration.sandbox_inference.conftest import Ask

DIALECTS = ["triton", "mlserver", "kserve", "openvino"]
FLOWER = [5.1, 3.5, 1.4, 0.2]


def flowers(rows: int = 1, **changes: Any) -> dict[str, Any]:  # Any: JSON
    given = {"name": "measurements", "shape": [rows, 4], "datatype": "FP32", "data": FLOWER * rows}
    return {"inputs": [given | changes]}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_each_runs_the_model(server: Inference, ask: Ask, dialect: str) -> None:
    await server.change(dialect=dialect)
    answer = (await ask("/models/iris/infer", flowers(2))).json
    outputs = {each["name"]: each for each in answer["outputs"]}
    assert outputs["probabilities"]["shape"] == [2, 3]
    assert outputs["probabilities"]["data"][0] == pytest.approx(0.9972, abs=1e-3)
    assert outputs["species"]["data"] == ["setosa", "setosa"]


@pytest.mark.parametrize(
    ("dialect", "unloaded"), [("triton", 400), ("mlserver", 200), ("kserve", 200), ("openvino", 200)]
)
async def test_health(server: Inference, ask: Ask, dialect: str, unloaded: int) -> None:
    await server.change(dialect=dialect)
    assert (await ask("/health/live")).status == 200
    told = await ask("/health/ready")
    assert (told.status, told.body) == (200, b'{"ready": true}' if dialect == "kserve" else b"")
    await server.unloads("root")
    assert (await ask("/health/ready")).status == unloaded


@pytest.mark.parametrize(
    ("dialect", "unknown", "unloaded"),
    [("triton", 400, 400), ("mlserver", 404, 404), ("kserve", 404, 503), ("openvino", 404, 404)],
)
async def test_ready_of_a_model(server: Inference, ask: Ask, dialect: str, unknown: int, unloaded: int) -> None:
    await server.change(dialect=dialect)
    assert (await ask("/models/iris/ready")).status == 200
    assert (await ask("/models/nobody/ready")).status == unknown
    await server.unloads("iris")
    assert (await ask("/models/iris/ready")).status == unloaded
    await server.loads("iris")
    assert (await ask("/models/iris/ready")).status == 200


@pytest.mark.parametrize(("dialect", "path"), [("triton", 404), ("mlserver", 200), ("kserve", 404), ("openvino", 404)])
async def test_the_server_itself(server: Inference, ask: Ask, dialect: str, path: int) -> None:
    await server.change(dialect=dialect)
    told = (await ask("")).json
    extensions = {"triton": 13, "mlserver": 0, "kserve": 1}
    assert len(told["extensions"]) == extensions[dialect] if dialect in extensions else "extensions" not in told
    assert (await ask("/")).status == path


@pytest.mark.parametrize(("dialect", "inputs"), [("triton", 1), ("mlserver", 0), ("kserve", 0), ("openvino", 1)])
async def test_metadata(server: Inference, ask: Ask, dialect: str, inputs: int) -> None:
    await server.change(dialect=dialect)
    told = (await ask("/models/iris")).json
    assert len(told["inputs"]) == inputs
    assert told["versions"] == (None if dialect == "kserve" else ["1"])
    if inputs:
        assert told["inputs"] == [{"name": "measurements", "datatype": "FP32", "shape": [-1, 4]}]
    assert (await ask("/models/nobody")).status == 404
    await server.change(metadata=True)
    assert (await ask("/models/iris")).json["inputs"][0]["shape"] == [-1, 4]


@pytest.mark.parametrize(
    ("dialect", "statuses"),
    [
        ("triton", [500, 500, 500, 500]),
        ("mlserver", [500, 400, 422, 422]),
        ("kserve", [400, 400, 422, 422]),
        ("openvino", [400, 400, 400, 400]),
    ],
)
async def test_bad_requests(server: Inference, ask: Ask, dialect: str, statuses: list[int]) -> None:
    await server.change(dialect=dialect)
    answers = [
        await ask("/models/iris/infer", flowers(shape=[1, 3], data=FLOWER[:3])),
        await ask("/models/iris/infer", flowers(data=["a"] * 4)),
        await ask("/models/iris/infer", {"inputs": []}),
        await ask("/models/iris/infer", b"{"),
    ]
    assert [answer.status for answer in answers] == statuses
    for answer in answers:
        assert ("detail" in answer.json) == (answer.status == 422)
        assert answer.content_type == ("text/plain" if dialect == "triton" else "application/json")
    assert (await ask("/models/nobody/infer", flowers())).status == 404


async def test_triton_wants_the_batch(ask: Ask) -> None:
    assert (await ask("/models/iris/infer", flowers(shape=[4]))).status == 500
    assert (await ask("/models/iris/infer", flowers(65))).status == 400
    pair = {"inputs": [{"name": "pair", "shape": [2], "datatype": "FP32", "data": [1, 2]}]}
    assert (await ask("/models/total/infer", pair)).json["outputs"][0]["data"] == [3.0]


@pytest.mark.parametrize(("dialect", "status"), [("triton", 400), ("mlserver", 200), ("kserve", 200)])
async def test_an_output_that_is_not_there(server: Inference, ask: Ask, dialect: str, status: int) -> None:
    await server.change(dialect=dialect)
    told = await ask("/models/iris/infer", flowers() | {"outputs": [{"name": "nothing"}]})
    assert told.status == status
    if status == 200:
        assert len(told.json["outputs"]) == 2


@pytest.mark.parametrize(
    ("dialect", "known", "word"),
    [("triton", 200, 400), ("mlserver", 200, 404), ("kserve", 501, 501), ("openvino", 200, 400)],
)
async def test_versions(server: Inference, ask: Ask, dialect: str, known: int, word: int) -> None:
    await server.change(dialect=dialect)
    name = {"inputs": [{"name": "name", "shape": [1, 1], "datatype": "BYTES", "data": ["Anna"]}]}
    told = await ask("/models/greeting/versions/1/infer", name)
    assert told.status == known
    if known == 200:
        assert told.json["outputs"][0]["data"] == ["Hi, Anna"]
    assert (await ask("/models/greeting/versions/latest/infer", name)).status == word
    assert (await ask("/models/greeting/infer", name)).json["outputs"][0]["data"] == ["Hello, Anna"]


@pytest.mark.parametrize(
    ("dialect", "status", "binary"),
    [("triton", 200, True), ("mlserver", 500, False), ("kserve", 200, False), ("openvino", 200, True)],
)
async def test_the_binary_extension(server: Inference, ask: Ask, dialect: str, status: int, binary: bool) -> None:
    await server.change(dialect=dialect)
    raw = np.array(FLOWER * 2, "<f4").tobytes()
    given = {"name": "measurements", "shape": [2, 4], "datatype": "FP32", "parameters": {"binary_data_size": len(raw)}}
    body = {"inputs": [given], "parameters": {"binary_data_output": True}}
    told = await ask("/models/iris/infer", body, tail=raw)
    assert (told.status, told.json_bytes is not None) == (status, binary)
    if status == 500:
        assert told.body.startswith(b"Traceback")
    elif binary:
        first, second = told.json["outputs"]
        assert (first["parameters"], second["parameters"]) == ({"binary_data_size": 24}, {"binary_data_size": 20})
        assert told.json_bytes is not None
        tail = told.body[told.json_bytes :]
        assert np.frombuffer(tail[:24], "<f4")[0] == pytest.approx(0.9972, abs=1e-3)
        assert tail[24:34] == b"\x06\x00\x00\x00setosa"


@pytest.mark.parametrize(("dialect", "status"), [("triton", 400), ("mlserver", 200), ("kserve", 400)])
async def test_half_precision_in_json(server: Inference, ask: Ask, dialect: str, status: int) -> None:
    await server.change(dialect=dialect)
    given = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP16", "data": [0.5, 1]}]}
    told = await ask("/models/echo-fp16/infer", given)
    assert told.status == status
    if status == 200:
        assert told.json["outputs"][0]["data"] == [0.5, 1.0]


async def test_what_is_no_number(server: Inference, ask: Ask) -> None:
    given = b'{"inputs": [{"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [NaN]}]}'
    await server.change(dialect="mlserver")
    assert (await ask("/models/root/infer", given)).status == 422
    await server.change(dialect="kserve")
    told = await ask("/models/root/infer", given)
    assert (told.status, told.json["outputs"][0]["data"]) == (200, [None])


async def test_extra_keys(server: Inference, ask: Ask) -> None:
    assert set((await ask("/models/iris/infer", flowers())).json) == {"model_name", "model_version", "outputs"}
    await server.change(dialect="mlserver")
    told = (await ask("/models/iris/infer", flowers())).json
    assert told["id"]
    assert told["parameters"] == {"content_type": "np"}
    await server.change(dialect="kserve")
    told = (await ask("/models/iris/infer", flowers() | {"id": "7"})).json
    assert (told["id"], told["model_version"], told["outputs"][0]["parameters"]) == ("7", None, None)


@pytest.mark.parametrize(
    ("dialect", "statuses"),
    [("triton", [200, 200, 500]), ("mlserver", [200, 200, 404]), ("kserve", [404, 503, 404]), ("openvino", [404] * 3)],
)
async def test_the_repository(server: Inference, ask: Ask, dialect: str, statuses: list[int]) -> None:
    await server.change(dialect=dialect)
    asked = ["/repository/index", "/repository/models/iris/load", "/repository/models/nobody/load"]
    assert [(await ask(path, {})).status for path in asked] == statuses


async def test_only_triton_tells_its_configuration(server: Inference, ask: Ask) -> None:
    assert (await ask("/models/sketch/config")).json["max_batch_size"] == 8
    await server.change(dialect="kserve")
    assert (await ask("/models/sketch/config")).status == 404
