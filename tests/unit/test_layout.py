"""Rules of the layout that the import contracts cannot say."""

import ast
import importlib
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import pytest

from db.migrate import MIGRATIONS

ROOT = MIGRATIONS.parent
EDGES = [file for edge in ("handlers", "web", "mail", "i18n") for file in ROOT.glob(f"{edge}/**/*.py")]

PACKAGES = ("bot", "handlers", "web", "mail", "i18n", "services", "db")


def imported(file: Path, package: str) -> Iterator[tuple[str, str]]:
    """Module and name of each thing that a file takes from a package."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and f"{node.module}.".startswith(f"{package}."):
            yield from ((node.module, alias.name) for alias in node.names)
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names if f"{alias.name}.".startswith(f"{package}."))


@pytest.mark.parametrize("file", EDGES, ids=lambda file: str(file.relative_to(ROOT)))
def test_edges_take_from_tables_their_enums_alone(file: Path) -> None:
    for module, name in imported(file, "db.tables"):
        thing = getattr(importlib.import_module(module), name)
        assert isinstance(thing, type), f"{module}.{name} is no class"
        assert issubclass(thing, Enum), f"{module}.{name} is a table"


def test_the_map_names_files_that_are_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py)`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")))
    there = {
        f"/{file.relative_to(ROOT)}"
        for folder in (*PACKAGES, "sandbox", "tests")
        for file in (ROOT / folder).rglob("*.py")
    }
    assert len(named) > 100
    assert [name for name in sorted(named) if not any(file.endswith(f"/{name}") for file in there)] == []


def _is_schema(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "BaseModel" for base in node.bases)


def test_a_class_name_means_one_thing() -> None:
    """In all of the shop. The sandbox is a program of its own, and speaks as Telegram and YooKassa do; what the API
    answers with is called as its readers call it."""
    places: dict[str, list[str]] = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.parse(file.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and not _is_schema(node):
                    places.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
