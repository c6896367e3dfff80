"""Folders of versions on this machine, as models have them. A folder is called by what is in it, and but for the words
of its manifest it never changes, so a model stays as it is under whoever runs it; what is missing is fetched from the
store."""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import structlog
from pydantic import ValidationError

from db.engine import Database
from services.files.store import StoreAway
from services.manifests.errors import ManifestError
from services.manifests.manifest import MANIFEST, Manifest, load_manifest, with_runtime
from services.models.folders import FolderProblem, folder_problem
from services.models.uploads.contents import ContentLost, VersionContents
from services.models.uploads.selling import is_as_agreed, sold_text
from services.models.uploads.versions import VersionView, on_sale, removed

log = structlog.get_logger()
UNUSED_FOR: Final = 7 * 24 * 3600.0  # seconds, before a folder that nothing on sale needs goes
_UNFINISHED: Final = "part-"


class Shelved(NamedTuple):
    manifest: Manifest
    folder: Path


class VersionShelf:
    def __init__(self, db: Database, contents: VersionContents, root: Path) -> None:
        self._db, self._contents, self._root = db, contents, root

    async def state(self) -> list[tuple[UUID, Mapping[str, str], Mapping[str, Any]]]:
        """Which versions are on sale, and their words."""
        return [(view.id, view.title, view.texts) for view in await self._db.read(on_sale)]

    async def published(self) -> tuple[dict[str, Shelved], list[FolderProblem]]:
        """By slug, and what is wrong with the others."""
        found: dict[str, Shelved] = {}
        problems: list[FolderProblem] = []
        for view in await self._db.read(on_sale):
            try:
                found[view.slug] = await self.open(view)
            except ContentLost as error:
                problems.append(FolderProblem(slug=view.slug, text=str(error)))
            except (StoreAway, OSError) as error:
                problems.append(FolderProblem(slug=view.slug, text=str(error), passing=True))
            except Exception as error:  # noqa: BLE001 - one model never takes the others off
                problems.append(folder_problem(view.slug, error))
        return found, problems

    async def removed(self) -> dict[str, Manifest]:
        """Of models that have left the shop, as they were sold last: their answers can still be shown."""
        found = {}
        for slug, data in (await self._db.read(removed)).items():
            try:
                found[slug] = Manifest.model_validate(with_runtime(_told(data)))
            except (ValidationError, KeyError) as error:  # of an older version of the shop
                log.warning("removed_model_not_read", model=slug, error=str(error))
        return found

    async def open(self, view: VersionView) -> Shelved:
        """Raises StoreAway, ContentLost, ManifestError, OSError."""
        folder = self._root / _name(view) / view.slug
        if not folder.is_dir():
            contents = {name: await self._contents.get(stored) for name, stored in view.files.items()}
            await asyncio.to_thread(_make, folder, contents)
        manifest = await asyncio.to_thread(_load, folder, sold_text(view, folder))
        if not is_as_agreed(manifest):
            problem, fix = "is not what an upload may run as", "Send the file again"
            raise ManifestError(file=str(folder / MANIFEST), key="runtime", problem=problem, fix=fix)
        return Shelved(manifest, folder)

    async def tidy(self) -> int:
        """Folders that nobody on sale has needed for long; how many went."""
        needed = {_name(view) for view in await self._db.read(on_sale)}
        return await asyncio.to_thread(_tidy, self._root, needed)


def _told(value: Any) -> Any:  # Any: JSON
    """Without what is null, which TOML has not."""
    if isinstance(value, dict):
        return {key: _told(each) for key, each in value.items() if each is not None}
    return [_told(each) for each in value] if isinstance(value, list) else value


def _name(view: VersionView) -> str:
    contents = {name: stored.sha256 for name, stored in view.files.items()}
    told = json.dumps([view.id.hex, view.slug, contents], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _load(folder: Path, text: str) -> Manifest:
    file = folder / MANIFEST
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        handle, name = tempfile.mkstemp(dir=folder.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(file)
    return load_manifest(folder)


def _make(folder: Path, contents: Mapping[str, bytes]) -> None:
    """All of it or nothing, whoever else makes the same."""
    root = folder.parents[1]
    root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
    try:
        inner = scratch / folder.name
        inner.mkdir()
        for name, content in contents.items():
            (inner / name).write_bytes(content)
        scratch.chmod(0o755)
        scratch.rename(folder.parent)
    except OSError:
        shutil.rmtree(scratch, ignore_errors=True)
        if not folder.is_dir():  # else somebody was quicker
            raise


def _tidy(root: Path, needed: set[str]) -> int:
    old = time.time() - UNUSED_FOR
    gone = [each for each in root.glob("*") if each.is_dir() and each.name not in needed and each.stat().st_mtime < old]
    for each in gone:
        shutil.rmtree(each, ignore_errors=True)
    return len(gone)
