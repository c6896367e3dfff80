"""The copy that is sold runs here, where the author's file would not."""

import tracemalloc
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from services.authoring.copying import copy_model
from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx import open_session
from tests.unit.inference.models import BOOL, FLOAT, STRING, graph, identity, node, weight


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


def outside(file: Path, location: str, *, count: int, length: int) -> None:
    """Writes a model of so many tensors, each of which is said to be that part of another file."""
    names = [f"W{number}" for number in range(count)]
    weights = [TensorProto(name=name, data_type=FLOAT, dims=[2], data_location=TensorProto.EXTERNAL) for name in names]
    for tensor in weights:
        for key, value in (("location", location), ("offset", "0"), ("length", str(length))):
            tensor.external_data.add(key=key, value=value)
    file.write_bytes(graph([node("Sum", ["X", *names], ["Y"])], [("X", FLOAT, [2])], [("Y", FLOAT, [2])], weights))


def test_many_tensors_of_one_file_are_counted_one_by_one(tmp_path: Path) -> None:
    """It is refused before anything is read: the file has no content, only a size."""
    with (tmp_path / "weights.bin").open("wb") as weights:
        weights.truncate(50_000_000)
    outside(tmp_path / "model.onnx", "weights.bin", count=60, length=50_000_000)
    tracemalloc.start()
    with pytest.raises(ModelBroken, match="with its weights it would be over 1500 MB"):
        copied(tmp_path / "model.onnx")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000


def test_they_may_share_what_is_small(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(np.array([1.5, 2.5], np.float32).tobytes())
    outside(tmp_path / "model.onnx", "weights.bin", count=60, length=8)
    kept, _ = copied(tmp_path / "model.onnx")
    assert open_session(kept).run(None, {"X": np.zeros(2, np.float32)})[0].tolist() == [90.0, 150.0]


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    outside(file, "weights", count=2, length=8)
    file.write_bytes(file.read_bytes().replace(b"weights", b"we\xff\xfehts"))
    with pytest.raises(ModelBroken, match=r'in another file, "we\\xff\\xfehts", which does not lie beside it'):
        copied(file)


def test_a_locale_inside_a_branch(tmp_path: Path) -> None:
    """One that exists is left as it is."""
    normal = {"case_change_action": "LOWER"}
    branches = [
        helper.make_graph(
            [node("StringNormalizer", ["X"], [f"Y{locale}"], locale=locale, **normal)],
            "branch",
            [],
            [helper.make_tensor_value_info(f"Y{locale}", STRING, [1])],
        )
        for locale in ("xx_XX.UTF-8", "C.UTF-8")
    ]
    choice = node("If", ["yes"], ["Y"], then_branch=branches[0], else_branch=branches[1])
    file = tmp_path / "model.onnx"
    file.write_bytes(graph([choice], [("X", STRING, [1]), ("yes", BOOL, [])], [("Y", STRING, [1])]))
    kept, changes = copied(file)
    assert changes == ["took the locale C.UTF-8 for xx_XX.UTF-8, which this machine does not have"]
    said = {"X": np.array(["Привет"]), "yes": np.array(True)}
    assert open_session(kept).run(None, said)[0].tolist() == ["привет"]
