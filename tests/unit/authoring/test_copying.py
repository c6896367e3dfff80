"""The copy that is sold runs here, where the author's file would not."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from services.authoring.copying import copy_model
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx import open_session
from tests.unit.inference.models import FLOAT, STRING, graph, identity, node, weight


def copied(file: Path) -> tuple[bytes, list[str]]:
    """What is kept of it, and what was changed."""
    target = file.parent / "kept.onnx"
    changes = copy_model(file, target)
    return target.read_bytes(), changes


def test_nothing_to_change(tmp_path: Path) -> None:
    file = tmp_path / "model (1).onnx"
    file.write_bytes(identity())
    assert copied(file) == (identity(), [])


def test_weights_beside_the_file_are_taken_in(tmp_path: Path) -> None:
    nodes, shape = [node("MatMul", ["X", "W"], ["Y"])], [("X", FLOAT, ["N", 400])]
    data = graph(nodes, shape, [("Y", FLOAT, ["N", 2])], [weight("W", np.ones((400, 2)))])
    file = tmp_path / "model.onnx"
    onnx.save(
        onnx.load_model_from_string(data), file, save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    kept, changes = copied(file)
    assert changes == ['took in the weights that were kept in "weights.bin"']
    assert open_session(kept).run(None, {"X": np.ones((1, 400), np.float32)})[0].tolist() == [[400.0, 400.0]]
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(ModelBroken, match=r'in another file, "weights.bin", which does not lie beside it'):
        copied(file)


def test_a_newer_version_is_written_as_an_older_one(tmp_path: Path) -> None:
    made = helper.make_graph(
        [node("Relu", ["X"], ["Y"])],
        "g",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["N", 2])],
    )
    file = tmp_path / "model.onnx"
    onnx.save(helper.make_model(made), file)  # as onnx writes it of itself
    kept, _ = copied(file)
    assert open_session(kept).run(None, {"X": np.array([[-1, 2]], np.float32)})[0].tolist() == [[0, 2]]


def test_a_locale_that_the_machine_lacks(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    nodes = [node("StringNormalizer", ["X"], ["Y"], case_change_action="LOWER", locale="xx_XX.UTF-8")]
    file.write_bytes(graph(nodes, [("X", STRING, [1])], [("Y", STRING, [1])]))
    with pytest.raises(ModelBroken):
        open_session(file.read_bytes())
    kept, changes = copied(file)
    assert changes == ["took the locale C.UTF-8 for xx_XX.UTF-8, which this machine does not have"]
    assert open_session(kept).run(None, {"X": np.array(["Привет"])})[0].tolist() == ["привет"]


def test_what_is_no_model(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(b"rubbish")
    with pytest.raises(ModelBroken, match="not an ONNX file"):
        copied(file)
