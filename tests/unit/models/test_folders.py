"""What in MODELS_DIR is a model."""

import os
import shutil
from pathlib import Path
from typing import Literal

import pytest

from services.manifests.runtime import SPECS, RuntimeSpec
from services.models.folders import read_folders
from tests.unit.inference.models import identity, write_model
from tests.unit.models.runs import STORE


@pytest.fixture
def store(tmp_path: Path) -> Path:
    for name in ("lost+found", ".git", "__pycache__", "notes", "System Volume Information", "#recycle"):
        (tmp_path / name).mkdir()
    (tmp_path / "notes" / "todo.txt").touch()
    shutil.copytree(STORE / "wine", tmp_path / "wine")
    return tmp_path


def test_what_lies_beside_models_is_none(store: Path) -> None:
    (store / "wine copy").mkdir()
    shutil.copy(STORE / "wine/model.onnx", store / "wine copy")
    found, problems = read_folders(store)
    assert list(found) == ["wine"]
    assert problems == []


def test_a_copy_with_a_manifest_is_named_as_such(store: Path) -> None:
    shutil.copytree(STORE / "wine", store / "wine copy")
    found, (problem,) = read_folders(store)
    assert list(found) == ["wine"]
    assert problem.slug == "wine copy"
    assert 'the folder is named "wine copy", which is no slug' in problem.text
    assert "Rename it" in problem.text


def test_a_graph_without_a_manifest_is_told(store: Path) -> None:
    (store / "red-wine").mkdir()
    shutil.copy(STORE / "wine/model.onnx", store / "red-wine")
    _, (problem,) = read_folders(store)
    assert problem.slug == "red-wine"
    assert "kassandra models init" in problem.text


class Unforeseen(RuntimeSpec):
    """A kind of runtime with a fault that nobody thought of."""

    kind: Literal["unforeseen"]

    def complaint(self, folder: Path) -> tuple[str, str, str] | None:
        raise ZeroDivisionError("a\x00b")


def test_one_folder_never_takes_the_others_off(store: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A fault of the shop itself, and a name that is no UTF-8: one line each for the owner, the stack for the log."""
    folder = write_model(store, identity(), slug="odd")
    manifest = (folder / "manifest.toml").read_text().splitlines()
    told = [line for line in manifest if not line.startswith(("file", "sha256"))]
    (folder / "manifest.toml").write_text("\n".join(told).replace('"onnx"', '"unforeseen"'))
    shutil.copytree(folder, store / os.fsdecode(b"odd\xff"))
    found, problems = read_folders(store, {**SPECS, "unforeseen": Unforeseen})
    assert list(found) == ["wine"]
    assert [problem.slug for problem in problems] == ["odd", r"odd\udcff"]
    assert problems[0].text == "it cannot be read: ZeroDivisionError: ab"
    assert r'the folder is named "odd\udcff", which is no slug' in problems[1].text
    assert "Traceback" in "".join(capfd.readouterr())
