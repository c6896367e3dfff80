"""The same models at servers of each kind."""

import asyncio
import io
from typing import Any

import pytest
from PIL import Image

from sandbox.client.inference import Inference
from services.inference.loaded import RemoteModel
from services.inference.tensors import Row
from services.values.samples import drawing
from tests.integration.open_inference.conftest import Opened

DIALECTS = ["triton", "mlserver", "kserve", "openvino"]
BINARY = {"triton": [True], "mlserver": [True, False], "kserve": [True], "openvino": [True]}
EVERY = [
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "int8",
    "int16",
    "int32",
    "int64",
    "fp16",
    "fp32",
    "fp64",
    "bf16",
    "bytes",
]
SETOSA, VIRGINICA = [5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]


async def answer(model: RemoteModel, files: dict[str, bytes] | None = None, **values: Any) -> Any:  # Any: JSON
    result = await model.batcher.run(Row(values=values, files=files or {}))
    return result.images or result.outputs


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_model_answers(server: Inference, opened: Opened, dialect: str) -> None:
    await server.change(dialect=dialect)
    model = opened("iris")
    await model.check()
    told = await answer(model, measures=SETOSA)
    assert told["species"]["value"] == "setosa"
    assert told["species"]["probabilities"]["setosa"] == pytest.approx(0.9972, abs=1e-3)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_raw_tensors_are_found_out_once(server: Inference, opened: Opened, dialect: str) -> None:
    await server.change(dialect=dialect)
    model = opened("iris")
    for _ in range(3):
        await answer(model, measures=SETOSA)
    calls = [call["binary"] for call in await server.log("infer")]
    assert calls == [*BINARY[dialect], *[BINARY[dialect][-1]] * 2]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("metadata", [True, False])
async def test_rows_run_together(server: Inference, opened: Opened, dialect: str, metadata: bool) -> None:
    await server.change(dialect=dialect, metadata=metadata)
    model = opened("iris", parallel=1)
    rows = [Row(values={"measures": each}) for each in [SETOSA, VIRGINICA] * 5]
    told = await asyncio.gather(*[model.batcher.run(row) for row in rows])
    assert [each.outputs["species"]["value"] for each in told] == ["setosa", "virginica"] * 5  # type: ignore[index,call-overload] # JSON
    assert [call["rows"] for call in await server.log("infer") if call["status"] == 200] == [8, 2]


@pytest.mark.parametrize("datatype", EVERY)
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_every_datatype(server: Inference, opened: Opened, dialect: str, datatype: str) -> None:
    await server.change(dialect=dialect, metadata=True)
    if (dialect, datatype) in {("kserve", "fp16"), ("kserve", "bf16")}:
        await server.change(binary_out=True)  # it does not send them in JSON
    value: Any = {"bool": True, "bytes": "Анна 🌷"}.get(datatype, 100 if datatype[0] in "iu" else -1.5)
    assert await answer(opened(f"echo-{datatype}"), x=value) == {"y": value}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_pictures_of_two_shapes(server: Inference, opened: Opened, dialect: str) -> None:
    await server.change(dialect=dialect)
    model = opened("sketch")
    sizes = [(120, 80), (64, 96)]
    told = await asyncio.gather(*[answer(model, {"photo": drawing(size)}) for size in sizes])
    assert [Image.open(io.BytesIO(each["sketch"])).size for each in told] == sizes


async def test_series_of_different_lengths(opened: Opened) -> None:
    model = opened("average")
    told = await asyncio.gather(
        answer(model, numbers=[1.0, 2.0]), answer(model, numbers=[3.0]), answer(model, numbers=[5, 7])
    )
    assert [each["average"] for each in told] == [1.5, 3.0, 6.0]


async def test_a_model_without_a_batch(opened: Opened) -> None:
    model = opened("total")
    told = await asyncio.gather(*[answer(model, pair=[1.0, float(n)]) for n in range(3)])
    assert [each["total"] for each in told] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(("version", "word"), [("1", "Hi"), ("2", "Hello"), (None, "Hello")])
async def test_versions(opened: Opened, version: str | None, word: str) -> None:
    model = opened("greeting", version=version)
    await model.check()
    assert await answer(model, name="Анна") == {"greeting": f"{word}, Анна"}


async def test_a_key_is_sent(server: Inference, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.change(header="Authorization: Bearer secret")
    monkeypatch.setenv("TRITON_KEY", "Bearer secret")
    model = opened("iris", headers={"Authorization": "env:TRITON_KEY"})
    await model.check()
    assert (await answer(model, measures=SETOSA))["species"]["value"] == "setosa"


async def test_the_address_may_name_the_protocol(server: Inference, opened: Opened) -> None:
    await opened("iris", url=f"{server.url}/v2/").check()
