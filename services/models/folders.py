"""The folders of `MODELS_DIR`: what each of them sells, and what is wrong with it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from db.file_access import why_unreadable
from services.inference.errors import InferenceError
from services.manifests.errors import ManifestError
from services.manifests.manifest import MANIFEST, SLUG, Manifest, load_manifest
from services.manifests.runtime import SPECS, Specs
from services.models.preset_files import PRESETS, PresetDraft, read_presets

log = structlog.get_logger()
MAX_PROBLEM: Final = 500  # characters of what the shop did not foresee


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderProblem:
    """A folder that cannot be sold, in one line for the operator. `passing`: the next look may find it well."""

    slug: str
    text: str
    passing: bool = False


Folders: TypeAlias = tuple[dict[str, Manifest], list[FolderProblem]]
"""Manifests by slug, and what is wrong with the other folders."""


def read_folders(root: Path, specs: Specs = SPECS) -> Folders:
    """All manifests below `root` by slug, and what is wrong with the folders that have none."""
    found: dict[str, Manifest] = {}
    problems: list[FolderProblem] = []
    try:
        if not root.is_dir():
            return found, [FolderProblem(slug="-", text=f"MODELS_DIR: there is no folder {root}")]
        folders = sorted(folder for folder in root.iterdir() if _holds_a_model(folder))
    except OSError as error:
        return found, [FolderProblem(slug="-", text=f"MODELS_DIR: {why_unreadable(root, error)}")]
    for folder in folders:
        try:
            found[folder.name] = load_manifest(folder, specs)
        except Exception as error:  # noqa: BLE001 - one folder never takes the others off
            problems.append(folder_problem(folder.name, error))
    return found, problems


def read_all_presets(
    root: Path, models: dict[str, Manifest]
) -> tuple[dict[str, list[PresetDraft]], list[FolderProblem]]:
    """The presets of each model, and what is wrong with files of them: such models keep the presets they had."""
    found: dict[str, list[PresetDraft]] = {}
    takers: dict[str, str] = {}
    problems = []
    for slug in models:
        try:
            file = root / slug / PRESETS
            drafts = read_presets(file, models, of=slug, taken=takers) if file.exists() else []
        except Exception as error:  # noqa: BLE001 - as above
            problems.append(folder_problem(slug, error))
            continue
        found[slug] = drafts
        takers |= {draft.slug: slug for draft in drafts}
    return found, problems


def _holds_a_model(folder: Path) -> bool:
    """Whether somebody means it to be sold: it has a manifest, or a graph and a model's name. `lost+found`, notes and
    caches have neither. What cannot be looked into is taken for one by its name: the owners should know."""
    if folder.name.startswith((".", "_")) or not folder.is_dir():
        return False
    try:
        names = [file.name for file in folder.iterdir()]
    except OSError:
        names = ["model.onnx"]
    named = re.fullmatch(SLUG, folder.name) is not None
    return MANIFEST in names or (named and any(name.lower().endswith(".onnx") for name in names))


def folder_problem(name: str, error: Exception) -> FolderProblem:
    """What an author can mend has its words; anything else is a fault of the shop, and its stack goes to the log."""
    text = " ".join(str(error).split())
    if not isinstance(error, InferenceError | ManifestError):
        log.error("folder_not_read", folder=_shown(name), exc_info=error)
        text = f"it cannot be read: {type(error).__name__}: {text}"[:MAX_PROBLEM]
    return FolderProblem(slug=_shown(name)[:32], text=_shown(text))


def _shown(text: str) -> str:
    """As a database and a terminal take it: a folder's name may be no UTF-8."""
    return text.replace("\x00", "").encode("utf-8", "backslashreplace").decode("utf-8")
