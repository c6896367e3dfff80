"""The models of an inference server: what each takes and gives, and how it is run. The first run loads onnxruntime."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sandbox.inference import graphs

ONNX_KINDS: Final[Mapping[str, str]] = {
    "BOOL": "BOOL", "UINT8": "UINT8", "UINT16": "UINT16", "UINT32": "UINT32", "UINT64": "UINT64", "INT8": "INT8",
    "INT16": "INT16", "INT32": "INT32", "INT64": "INT64", "FP16": "FLOAT16", "FP32": "FLOAT", "FP64": "DOUBLE",
    "BF16": "FLOAT", "BYTES": "STRING",
}  # fmt: skip
"""Datatypes of the protocol, and the type that ONNX computes each in."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output. `shape` of one row without a batch; -1 is any."""

    name: str
    datatype: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """`max_batch`: rows that it takes at once, with a batch in front of each shape; 0: the shapes as they are.
    `versions`: the graph of each, oldest first."""

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    versions: Mapping[str, Callable[[], bytes]]
    max_batch: int = 64

    @property
    def newest(self) -> str:
        return list(self.versions)[-1]

    def shape(self, port: Port) -> Shape:
        """As the model's metadata tells it."""
        return (-1, *port.shape) if self.max_batch else port.shape

    def input(self, name: str) -> Port | None:
        return next((port for port in self.inputs if port.name == name), None)

    def run(self, version: str, outputs: Sequence[str], feeds: Mapping[str, Any]) -> list[Any]:  # Any: arrays
        """Raises whatever onnxruntime does."""
        answers: list[Any] = _session(self.versions[version]).run(outputs, feeds)
        return answers


@functools.cache
def _session(make: Callable[[], bytes]) -> Any:  # Any: no types
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(make(), options, providers=["CPUExecutionProvider"])


def _one(
    name: str, make: Callable[[], bytes], inputs: Sequence[Port], outputs: Sequence[Port], *, max_batch: int = 64
) -> ServedModel:
    return ServedModel(
        name=name, inputs=tuple(inputs), outputs=tuple(outputs), versions={"1": make}, max_batch=max_batch
    )


def _port(name: str, datatype: str, *shape: int) -> Port:
    return Port(name=name, datatype=datatype, shape=shape)


def _echo(datatype: str) -> ServedModel:
    make = functools.partial(graphs.echo, ONNX_KINDS[datatype])
    return _one(f"echo-{datatype.lower()}", make, [_port("x", datatype, -1)], [_port("y", datatype, -1)])


_GREETINGS: Final = {"1": functools.partial(graphs.greeting, "Hi"), "2": functools.partial(graphs.greeting, "Hello")}

MODELS: Final[tuple[ServedModel, ...]] = (
    _one(
        "iris",
        graphs.iris,
        [_port("measurements", "FP32", 4)],
        [_port("probabilities", "FP32", 3), _port("species", "BYTES")],
    ),
    _one(
        "sketch", graphs.sketch, [_port("photo", "FP32", 3, -1, -1)], [_port("sketch", "FP32", 1, -1, -1)], max_batch=8
    ),
    ServedModel(
        name="greeting",
        inputs=(_port("name", "BYTES", 1),),
        outputs=(_port("greeting", "BYTES", 1),),
        versions=_GREETINGS,
    ),
    _one("average", graphs.average, [_port("numbers", "FP32", -1)], [_port("average", "FP32", 1)]),
    _one("root", graphs.root, [_port("x", "FP32", 1)], [_port("root", "FP32", 1)]),
    _one("crowd", graphs.crowd, [_port("x", "FP32", 1)], [_port("share", "FP32", 1)]),
    _one("total", graphs.total, [_port("pair", "FP32", 2)], [_port("total", "FP32", 1)], max_batch=0),
    *map(_echo, ONNX_KINDS),
)
