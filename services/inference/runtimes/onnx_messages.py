"""The protobuf messages that ONNX files are made of, without the rest of `onnx`: its checker, its C++ library and its
helpers take some ten megabytes, and a shop that sells models needs none of them."""

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_NAME: Final = "onnx.onnx_ml_pb2"


def _messages() -> ModuleType:
    """Under its own name, so that `onnx` takes it over if it is imported later: protobuf knows each message once."""
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = PathFinder.find_spec("onnx")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("No module named 'onnx'", name="onnx")
    spec = spec_from_file_location(_NAME, Path(package.origin).with_name("onnx_ml_pb2.py"))
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {_NAME!r}", name=_NAME)
    module = sys.modules[_NAME] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_onnx: Final[Any] = _messages()  # Any: generated, without types
ModelProto: Final = _onnx.ModelProto
AttributeProto: Final = _onnx.AttributeProto
GraphProto: Final = _onnx.GraphProto
TensorProto: Final = _onnx.TensorProto

_FIELDS: Final = {
    getattr(AttributeProto, kind): field
    for kind, field in (
        ("FLOAT", "f"), ("INT", "i"), ("STRING", "s"), ("TENSOR", "t"), ("GRAPH", "g"), ("TYPE_PROTO", "tp"),
        ("SPARSE_TENSOR", "sparse_tensor"), ("FLOATS", "floats"), ("INTS", "ints"), ("STRINGS", "strings"),
        ("TENSORS", "tensors"), ("GRAPHS", "graphs"), ("TYPE_PROTOS", "type_protos"),
        ("SPARSE_TENSORS", "sparse_tensors"),
    )
}  # fmt: skip
_NUMBERS: Final = {
    getattr(TensorProto, kind): (np.dtype(dtype), field)
    for kind, dtype, field in (
        ("FLOAT", "<f4", "float_data"), ("DOUBLE", "<f8", "double_data"), ("INT64", "<i8", "int64_data"),
        ("UINT64", "<u8", "uint64_data"), ("UINT32", "<u4", "uint64_data"), ("INT32", "<i4", "int32_data"),
        ("INT16", "<i2", "int32_data"), ("UINT16", "<u2", "int32_data"), ("INT8", "i1", "int32_data"),
        ("UINT8", "u1", "int32_data"), ("BOOL", "?", "int32_data"),
    )
}  # fmt: skip


def value_of(attribute: Any) -> Any:  # Any: protobuf; attributes are of many types
    """What an attribute of a node says; lists as lists, None for one without a type. Raises ValueError for one that
    refers to a function's."""
    if attribute.ref_attr_name:
        raise ValueError(f'attribute "{attribute.name}" has no value of its own')
    if (field := _FIELDS.get(attribute.type)) is None:
        return None
    value = getattr(attribute, field)
    return list(value) if field.endswith("s") and field != "s" else value


def array_of(tensor: Any) -> NDArray[Any]:  # Any: protobuf
    """The values of a tensor that has them in itself. Raises ValueError where they do not fit its dimensions."""
    dims = tuple(tensor.dims)
    if tensor.data_type == TensorProto.STRING:
        return np.array([word.decode("utf-8") for word in tensor.string_data], dtype=object).reshape(dims)
    if tensor.data_type not in _NUMBERS or tensor.HasField("segment"):
        from onnx import numpy_helper  # knows the rare types: halves and less

        found: NDArray[Any] = numpy_helper.to_array(tensor)
        return found
    dtype, field = _NUMBERS[tensor.data_type]
    if tensor.HasField("raw_data"):
        return np.frombuffer(tensor.raw_data, dtype).reshape(dims)
    held = np.dtype(np.int32) if field == "int32_data" else dtype
    return np.array(getattr(tensor, field), held).astype(dtype, copy=False).reshape(dims)
