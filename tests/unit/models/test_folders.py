"""What in MODELS_DIR is a model."""

import shutil
from pathlib import Path

import pytest

from services.models.offers import read_folders
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
