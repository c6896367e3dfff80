"""What a graph calls its classes: what its label output picks from, what names the columns of its scores."""

from collections.abc import Mapping
from typing import Any, Final

from services.inference.runtimes.onnx_graph import PASSES, Graph, Node, attributes
from services.inference.tensors import label_text

_ATTRIBUTES: Final = ("classlabels_int64s", "classlabels_strings", "classlabels_ints")
_PLACING: Final = frozenset({"ArgMax", "ArgMin"})
_PICKING: Final = frozenset({"Gather", "ArrayFeatureExtractor"})
_FOLLOWED: Final = PASSES | _PLACING | _PICKING | {"Softmax", "LogSoftmax", "Sigmoid", "Neg", "Log", "Exp"}
_SCORING: Final = PASSES | {"Normalizer", "Softmax", "Sigmoid", "Clip", "Div", "ReduceSum"}

_EACH_CHANNEL: Final = _SCORING | {"Relu", "BatchNormalization", "Resize", "Upsample", "Add", "LogSoftmax"}


def picked_labels(graph: Graph, output: str) -> tuple[str, ...] | None:
    """What an output of the graph picks its labels from; () where it gives the position of a score; None
    where it is no label, or nothing tells."""
    node = graph.maker(output)
    if node is None or node.op_type == "ZipMap":
        return None
    told = attributes(node)
    if (own := _own_labels(told)) and output_position(graph, output, node) == 0:
        return own
    found: tuple[str, ...] | None = None
    if node.op_type in _PICKING:
        found = _constants(graph, node.input[0])
    elif node.op_type == "Where":
        no, yes = _constants(graph, node.input[2]), _constants(graph, node.input[1])
        found = no + yes if no and yes else None
    elif node.op_type == "LabelEncoder":
        values = next((value for key, value in told.items() if key.startswith("values_")), ())
        found = tuple(label_text(value) for value in values) or None
    elif node.op_type in _PLACING:
        found = ()
    return found


def picked_of(graph: Graph, output: str) -> int:
    """Among how many channels an ArgMax picks; 0 where it is none, or nothing tells."""
    node = graph.maker(output)
    if node is None or node.op_type != "ArgMax":
        return 0
    node = graph.maker(node.input[0], _EACH_CHANNEL)
    if node is None or node.op_type not in {"Conv", "ConvTranspose"}:
        return 0
    shape = graph.shape_of(node.input[1]) or (0, 0)
    return shape[0] if node.op_type == "Conv" else shape[1] * int(attributes(node).get("group", 1))


def score_labels(graph: Graph, output: str) -> tuple[str, ...] | None:
    """The classes of an output's columns, where the node that makes them names them."""
    node = graph.maker(output, _SCORING)
    return None if node is None else _own_labels(attributes(node)) or None


def same_source(graph: Graph, one: str, other: str) -> bool:
    """Whether two outputs are made of the same scores."""
    return not _sources(graph, one).isdisjoint(_sources(graph, other))


def _sources(graph: Graph, name: str) -> set[str]:
    found = {name}
    while (node := graph.maker(name, ())) is not None and node.op_type in _FOLLOWED and node.input:
        name = node.input[1 if node.op_type in _PICKING else 0]
        found.add(name)
    return found


def output_position(graph: Graph, output: str, maker: Node) -> int | None:
    """Which of the maker's outputs becomes this one."""
    name = output
    while name not in maker.output:
        node = graph.maker(name, ())
        if node is None or not node.input:
            return None
        name = node.input[0]
    return list(maker.output).index(name)


def _own_labels(told: Mapping[str, Any]) -> tuple[str, ...]:
    return next((tuple(label_text(value) for value in told[key]) for key in _ATTRIBUTES if told.get(key)), ())


def _constants(graph: Graph, name: str) -> tuple[str, ...] | None:
    found = graph.constant(name)
    return (
        None if found is None or found.size > 100_000 else tuple(label_text(value) for value in found.ravel().tolist())
    )
