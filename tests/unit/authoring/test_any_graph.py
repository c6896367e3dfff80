"""Random small graphs: `models init` makes a manifest that its own check finds right, or says in a line why not."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from services.authoring.check import check_folder
from services.authoring.copying import copy_model
from services.authoring.scaffold import Draft, draft_manifest
from services.inference.errors import ModelBroken
from services.manifests.manifest import load_manifest
from tests.unit.inference.models import graph, node, weight

REAL = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
WHOLE = (TensorProto.INT64, TensorProto.INT32, TensorProto.INT16, TensorProto.INT8, TensorProto.UINT8)
TYPES = (*REAL, *WHOLE, TensorProto.UINT32, TensorProto.BOOL, TensorProto.STRING)
FREE = st.sampled_from(["N", "L", "batch", "samples", "height", None])
KNOWN = st.sampled_from([0, 1, 2, 3, 4, 5, 9, 16, 28, 32, 65, 100])
SHAPES = st.one_of(
    st.builds(lambda rest: ["N", *rest], st.lists(KNOWN, max_size=4)),
    st.lists(st.one_of(FREE, KNOWN), max_size=5),
    st.sampled_from([["N", 3, 32, 32], [1, 16, 16, 3], ["N", 1, 28, 28], ["N", "L"], [1, 100]]),
)
NAMES = st.one_of(
    st.sampled_from(
        ["x", "X", "input_ids", "state", "h0", "hn", "sr", "image", "age", "threshold", "mask", " ", "a b"]
    ),
    st.sampled_from(["label", "probabilities", "boxes", "logits", "weights", "output", "mask", "a b", "x" * 200]),
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12),
)
LISTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.text(max_size=5), max_size=5).map(json.dumps),
    st.dictionaries(st.integers(0, 5), st.text(max_size=5), max_size=5).map(str),
    st.lists(st.sampled_from(["cat", "dog", "", "cat"]), min_size=2, max_size=5).map("\n".join),
)
KEYS = st.sampled_from(["labels", "names", "id2label", "character", "feature_names", "note", "author"])
WORDS = st.dictionaries(KEYS, LISTS, max_size=3)
ANY = ("Identity", "Shape", "Size", "Flatten", "Transpose", "Reshape", "SequenceConstruct")
NUMBERS = ("Cast", "NonZero", "ArgMax", "ReduceSum", "ReduceMax", "Unique", "Classifier")
FLOATS = ("Softmax", "Sigmoid", "MatMul", "Conv", "Log", "Softmax", "MatMul")
COUNTING = ("ArgMax", "Shape", "Size", "NonZero")


class Drawn:
    """A graph in the making."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.outputs: list[Any] = []

    def make(self, kind: str, source: str, dtype: int, shape: list[Any], wanted: str) -> None:
        """Outputs of a node of this kind over a tensor; the first has the wanted name."""
        if kind == "SequenceConstruct":
            self.nodes.append(node(kind, [source], [wanted]))
            self.outputs.append(helper.make_tensor_sequence_value_info(wanted, dtype, None))
        elif kind == "Encoder":
            self._encoder(source, wanted)
        elif kind == "Classifier":
            self._classifier(source, _last(shape), wanted)
        else:
            given = self._given(kind)
            made = node(kind, [source, *self._more(kind, shape)], [wanted], **given)
            self._take(made, [(wanted, given.get("to", TensorProto.INT64 if kind in COUNTING else dtype))])

    def _given(self, kind: str) -> dict[str, Any]:
        match kind:
            case "Cast":
                return {"to": self.draw(st.sampled_from(TYPES))}
            case "Softmax" | "Flatten" | "ArgMax":
                return {"axis": self.draw(st.sampled_from([-1, 1, 0]))}
            case "ReduceSum" | "ReduceMax":
                return {"keepdims": self.draw(st.sampled_from([0, 1]))}
        return {}

    def _more(self, kind: str, shape: list[Any]) -> list[str]:
        """Weights that a node takes beside the tensor."""
        match kind:
            case "MatMul":
                width, last = self.draw(st.integers(1, 70)), _last(shape)
                return [self._weight(np.linspace(-1, 1, last * width).reshape(last, width))]
            case "Reshape":
                form = self.draw(st.sampled_from([[-1], [-1, 1], [-1, 2], [1, -1, 4], [-1, 3, 8, 8]]))
                return [self._weight(form, np.int64)]
            case "Conv":
                channels = shape[1] if len(shape) > 1 and isinstance(shape[1], int) else 3
                return [self._weight(np.ones((3, channels, 3, 3)))]
        return []

    def _encoder(self, source: str, wanted: str) -> None:
        words = self.draw(st.lists(st.text(max_size=3), min_size=1, max_size=4, unique=True))
        numbers = [float(i) for i in range(len(words))]
        made = node("LabelEncoder", [source], [wanted], domain="ai.onnx.ml", keys_strings=words, values_floats=numbers)
        self._take(made, [(wanted, TensorProto.FLOAT)])

    def _classifier(self, source: str, width: int, wanted: str) -> None:
        words = self.draw(st.lists(st.text(max_size=3), min_size=2, max_size=4))
        count, labels = len(words), f"{wanted}_label"
        told: dict[str, Any] = {"classlabels_strings": words, "intercepts": [0.1] * count}
        told["coefficients"] = [float(i % 5 - 2) for i in range(max(1, width) * count)]
        told["post_transform"] = self.draw(st.sampled_from(["NONE", "SOFTMAX", "LOGISTIC"]))
        made = node("LinearClassifier", [source], [labels, wanted], domain="ai.onnx.ml", **told)
        self._take(made, [(labels, TensorProto.STRING), (wanted, TensorProto.FLOAT)])

    def _weight(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"weight {len(self.weights)}"
        self.weights.append(weight(name, values, dtype))
        return name

    def _take(self, made: Any, outputs: list[tuple[str, int]]) -> None:
        self.nodes.append(made)
        self.outputs += [(name, dtype, None) for name, dtype in outputs]


def _kinds(dtype: int) -> tuple[str, ...]:
    """Nodes that take such a tensor, most of the time."""
    if dtype == TensorProto.STRING:
        return (*ANY, "Encoder", "Encoder")
    return ANY + NUMBERS + FLOATS if dtype in REAL else ANY + NUMBERS


def _last(shape: list[Any]) -> int:
    return shape[-1] if shape and isinstance(shape[-1], int) else 4


@st.composite
def graphs(draw: st.DrawFn) -> bytes:
    """One to three inputs, what is made of each in one or two ways, and what the file says of itself."""
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    inputs = [(name, draw(st.sampled_from((TensorProto.FLOAT, *TYPES))), draw(SHAPES)) for name in names]
    drawn = Drawn(draw)
    taken = set(names)
    for name, dtype, shape in inputs:
        for kind in draw(st.lists(st.sampled_from(_kinds(dtype)), min_size=1, max_size=2)):
            wanted = draw(NAMES)
            while wanted in taken or f"{wanted}_label" in taken:
                wanted += "_"
            taken |= {wanted, f"{wanted}_label"}
            drawn.make(kind, name, dtype, shape, wanted)
    model = onnx.load_model_from_string(graph(drawn.nodes, inputs, drawn.outputs, drawn.weights))
    helper.set_model_props(model, draw(WORDS))
    written: bytes = model.SerializeToString()
    return written


def _tried(file: Path, folder: Path) -> tuple[Draft | None, str]:
    """As `models init` goes: a copy, then its manifest."""
    try:
        copy_model(file, folder / "model.onnx")
        return draft_manifest(folder / "model.onnx"), ""
    except ModelBroken as refusal:
        return None, str(refusal)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=graphs())
def test_a_right_manifest_or_a_reason(data: bytes) -> None:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "fresh"
        folder.mkdir()
        file = Path(scratch) / "given.onnx"
        file.write_bytes(data)
        draft, refusal = _tried(file, folder)
        event("refused" if draft is None else "served")
        if draft is None:
            assert refusal
            assert "\n" not in refusal
            assert "Error" not in refusal
            return
        draft.write(folder)
        load_manifest(folder)
        wrong = [(line.what, line.detail) for line in check_folder(folder) if not line.ok]
        unproved = "# example: none that runs was found" in draft.toml  # said to the author, and the check agrees
        assert [what for what, _ in wrong] == (["example"] if unproved else []), wrong
