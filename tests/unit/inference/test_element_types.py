"""What a tensor's type cannot hold is refused at the question, whichever way it is answered."""

from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto
from pydantic import ValidationError

from handlers.form.state import Form
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.values.errors import InvalidMember, InvalidValue, LineOutOfRange, NotWhole, OutOfRange
from services.values.parse import check_value, parse_many, parse_text
from services.values.ranges import number_example
from services.values.series import parse_series
from tests.unit.handlers.form.samples import manifest
from tests.unit.handlers.form.walk import Walk
from tests.unit.inference.models import field, identity, make_model

NARROW = {
    "int8": (-128, 127),
    "uint8": (0, 255),
    "int16": (-32_768, 32_767),
    "uint16": (0, 65_535),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "float16": (-65_504, 65_504),
}
WHOLE = [dtype for dtype in NARROW if dtype != "float16"]
TABLE = "day;value\n1;{}\n2;{}\n"


def asked(kind: str, dtype: str, **more: Any) -> Any:  # Any: an input of a manifest
    return field(kind, tensor={"name": "X", "dtype": dtype}, **more)


@pytest.mark.parametrize("kind", ["integer", "number", "series"])
@pytest.mark.parametrize("dtype", NARROW)
def test_the_bounds_of_the_type_are_the_bounds_of_the_question(dtype: str, kind: str) -> None:
    low, high = NARROW[dtype]
    question = asked(kind, dtype)
    for inside in (low, high):
        assert parse_text(question, str(inside)) in (inside, [inside])
    for outside in (low - 1, high + 1):
        with pytest.raises(OutOfRange if kind != "series" else LineOutOfRange) as caught:
            parse_text(question, str(outside))
        told = caught.value.params.get("problem", caught.value)
        sentence = told.message.format(**told.params)
        assert f"from {low} to {high} is expected" in sentence
        assert low <= float(told.params["example"]) <= high


@pytest.mark.parametrize("dtype", NARROW)
def test_every_way_to_answer_has_the_same_bounds(dtype: str) -> None:
    over = NARROW[dtype][1] + 1
    one, many = asked("integer", dtype), asked("series", dtype)
    with pytest.raises(InvalidMember):
        parse_many([one, one, one], f"1 2 {over}")
    with pytest.raises(LineOutOfRange):
        parse_series(many, TABLE.format(1, over).encode())
    for question, kept in ((one, over), (asked("number", dtype), float(over)), (many, [1.0, float(over)])):
        with pytest.raises(InvalidValue):
            check_value(question, kept)
    for sample in ("default", "example"):
        with pytest.raises(ValidationError, match=f"that {dtype} holds"):
            asked("integer", dtype, **{sample: over})
    with pytest.raises(ValidationError, match=f"that {dtype} holds"):
        asked("series", dtype, example=[1.0, float(over)])


@pytest.mark.parametrize("dtype", [*WHOLE, "int64"])
def test_a_fraction_for_a_whole_type_is_refused_and_not_cut(dtype: str) -> None:
    one, many = asked("number", dtype), asked("series", dtype)
    with pytest.raises(NotWhole):
        parse_text(one, "1.5")
    for answer in ("1 2.5 3", TABLE.format(1, 2.5).encode()):
        with pytest.raises(LineOutOfRange) as caught:
            parse_series(many, answer)
        assert "whole number" in caught.value.params["problem"].message
    for question, kept in ((one, 1.5), (many, [1.0, 2.5])):
        with pytest.raises(InvalidValue):
            check_value(question, kept)
    with pytest.raises(ValidationError, match="whole numbers"):
        asked("number", dtype, example=1.5)
    assert parse_text(one, "2,0") == 2.0
    assert check_value(many, [1.0, 2.0]) == [1.0, 2.0]


def test_whole_numbers_that_a_float_cannot_tell_apart_are_refused_in_a_series() -> None:
    with pytest.raises(LineOutOfRange):
        parse_text(asked("series", "int64"), str(2**53 + 1))
    assert parse_text(asked("integer", "int64"), str(2**53 + 1)) == 2**53 + 1


def test_the_manifests_bounds_are_tightened_by_the_type() -> None:
    wide = asked("integer", "uint8", min=-5, max=1000)
    with pytest.raises(OutOfRange) as caught:
        parse_text(wide, "300")
    assert (caught.value.params["min"], caught.value.params["max"]) == ("0", "255")
    with pytest.raises(ValidationError, match="leaves nothing"):
        asked("integer", "uint8", min=300)


@pytest.mark.parametrize(
    ("dtype", "bounds"),
    [("int8", {}), ("uint8", {"min": -5}), ("int8", {"min": 127}), ("uint8", {"min": 0.2, "max": 1.4}),
     ("uint8", {"above": 0, "max": 1}), ("uint16", {"max": 0.5}), ("float16", {"min": 65_504}), ("bool", {})],
)  # fmt: skip
def test_the_example_that_is_told_fits(dtype: str, bounds: dict[str, float]) -> None:
    question = asked("number", dtype, **bounds)
    parse_text(question, number_example(question))


def test_options_and_days_too() -> None:
    options = [{"value": str(n), "label": str(n)} for n in range(300)]
    with pytest.raises(ValidationError, match='"256" is 256, none of the whole numbers from 0 to 255'):
        asked("choice", "uint8", options=options)
    with pytest.raises(ValidationError, match="whole numbers"):
        asked("choice", "int64", options=[{"value": "a", "label": "A", "number": 0.5}])
    days = asked("date", "uint16")
    assert parse_text(days, "2149-06-06") == "2149-06-06"
    for day in ("1969-12-31", "2149-06-07"):
        with pytest.raises(OutOfRange) as caught:
            parse_text(days, day)
        assert caught.value.params["min"] == "1970-01-01"


def test_the_form_tells_the_bounds_before_they_are_missed() -> None:
    level = {"name": "level", "type": "integer", "label": "Level", "tensor": {"name": "X", "dtype": "uint8"}}
    walk = Walk(Form.of(manifest([level])))
    walk.sees("От 0 до 255.").says("300").sees("Нужно целое число от 0 до 255").says("255").sees("Level: 255")
    old = Walk(Form.of(manifest([level])), "en", answers={"level": 300})
    old.sees("The model has changed", "From 0 to 255.")


@pytest.mark.parametrize("dtype", NARROW)
def test_both_ends_go_through_a_graph_as_they_are(tmp_path: Path, dtype: str) -> None:
    kinds = {"float16": TensorProto.FLOAT16}
    data = identity(["N", "L"], kinds.get(dtype) or getattr(TensorProto, dtype.upper()))
    tables = f'[[inputs]]\nname = "x"\ntype = "series"\nlabel = "X"\ntensor = {{ name = "X", dtype = "{dtype}" }}\n'
    tables += '[[outputs]]\nname = "y"\ntype = "series"\nlabel = "Y"\ntensor = "Y"\n'
    runtime = OnnxRuntime(*make_model(tmp_path, data, tables))
    runtime.load()
    ends = [float(end) for end in NARROW[dtype]]
    (answer,) = runtime.run([Row(values={"x": ends})], Limit(10))
    assert isinstance(answer, Result)
    assert answer.outputs == {"y": ends}


@pytest.mark.parametrize("dtype", [dtype for dtype in NARROW if dtype != "float16"])
def test_columns_of_narrow_types(tmp_path: Path, dtype: str) -> None:
    question = '[[inputs]]\nname = "{}"\ntype = "{}"\nlabel = "X"\ntensor = {{ name = "X", dtype = "' + dtype + '" }}\n'
    tables = question.format("a", "integer") + question.format("b", "number")
    tables += '[[outputs]]\nname = "y"\ntype = "series"\nlabel = "Y"\ntensor = "Y"\n'
    runtime = OnnxRuntime(*make_model(tmp_path, identity(["N", 2], getattr(TensorProto, dtype.upper())), tables))
    runtime.load()
    low, high = NARROW[dtype]
    (answer,) = runtime.run([Row(values={"a": low, "b": float(high)})], Limit(10))
    assert isinstance(answer, Result)
    assert answer.outputs == {"y": [low, high]}


def test_a_manifest_tells_what_its_type_holds(tmp_path: Path) -> None:
    tables = '[[inputs]]\nname = "x"\ntype = "integer"\nlabel = "X"\nexample = 300\n'
    tables += 'tensor = { name = "X", dtype = "uint8" }\n'
    tables += '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'
    with pytest.raises(ManifestError) as caught:
        make_model(tmp_path, identity(dtype=TensorProto.UINT8), tables)
    assert caught.value.key == "inputs.x.example"
    assert "the whole numbers from 0 to 255 that uint8 holds" in caught.value.problem
