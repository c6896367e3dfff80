"""One file from its hash to its session, and a look at it that leaves its weights where they are."""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx import open_file
from services.inference.runtimes.onnx_file import checked, held
from services.inference.runtimes.onnx_graph import Graph, read_graph
from services.inference.runtimes.onnx_skeleton import is_left_out, read_skeleton
from tests.unit.inference.models import FLOAT, graph, identity, node, weight

BIG = np.arange(40_000, dtype=np.float32).reshape(200, 200)
X, Y = ("X", FLOAT, ["N", 200]), ("Y", FLOAT, ["N", 200])


def negation() -> bytes:
    return graph([node("Neg", ["X"], ["Y"])], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])])


def answer(session: Any) -> Any:
    return session.run(None, {"X": np.array([[2]], np.float32)})[0].tolist()


def everywhere() -> bytes:
    """Large tensors as a weight, as a constant and inside the branches of an If."""
    branches = {
        name: helper.make_graph(
            [node("Constant", [], [name], value=weight("", BIG))],
            name,
            [],
            [helper.make_tensor_value_info(name, FLOAT, None)],
        )
        for name in ("then_branch", "else_branch")
    }
    nodes = [
        node("Constant", [], ["C"], value=weight("", BIG)),
        node("If", ["yes"], ["B"], **branches),
        node("Sum", ["W", "C", "B"], ["S"]),
        node("MatMul", ["X", "S"], ["Y"]),
    ]
    return graph(nodes, [X], [Y], [weight("W", BIG), weight("yes", True, np.bool_)])


def test_another_file_in_its_place_changes_nothing(tmp_path: Path) -> None:
    file, other = tmp_path / "model.onnx", tmp_path / "other.onnx"
    file.write_bytes(identity())
    other.write_bytes(negation())
    with held(file) as stream:
        other.replace(file)
        session = open_file(stream)
    assert answer(session) == [[2]]


@pytest.mark.parametrize("dated", [False, True])
def test_a_file_that_is_written_to_meanwhile(tmp_path: Path, dated: bool) -> None:
    """By a copy that keeps the date of the other file too."""
    file = tmp_path / "model.onnx"
    file.write_bytes(identity())
    os.utime(file, (0, 0))

    def load() -> None:
        with held(file) as stream:
            file.write_bytes(negation())
            if dated:
                os.utime(file, (0, 0))
            open_file(stream)

    with pytest.raises(ModelBroken, match="written to while it was read"):
        load()


def test_weights_stay_in_the_file() -> None:
    data = everywhere()
    skeleton = read_skeleton(io.BytesIO(data))
    assert skeleton.weights == 4 * BIG.nbytes
    assert skeleton.model.ByteSize() < 2000
    assert [is_left_out(tensor) for tensor in skeleton.model.graph.initializer] == [True, False]
    whole = onnx.load_model_from_string(data)
    for node_, seen in zip(whole.graph.node, skeleton.model.graph.node, strict=True):
        assert (node_.op_type, list(node_.input), list(node_.output)) == (
            seen.op_type,
            list(seen.input),
            list(seen.output),
        )
    everything = read_skeleton(io.BytesIO(data), keep=BIG.nbytes)
    assert everything.model == whole
    assert everything.weights == 0


def test_a_graph_without_weights_has_their_shapes() -> None:
    seen = Graph(read_skeleton(io.BytesIO(everywhere())).model)
    assert seen.shape_of("W") == (200, 200)
    assert seen.constant("W") is None
    assert seen.constant("C") is None
    assert seen.constant("yes") == np.array(True)
    near = read_graph(io.BytesIO(everywhere()))
    for name in ("W", "C"):
        found = near.constant(name)
        assert found is not None
        assert np.array_equal(found, BIG)


@pytest.mark.parametrize("name", ["weights.bin", ""])
def test_weights_in_another_file_are_seen_in_a_branch(name: str) -> None:
    model = onnx.load_model_from_string(everywhere())
    tensor = model.graph.node[1].attribute[0].g.node[0].attribute[0].t
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=name)
    with pytest.raises(ModelBroken, match="kept in another file"):
        checked(io.BytesIO(model.SerializeToString()))


@given(st.data())
def test_a_damaged_file_is_refused_or_looked_at(data: st.DataObject) -> None:
    whole = everywhere()
    place = data.draw(st.one_of(st.integers(0, 200), st.integers(len(whole) - 200, len(whole) - 1)))
    damaged = bytearray(whole)
    damaged[place] = data.draw(st.integers(0, 255))
    try:
        checked(io.BytesIO(bytes(damaged[: data.draw(st.sampled_from([len(whole), place]))])))
    except ModelBroken:
        return
