"""Random small graphs: `models init` makes a manifest that its own check finds right, or says in a line why not."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from services.inference.check import check_folder
from services.inference.errors import ModelBroken
from services.inference.manifest import load_manifest
from services.inference.scaffold import Draft, draft_manifest
from tests.unit.inference.models import graph, node, weight

TYPES = (
    *(TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64, TensorProto.INT32, TensorProto.UINT8),
    *(TensorProto.BOOL, TensorProto.STRING, TensorProto.FLOAT16),
)
SIDES = st.one_of(st.sampled_from(["N", "L", "batch", "samples"]), st.sampled_from([0, 1, 2, 3, 4, 9, 16, 28, 32, 100]))
NAMES = st.one_of(
    st.sampled_from(["x", "X", "input_ids", "state", "sr", "image", "age", "label", "probabilities"]),
    st.text(min_size=1, max_size=12).filter(lambda name: name.isprintable()),
)
WORDS = st.dictionaries(st.sampled_from(["labels", "names", "feature_names", "note"]), st.text(max_size=40), max_size=2)


@st.composite
def graphs(draw: st.DrawFn) -> bytes:
    """An input, what is made of it in one of some ways, and what the file says of itself."""
    kind, name = draw(st.sampled_from(TYPES)), draw(NAMES)
    shape: list[Any] = draw(st.lists(SIDES, max_size=4))
    made = draw(st.sampled_from(["Identity", "Shape", "Cast", "Softmax", "ReduceSum", "ArgMax", "MatMul", "Flatten"]))
    nodes, weights = [node(made, [name], ["out"])], []
    result = kind
    if made == "Cast":
        nodes, result = [node("Cast", [name], ["out"], to=TensorProto.FLOAT)], TensorProto.FLOAT
    elif made in {"ArgMax", "Shape"}:
        result = TensorProto.INT64
    elif made == "MatMul" and shape and isinstance(shape[-1], int):
        weights = [weight("W", np.ones((shape[-1], draw(st.integers(1, 20)))))]
        nodes = [node("MatMul", [name, "W"], ["out"])]
    data = graph(nodes, [(name, kind, shape)], [("out", result, None)], weights)
    model = onnx.load_model_from_string(data)
    helper.set_model_props(model, draw(WORDS))
    written: bytes = model.SerializeToString()
    return written


def _tried(file: Path) -> tuple[Draft | None, str]:
    try:
        return draft_manifest(file), ""
    except ModelBroken as refusal:
        return None, str(refusal)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=graphs())
def test_a_right_manifest_or_a_reason(data: bytes) -> None:
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "fresh"
        folder.mkdir()
        (folder / "model.onnx").write_bytes(data)
        draft, refusal = _tried(folder / "model.onnx")
        if draft is None:
            assert refusal
            assert "\n" not in refusal
            return
        draft.write(folder)
        load_manifest(folder)
        wrong = [line for line in check_folder(folder) if not line.ok]
        assert wrong == [] or "# example: none that runs was found" in draft.toml
