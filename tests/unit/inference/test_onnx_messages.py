"""ONNX's messages without its package mean what the package says."""

import subprocess
import sys
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from services.inference.runtimes.onnx_messages import array_of, value_of

PLAIN = ["f4", "f8", "f2", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]
FIRST = """
import sys
from services.inference.runtimes.onnx_graph import read_graph
assert "onnx" not in sys.modules
"""
AFTERWARDS = """
import onnx
from services.inference.runtimes.onnx_messages import ModelProto
assert onnx.ModelProto is ModelProto
onnx.checker.check_model(onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [])))
"""


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("dtype", PLAIN)
def test_values_of_tensors(dtype: str, raw: bool) -> None:
    values = np.array([[0, 1, 100], [3, 4, 1]]).astype(dtype)
    kind = helper.np_dtype_to_tensor_dtype(values.dtype)
    tensor = helper.make_tensor("t", kind, values.shape, values.tobytes() if raw else values.ravel(), raw=raw)
    found = array_of(tensor)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(found, numpy_helper.to_array(tensor))


def test_words() -> None:
    words: Any = ["да", "no"]  # Any: the function is typed for numbers
    tensor = helper.make_tensor("t", TensorProto.STRING, [2, 1], words)
    assert array_of(tensor).tolist() == numpy_helper.to_array(tensor).tolist() == [["да"], ["no"]]


def test_numbers_below_zero_in_few_bits() -> None:
    tensor = helper.make_tensor("t", TensorProto.INT8, [3], [-128, -1, 127])
    assert array_of(tensor).tolist() == [-128, -1, 127]


@pytest.mark.parametrize(
    "value", [1.5, 7, b"word", [1.5, 2.5], [1, 2], [b"a", b"b"], numpy_helper.from_array(np.zeros(2, np.float32))]
)
def test_values_of_attributes(value: Any) -> None:  # Any: attributes are of many types
    attribute = helper.make_attribute("a", value)
    assert value_of(attribute) == helper.get_attribute_value(attribute)


def test_one_of_a_function_has_none() -> None:
    with pytest.raises(ValueError, match="alpha"):
        value_of(onnx.AttributeProto(name="alpha", type=onnx.AttributeProto.FLOAT, ref_attr_name="of the function"))


def test_the_package_may_come_later_or_not_at_all() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST + AFTERWARDS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
