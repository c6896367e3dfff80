"""Bodies against the sandbox's own reading of the protocol, which shares no line with ours."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from sandbox.inference.answers import Told, inferred
from sandbox.inference.dialects import DIALECTS
from sandbox.inference.models import MODELS
from sandbox.inference.wire import InferRequest, read_request
from services.inference.errors import BadOutput
from services.inference.runtimes.open_inference.codec import Body, decode, encode
from services.inference.runtimes.open_inference.datatypes import DATATYPES

SHAPES = array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ECHO = {model.name: model for model in MODELS}


@st.composite
def tensors(draw: st.DrawFn) -> tuple[str, NDArray[Any]]:
    """A datatype and an array that a feeder would make for it."""
    datatype, shape = draw(st.sampled_from(list(DATATYPES))), draw(SHAPES)
    if datatype == "BYTES":
        return datatype, draw(arrays(object, shape, elements=WORDS))
    if datatype == "BF16":
        halves = draw(
            arrays(np.uint16, shape, elements=st.integers(0, 0xFFFF).filter(lambda bits: bits & 0x7F80 != 0x7F80))
        )
        return datatype, (halves.astype(np.uint32) << 16).view(np.float32)
    finite = {"allow_nan": False, "allow_infinity": False} if datatype.startswith("FP") else {}
    return datatype, draw(arrays(DATATYPES[datatype].dtype, shape, elements=finite or None))


def same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    return one.shape == other.shape and bool(np.all(one == other))


@given(tensors(), tensors(), st.booleans())
def test_what_is_sent_arrives(one: tuple[str, NDArray[Any]], two: tuple[str, NDArray[Any]], binary: bool) -> None:
    body = encode({"a": one[1], "b": two[1]}, {"a": one[0], "b": two[0]}, ["y", "z"], binary=binary)
    request = read_request(body.raw, body.json_bytes, DIALECTS["openvino"])
    for name, (datatype, array) in (("a", one), ("b", two)):
        assert request.inputs[name].datatype == datatype
        assert same(request.inputs[name].array, array)
    assert request.outputs == {"y": binary, "z": binary}


@given(tensors(), tensors(), st.booleans(), st.booleans())
def test_what_is_answered_is_read(
    one: tuple[str, NDArray[Any]], two: tuple[str, NDArray[Any]], first: bool, second: bool
) -> None:
    """Each output may come in JSON or raw, also mixed in one answer."""
    request = InferRequest(id=None, inputs={}, outputs={"a": first, "b": second}, binary=False)
    told = [Told(name="a", datatype=one[0], array=one[1]), Told(name="b", datatype=two[0], array=two[1])]
    answer = inferred(DIALECTS["triton"], ECHO["iris"], "1", request, told, binary=True)
    decoded = decode(Body(raw=answer.body, json_bytes=answer.json_bytes))
    assert same(decoded["a"], one[1])
    assert same(decoded["b"], two[1])


def test_bfloat_is_rounded_to_the_nearest() -> None:
    numbers = np.array([1.0, 1.00390625, 1.01171875, -3.3e38, 1e-40, 65504.0], np.float32)
    body = encode({"x": numbers}, {"x": "BF16"}, [], binary=True)
    found = read_request(body.raw, body.json_bytes, DIALECTS["triton"]).inputs["x"].array
    assert found[:3].tolist() == [1.0, 1.0, 1.015625]
    assert np.all(np.abs(found - numbers) <= np.abs(numbers) / 256 + 1e-38)


def answered(*outputs: dict[str, Any], tail: bytes | None = None) -> Body:
    head = json.dumps({"model_name": "m", "outputs": list(outputs)}).encode()
    return Body(raw=head + (tail or b""), json_bytes=None if tail is None else len(head))


def output(data: Any = None, *, shape: Any = (2,), datatype: str = "FP32", size: int | None = None) -> dict[str, Any]:
    parameters = {"parameters": {"binary_data_size": size}} if size is not None else {"data": data}
    return {"name": "y", "shape": list(shape), "datatype": datatype, **parameters}


def test_nested_data_is_read() -> None:
    assert decode(answered(output([[1, 2], [3, 4]], shape=(2, 2))))["y"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_null_is_no_number() -> None:
    assert np.isnan(decode(answered(output([None, 1])))["y"]).tolist() == [True, False]


@pytest.mark.parametrize(
    "body",
    [
        Body(raw=b""),
        Body(raw=b"[]"),
        Body(raw=b"{}"),
        Body(raw=b'{"outputs": 3}'),
        Body(raw=b'{"outputs": [7]}'),
        Body(raw=b'{"outputs": ' + b"[" * 100_000),
        Body(raw=b'{"outputs": []}', json_bytes=4),
        answered(output([1, 2, 3])),
        answered(output([1, 2], shape=(-1,))),
        answered(output([1, 2], shape=(True, 2))),
        answered(output([1, 2], datatype="FP8")),
        answered(output("ab")),
        answered(output(["1", "2"])),
        answered(output([None, 1], datatype="INT64")),
        answered(output([300, 1], datatype="UINT8")),
        answered(output([1, 2], datatype="BYTES")),
        answered(output([[1], [[2]]], datatype="BYTES")),
        answered({"name": "y", "shape": [2], "datatype": "FP32"}),
        answered(output(size=8), tail=b"\0" * 7),
        answered(output(size=7), tail=b"\0" * 7),
        answered(output(size=8), tail=b"\0" * 9),
        answered(output(size=-4), tail=b"\0" * 8),
        answered(output(size=8, datatype="BYTES"), tail=b"\xff\xff\xff\x7fabcd"),
        answered(output(size=2, datatype="BYTES"), tail=b"ab"),
    ],
    ids=lambda body: body.raw[:60].decode("latin-1"),
)
def test_what_is_no_answer(body: Body) -> None:
    with pytest.raises(BadOutput):
        decode(body)


@given(st.binary(max_size=200), st.one_of(st.none(), st.integers(0, 250)))
def test_rubbish_is_refused_and_never_more(raw: bytes, json_bytes: int | None) -> None:
    with pytest.raises(BadOutput):
        decode(Body(raw=raw, json_bytes=json_bytes))
