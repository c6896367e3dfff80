"""Files that onnxruntime refuses: what a seller reads, and that the cure cures."""

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx import open_session
from tests.unit.inference.models import DOUBLE, FLOAT, STRING, graph, identity, node

LINE: dict[str, Any] = {
    "coefficients": [1.0],
    "support_vectors": [1.0, 2.0],
    "n_supports": 1,
    "kernel_type": "LINEAR",
    "rho": [0.5],
    "kernel_params": [0.0, 0.0, 3.0],
}
ONE = [("X", FLOAT, [1])], [("Y", FLOAT, [1])]


def of_domain(domain: str, kind: str) -> bytes:
    model = onnx.load_model_from_string(identity())
    model.graph.node[0].CopyFrom(node(kind, ["X"], ["Y"], domain=domain))
    if domain:
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    return bytes(model.SerializeToString())


def of_opset(version: int) -> bytes:
    model = onnx.load_model_from_string(identity())
    model.opset_import[0].version = version
    return bytes(model.SerializeToString())


def lowered(locale: str) -> bytes:
    nodes = [node("StringNormalizer", ["X"], ["Y"], case_change_action="LOWER", locale=locale)]
    return graph(nodes, [("X", STRING, [1])], [("Y", STRING, [1])])


def vectors(number: int) -> bytes:
    nodes = [node("SVMRegressor", ["X"], ["Y"], domain="ai.onnx.ml", **LINE)]
    return graph(nodes, [("X", number, ["N", 2])], [("Y", FLOAT, ["N", 1])])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (of_domain("ai.onnx.contrib", "BertTokenizer"), 'uses "ai.onnx.contrib:BertTokenizer", of an extension'),
        (of_domain("com.example", "Magic"), 'uses "com.example:Magic", of an extension that is not loaded here'),
        (of_domain("", "Frobnicate"), 'uses "Frobnicate", which onnxruntime does not know'),
        (
            graph([node("Evil", ["X"], ["Y"], domain="my.ops")], [("X", FLOAT, [1])], [("Y", FLOAT, [1])]),
            '"my.ops:Evil"',
        ),
        (of_opset(99), "its opset 99 is newer than onnxruntime knows. Export it with an older one: opset_version="),
        (lowered("xx_YY"), "the locale xx_YY, which this machine does not have. kassandra models init sets one"),
        (
            vectors(DOUBLE),
            "cannot compute SVMRegressor with numbers of this type (often float64). Convert it for float32",
        ),
        (identity(["N", 2], TensorProto.COMPLEX64), "does not know numbers of the type tensor(complex64)"),
        (b"", "it is empty"),
        (b"PK\x03\x04weights", "a ZIP archive, as PyTorch and Keras save models. Export it: torch.onnx.export"),
        (b"\x80\x04\x95pickled", "a Python pickle"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS and not the file itself"),
        (b"<!DOCTYPE html>", "a web page"),
    ],
)
def test_words_for_what_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(ModelBroken) as caught:
        open_session(data)
    assert words in str(caught.value)
    assert "Export the model again" not in str(caught.value)
    assert "Error" not in str(caught.value)


def test_the_cures_cure() -> None:
    """An older opset, float32, a locale that exists."""
    assert open_session(of_opset(21)).run(None, {"X": np.ones((1, 1), np.float32)})[0].tolist() == [[1.0]]
    assert open_session(vectors(FLOAT)).run(None, {"X": np.ones((1, 2), np.float32)})[0].tolist() == [[3.5]]
    assert open_session(lowered("C.UTF-8")).run(None, {"X": np.array(["Ж"])})[0].tolist() == ["ж"]
