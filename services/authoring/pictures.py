"""Whether an input of a graph is a picture, and how one would be prepared for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from services.authoring.hints import AuthorHints
from services.authoring.notes import Entry, Note, remarked
from services.inference.runtimes.onnx_graph import PASSES, Graph, attributes
from services.inference.tensors import GraphTensor, Shape
from services.manifests.inputs import MAX_PICTURES

DEFAULT_SIDE: Final = 224
_LOOKING: Final = PASSES | {"Sub", "Add", "Mul", "Div", "Clip", "Pad", "DequantizeLinear", "QuantizeLinear", "Slice"}
_CONVOLVING: Final = {"Conv", "QLinearConv", "ConvInteger", "MaxPool", "AveragePool", "Resize", "Upsample"}
_POOLING: Final = {"GlobalAveragePool", "GlobalMaxPool", "DepthToSpace", "SpaceToDepth", "InstanceNormalization"}
_STEPPING: Final = {"LSTM", "GRU", "RNN", "STFT", "DFT"}
RANK_OF_LIST: Final = 4  # without the batch
MOST_GUESSED: Final = 4
_MODES: Final = {
    1: ("grayscale", "a grey picture"),
    2: ("la", "a grey picture and its transparency"),
    3: ("rgb", "a colour picture"),
    4: ("rgba", "a colour picture and its transparency"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureGuess:
    """Keys of an input, the layout of its tensor, and what it was taken for."""

    entry: Entry
    layout: str
    note: Note


def guess_picture(graph: Graph, tensor: GraphTensor, inner: Shape, hints: AuthorHints) -> PictureGuess | None:
    """None where the tensor holds no picture; `inner`: the shape of one row."""
    why = _looks(graph, tensor.name)
    usual = {1, 2, 3, 4} if why else {1, 3}
    match inner:
        case (int(channels), height, width) if channels in usual and _side(height) and _side(width):
            layout = "NCHW"
        case (height, width, int(channels)) if channels in usual and _side(height) and _side(width):
            layout = "NHWC"
        case (height, width) if _side(height) and _side(width) and (why or (height and height == width)):
            channels, layout = 1, "NCHW"
        case _:
            return None
    if _steps(graph, tensor.name):
        return None
    mode, what = _MODES[channels]
    prepare: Entry = {} if mode == "rgb" else {"mode": mode}
    prepare |= {"size": [width or "free", height or "free"], **_numbers(tensor, hints)}
    missing = [key for key in ("range", "mean", "std") if key not in prepare]
    by_shape = why is None or channels in {2, 4}
    reasons = [why or "its shape", *([f"the file does not tell its {', '.join(missing)}"] if missing else [])]
    options = ", ".join(f"--{key}" for key in missing)
    note = Note(tensor=tensor.name, what=what, why="; ".join(reasons), guessed=by_shape, options=options)
    entry = remarked({"prepare": prepare}, "prepare", _unknown(missing))
    if by_shape:
        entry = remarked(
            entry, "type", f"guessed: by its {channels} channels" if why else "guessed: by the shape alone"
        )
    return PictureGuess(entry=entry, layout=layout, note=note)


def guess_pictures(graph: Graph, tensor: GraphTensor, inner: Shape, hints: AuthorHints) -> PictureGuess | None:
    """The same of a list of pictures: `[N, n, C, H, W]`."""
    if len(inner) != RANK_OF_LIST or not (inner[0] is None or 1 <= inner[0] <= MAX_PICTURES):
        return None
    found = guess_picture(graph, tensor, inner[1:], hints)
    if found is None:
        return None
    prepare = {**found.entry["prepare"]}
    counts = {"min_count": inner[0] or 2, "max_count": inner[0] or MOST_GUESSED}
    prepare["size"] = [DEFAULT_SIDE if side == "free" else side for side in prepare["size"]]
    entry: Entry = {**found.entry, **counts, "prepare": prepare}
    if inner[0] is None:
        entry = remarked(entry, "max_count", "guessed: the file does not tell how many")
    many = f"{inner[0]} pictures" if inner[0] else "several pictures"
    note = replace(found.note, what=f"{many}, each {found.note.what}", guessed=found.note.guessed or inner[0] is None)
    return PictureGuess(entry=entry, layout=found.layout, note=note)


def _numbers(tensor: GraphTensor, hints: AuthorHints) -> Entry:
    known: Entry = {}
    if tensor.dtype.startswith(("int", "uint")):
        known["range"] = [-128, 127] if tensor.dtype == "int8" else [0, 255]
    if hints.range is not None:
        known["range"] = list(hints.range)
    for key, values in (("mean", hints.mean), ("std", hints.std)):
        if values is not None:
            known[key] = list(values)
    return known


def _unknown(missing: Sequence[str]) -> str:
    options = ", ".join(f"--{key}" for key in missing)
    return f"the file does not tell {', '.join(missing)}: check them, or see {options}" if missing else "as told"


def _looks(graph: Graph, name: str) -> str | None:
    """What in the graph treats the tensor as a picture."""
    for node in graph.readers(name, _LOOKING):
        if node.op_type in _CONVOLVING | _POOLING and not _is_flat(node):
            return f"{node.op_type} looks at it"
    return None


def _steps(graph: Graph, name: str) -> bool:
    return any(node.op_type in _STEPPING for node in graph.readers(name, _LOOKING))


def _side(side: int | None) -> bool:
    return side is None or 8 <= side <= 2048


def _is_flat(node: Any) -> bool:
    """A convolution along one side, as of sound."""
    return len(attributes(node).get("kernel_shape", (0, 0))) == 1
