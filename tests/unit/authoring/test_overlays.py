"""Detectors and segmenters, known by names, by what the file says of itself, and by how many places they look at."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from services.authoring.check import check_folder
from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.scaffold import draft_manifest
from services.manifests.labels import numbered
from services.manifests.manifest import BoxesOutput, ImageInput, Manifest, MaskOutput, load_manifest
from tests.unit.inference.models import FLOAT, INT64, graph, node, weight

PHOTO = ("X", FLOAT, [1, 3, 64, 64])
PLACES = 8 * 8 + 4 * 4 + 2 * 2  # of a YOLO for 64 × 64 points


def looking(outputs: dict[str, Any], *, metadata: dict[str, str] | None = None) -> bytes:
    """Convolves a photo and answers with these arrays."""
    weights = [weight("W", np.zeros((1, 3, 3, 3)))]
    nodes = [node("Conv", ["X", "W"], ["C"], kernel_shape=[3, 3])]
    infos = []
    for name, values in outputs.items():
        dtype = np.int64 if values.dtype.kind == "i" else np.float32
        weights.append(weight(f"{name}_found", values, dtype))
        nodes.append(node("Identity", [f"{name}_found"], [name]))
        infos.append((name, INT64 if values.dtype.kind == "i" else FLOAT, list(values.shape)))
    model = onnx.load_from_string(graph(nodes, [PHOTO], infos, weights))
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    data: bytes = model.SerializeToString()
    return data


def drafted(root: Path, data: bytes, hints: AuthorHints = NO_HINTS) -> Manifest:
    """And it is sold: the check has nothing against it."""
    folder = root / "fresh"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(data)
    draft_manifest(folder / "model.onnx", hints).write(folder)
    assert all(line.ok for line in check_folder(folder)), check_folder(folder)
    return load_manifest(folder)


def boxes_of(manifest: Manifest) -> BoxesOutput:
    (output,) = manifest.outputs
    assert isinstance(output, BoxesOutput)
    return output


@pytest.mark.parametrize("task", [{"task": "detect"}, {}], ids=["told", "by its places"])
def test_a_yolo_of_ultralytics(tmp_path: Path, task: dict[str, str]) -> None:
    found = np.full((1, 4 + 2, PLACES), 0.01)
    metadata = {**task, "names": "{0: 'cat', 1: 'dog'}"}
    manifest = drafted(tmp_path, looking({"output0": found}, metadata=metadata))
    boxes = boxes_of(manifest)
    assert (boxes.layout, boxes.format, boxes.columns, boxes.nms) == ("columns", "cxcywh", ("box", "scores"), 0.45)
    assert [str(each.label) for each in boxes.classes] == ["Cat", "Dog"]
    (photo,) = manifest.inputs
    assert isinstance(photo, ImageInput)
    assert (photo.prepare.fit, photo.prepare.fill) == ("letterbox", (114, 114, 114))


def test_an_old_yolo_is_sure_that_there_is_something(tmp_path: Path) -> None:
    boxes = boxes_of(drafted(tmp_path, looking({"output": np.full((1, 3 * PLACES, 5 + 3), 0.01)})))
    assert boxes.columns == ("box", "objectness", "scores")
    assert [each.value for each in boxes.classes] == ["0", "1", "2"]


def test_outputs_that_are_called_so(tmp_path: Path) -> None:
    found = {"boxes": np.full((1, 10, 4), 9.0), "scores": np.full((1, 10), 0.1), "labels": np.ones((1, 10), int)}
    hints = AuthorHints(labels=numbered(["background", "cat"]))
    boxes = boxes_of(drafted(tmp_path, looking(found), hints))
    assert (boxes.tensor, boxes.score_tensor, boxes.class_tensor) == ("boxes", "scores", "labels")
    assert (boxes.format, boxes.normalised, boxes.nms) == ("xyxy", False, None)


def test_a_detr(tmp_path: Path) -> None:
    found = {"pred_boxes": np.full((1, 10, 4), 0.5), "logits": np.full((1, 10, 2), -9.0)}
    boxes = boxes_of(drafted(tmp_path, looking(found, metadata={"names": "['cat', 'dog']"})))
    assert (boxes.format, boxes.normalised, boxes.logits) == ("cxcywh", True, True)


def test_scores_of_classes_for_each_point(tmp_path: Path) -> None:
    scores = np.zeros((1, 6, 32, 32))
    scores[:, 2, :16] = 1
    (mask,) = drafted(tmp_path, looking({"out": scores})).outputs
    assert isinstance(mask, MaskOutput)
    assert (mask.holds, mask.background, len(mask.classes)) == ("scores", "0", 6)


def test_a_box_without_scores_is_but_numbers(tmp_path: Path) -> None:
    manifest = drafted(tmp_path, looking({"boxes": np.full((1, 4), 0.5)}))
    assert [output.type for output in manifest.outputs] == ["number"] * 4


def test_an_embedding_is_called_so(tmp_path: Path) -> None:
    (output,) = drafted(tmp_path, looking({"face_embedding": np.full((1, 512), 0.1)})).outputs
    assert output.type == "embedding"
