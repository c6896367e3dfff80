"""Tiny real models: graphs built node by node, in folders with a manifest."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from pydantic import TypeAdapter

from services.manifests.manifest import Input, Manifest, load_manifest

FLOAT, DOUBLE, INT64, STRING, BOOL, UINT8 = (
    TensorProto.FLOAT,
    TensorProto.DOUBLE,
    TensorProto.INT64,
    TensorProto.STRING,
    TensorProto.BOOL,
    TensorProto.UINT8,
)
OPSETS = (helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3))


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:  # Any: protobuf
    return helper.make_node(kind, inputs, outputs, **attributes)


def weight(name: str, values: Any, dtype: Any = np.float32) -> Any:
    return numpy_helper.from_array(np.array(values, dtype), name)


def graph(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], weights: Sequence[Any] = ()) -> bytes:
    """The bytes of a model; inputs and outputs are `(name, type, shape)` or value infos."""
    made = helper.make_graph(nodes, "g", [_info(i) for i in inputs], [_info(o) for o in outputs], list(weights))
    model = helper.make_model(made, opset_imports=OPSETS, ir_version=9)
    data: bytes = model.SerializeToString()
    return data


def _info(tensor: Any) -> Any:
    return helper.make_tensor_value_info(*tensor) if isinstance(tensor, tuple) else tensor


def seq_map(name: str, key: int = INT64) -> Any:
    """The type of what a ZipMap gives."""
    value = helper.make_tensor_type_proto(FLOAT, [])
    return helper.make_value_info(name, helper.make_sequence_type_proto(helper.make_map_type_proto(key, value)))


def identity(shape: Sequence[int | str | None] = ("N", 1), dtype: int = FLOAT) -> bytes:
    return graph([node("Identity", ["X"], ["Y"])], [("X", dtype, shape)], [("Y", dtype, shape)])


def endless() -> bytes:
    """Doubles its input for ever when it is positive, and answers at once otherwise."""
    body = helper.make_graph(
        [node("Identity", ["go"], ["again"]), node("Add", ["v", "v"], ["twice"])],
        "body",
        [_info(("i", INT64, [])), _info(("go", BOOL, [])), _info(("v", FLOAT, ["N", 1]))],
        [_info(("again", BOOL, [])), _info(("twice", FLOAT, ["N", 1]))],
    )
    nodes = [
        node("ReduceMax", ["X"], ["top"], keepdims=0),
        node("Greater", ["top", "zero"], ["positive"]),
        node("Loop", ["", "positive", "X"], ["Y"], body=body),
    ]
    return graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])], [weight("zero", 0.0)])


NUMBER_X = '[[inputs]]\nname = "x"\ntype = "number"\nlabel = "X"\ntensor = { name = "X" }\n'
NUMBER_Y = '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'


def write_model(
    root: Path, data: bytes, tables: str = NUMBER_X + NUMBER_Y, *, slug: str = "tiny", runtime: str = ""
) -> Path:
    """A folder with `model.onnx` and a manifest of these tables."""
    folder = root / slug
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(data)
    head = f'slug = "{slug}"\nversion = "1.0.0"\ntitle = "Tiny"\nprice = "1.00"\n[runtime]\nkind = "onnx"\n'
    head += f'file = "model.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n{runtime}\n'
    (folder / "manifest.toml").write_text(head + tables, encoding="utf-8")
    return folder


def make_model(root: Path, data: bytes, tables: str = NUMBER_X + NUMBER_Y, **more: str) -> tuple[Manifest, Path]:
    folder = write_model(root, data, tables, **more)
    return load_manifest(folder), folder


def field(kind: str, **keys: Any) -> Any:  # Any: each test knows which input it made
    """An input of a manifest."""
    adapter: TypeAdapter[Any] = TypeAdapter(Input)
    return adapter.validate_python({"name": "x", "type": kind, "label": {"en": "Alcohol", "ru": "Алкоголь"}, **keys})
