"""An ONNX file on the disk: one and the same while it is hashed, checked and loaded, and never read in whole."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_messages import GraphProto, TensorProto
from services.inference.runtimes.onnx_refusals import no_onnx
from services.inference.runtimes.onnx_skeleton import SMALL_BYTES, Skeleton, read_skeleton

MAX_FILE_BYTES: Final = 1_500_000_000
_NOISE = re.compile(
    r"\[ONNXRuntimeError\] : \d+ : \w+ : |/\S+\.(?:cc|h):\d+ .*?\) (?=[A-Z\[])|Load model from \S+ failed:"
)


@contextmanager
def held(path: Path) -> Iterator[BufferedReader]:
    """The open file: another one that is put in its place meanwhile changes nothing. Raises ModelBroken when this one
    was written to before the end, OSError where it cannot be opened."""
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        yield file
        if _written_to(before, os.fstat(file.fileno())):
            fix = "Start again when all of it is there"
            raise ModelBroken(problem=f"{path.name} was written to while it was read", fix=fix)


def descriptor_path(file: BinaryIO) -> str:
    """A path that leads to this open file, whatever its name leads to by now. It is read from where the file stands."""
    path = f"/dev/fd/{file.fileno()}"
    return path if os.path.exists(path) else str(file.name)  # noqa: PTH110 - where there is no /dev/fd, the name has to do


def checked(file: BinaryIO, *, keep: int = SMALL_BYTES) -> Skeleton:
    """What the file is made of. Raises ModelBroken for what is no ONNX file, or keeps weights in other files, where
    nobody checked them."""
    skeleton = opened(file, keep=keep)
    if (outside := next(outside_files(skeleton.model), None)) is not None:
        problem = f'its weights are kept in another file, "{outside}"'
        fix = "Take them in: kassandra models init does, or onnx.save(onnx.load(F), G)"
        raise ModelBroken(problem=problem, fix=fix)
    return skeleton


def opened(file: BinaryIO, *, keep: int = SMALL_BYTES) -> Skeleton:
    """The same, wherever its weights are."""
    if file.seek(0, os.SEEK_END) > MAX_FILE_BYTES:
        raise ModelBroken(problem=f"the file is over {MAX_FILE_BYTES // 1_000_000} MB", fix="Take a smaller model")
    try:
        skeleton = read_skeleton(file, keep=keep)
    except Exception:  # noqa: BLE001 — protobuf's error types depend on which of its engines is installed
        raise _no_onnx(file) from None
    if not skeleton.model.HasField("graph"):
        raise _no_onnx(file)
    return skeleton


def _no_onnx(file: BinaryIO) -> ModelBroken:
    file.seek(0)
    return no_onnx(file.read(100))


def outside_files(model: Any) -> Iterator[str]:  # Any: protobuf
    """For each constant that is kept in another file, the name of that."""
    for tensor in outside_tensors(model):
        yield location_of(tensor)


def outside_tensors(model: Any) -> Iterator[Any]:  # Any: protobuf
    """The constants that are kept in another file."""
    for tensor in tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
            yield tensor


def location_of(tensor: Any) -> str:  # Any: protobuf
    """Where its data are. What is no UTF-8 protobuf gives as bytes: escaped, it can be told and names no file."""
    found = next((item.value for item in tensor.external_data if item.key == "location"), "")
    return found.decode("utf-8", "backslashreplace") if isinstance(found, bytes) else str(found)


def tensors(model: Any) -> Iterator[Any]:  # Any: protobuf
    """All constants of a model, those of subgraphs and functions too."""
    for graph in graphs(model):
        yield from graph.initializer
        for sparse in graph.sparse_initializer:
            yield from (sparse.values, sparse.indices)
    for node in nodes(model):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def nodes(model: Any) -> Iterator[Any]:  # Any: protobuf
    """All nodes of a model, those of subgraphs and functions too."""
    for part in _parts(model):
        yield from part.node


def graphs(model: Any) -> Iterator[Any]:  # Any: protobuf
    """All graphs of a model, those inside nodes too."""
    return (part for part in _parts(model) if isinstance(part, GraphProto))


def _parts(model: Any) -> Iterator[Any]:  # Any: protobuf
    """Graphs and functions: what has nodes."""
    parts = [model.graph, *(training.initialization for training in model.training_info), *model.functions]
    while parts:
        part = parts.pop()
        yield part
        for node in part.node:
            for attribute in node.attribute:
                parts.extend([attribute.g] if attribute.HasField("g") else [])
                parts.extend(attribute.graphs)


def one_line(error: Exception) -> str:
    """The library's complaint without places in its own source and its error numbers."""
    text = _NOISE.sub("", " ".join(str(error).split())) or type(error).__name__
    return text.rstrip(".") if len(text) <= 300 else text[:299] + "…"


def _written_to(before: os.stat_result, now: os.stat_result) -> bool:
    """The change time cannot be set by hand, as the other can; it also tells that the file lost its name to another."""
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        return True
    return now.st_ctime_ns != before.st_ctime_ns and now.st_nlink > 0
