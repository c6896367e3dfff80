"""Two graphs that run as one: what the first gives enters the second by name."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from services.inference.errors import ModelBroken, RunTimeout
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from tests.unit.inference.models import FLOAT, NUMBER_X, NUMBER_Y, endless, graph, node, weight, write_model

SECOND = '[[inputs]]\nname = "b"\ntype = "number"\nlabel = "B"\nexample = 2\ntensor = { name = "B" }\n'


def doubled(name: str = "M") -> bytes:
    return graph([node("Add", ["X", "X"], [name])], [("X", FLOAT, ["N", 1])], [(name, FLOAT, ["N", 1])])


def added() -> bytes:
    return graph(
        [node("Add", ["M", "B"], ["Y"])], [("M", FLOAT, ["N", 1]), ("B", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])]
    )


def folder_of(
    root: Path, first: bytes, second: bytes, *, tables: str = NUMBER_X + SECOND + NUMBER_Y, more: str = ""
) -> Path:
    runtime = f'before_file = "first.onnx"\nbefore_sha256 = "{hashlib.sha256(first).hexdigest()}"\n{more}'
    folder = write_model(root, second, tables, runtime=runtime)
    (folder / "first.onnx").write_bytes(first)
    return folder


def opened(folder: Path) -> OnnxRuntime:
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    return runtime


def test_rows_go_through_both(tmp_path: Path) -> None:
    runtime = opened(folder_of(tmp_path, doubled(), added()))
    runtime.warm_up(Limit(10))
    rows = [Row(values={"x": x, "b": 1.0}) for x in (1.0, 5.0)]
    answers: list[Any] = list(runtime.run(rows, Limit(10)))
    assert [each.outputs["y"] for each in answers if isinstance(each, Result)] == [3, 11]


def test_two_that_do_not_meet(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="the file before it gives Z, and it takes M, B"):
        opened(folder_of(tmp_path, doubled("Z"), added()))


def test_both_files_are_those_that_are_meant(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, doubled(), added())
    (folder / "first.onnx").write_bytes(doubled("Z"))
    with pytest.raises(ManifestError, match="before_sha256"):
        load_manifest(folder)
    (folder / "first.onnx").unlink()
    with pytest.raises(ManifestError, match="before_file"):
        load_manifest(folder)


def test_another_first_file_is_another_model(tmp_path: Path) -> None:
    one = load_manifest(folder_of(tmp_path, doubled(), added())).runtime.fingerprint
    shifted = graph(
        [node("Add", ["X", "one"], ["M"])], [("X", FLOAT, ["N", 1])], [("M", FLOAT, ["N", 1])], [weight("one", 1.0)]
    )
    assert load_manifest(folder_of(tmp_path, shifted, added())).runtime.fingerprint != one


@pytest.mark.parametrize(
    ("more", "problem"), [("isolated = true", "an isolated model is one file"), ("", "go together")]
)
def test_what_a_manifest_may_not_say(tmp_path: Path, more: str, problem: str) -> None:
    folder = folder_of(tmp_path, doubled(), added(), more=more)
    if not more:
        text = (folder / "manifest.toml").read_text()
        (folder / "manifest.toml").write_text("\n".join(x for x in text.splitlines() if "before_sha256" not in x))
    with pytest.raises(ManifestError, match=problem):
        load_manifest(folder)


def test_the_time_limit_is_of_both(tmp_path: Path) -> None:
    """A first graph that never ends is stopped as any other."""
    second = graph([node("Identity", ["Y"], ["Z"])], [("Y", FLOAT, ["N", 1])], [("Z", FLOAT, ["N", 1])])
    tables = NUMBER_X + NUMBER_Y.replace('"Y"', '"Z"')
    runtime = opened(folder_of(tmp_path, endless(), second, tables=tables))
    with watched(Limit(0.3)) as limit, pytest.raises(RunTimeout):
        runtime.run([Row(values={"x": 1.0})], limit)
