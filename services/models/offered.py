"""What a shop's folders offer at all, before any of them is read in full."""

import tomllib
from pathlib import Path

from services.manifests.manifest import MANIFEST
from services.models.preset_files import PRESETS

TALK = "chat"


def has_gallery(root: Path) -> bool:
    """Whether any model's folder below `root` comes with presets of pictures; an assistant's are personas."""
    return any((folder / PRESETS).is_file() and not _is_assistant(folder) for folder in _folders(root))


def has_assistants(root: Path) -> bool:
    """Whether any model below `root` is talked to."""
    return any(map(_is_assistant, _folders(root)))


def _folders(root: Path) -> list[Path]:
    try:
        return list(root.iterdir())
    except OSError:
        return []


def _is_assistant(folder: Path) -> bool:
    try:
        written = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return False
    runtime = written.get("runtime")
    return isinstance(runtime, dict) and runtime.get("kind") == TALK
