"""The manifest that a version is sold by: what the check wrote, with what people told."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.authoring.toml import manifest_toml
from services.billing.credits import format_credits
from services.manifests.manifest import Manifest
from services.manifests.runtime import OnnxSpec
from services.models.uploads.texts import with_texts
from services.models.uploads.versions import MODEL, VersionView

LEAST_MEMORY: Final = 512  # megabytes, as the manifest's own default
DEFAULT_PRICE: Final = 1_00
MOST_MEMORY: Final = 16_384
TIMES: Final = 5  # its file: what a graph takes to be read and run


def memory_of(size: int) -> int:
    """Megabytes that the process of a file of so many bytes may take."""
    return min(MOST_MEMORY, max(LEAST_MEMORY, LEAST_MEMORY // 2 + TIMES * size // 1_000_000))


def sold_text(view: VersionView, folder: Path) -> str:
    """TOML. `folder`: where its files are."""
    assert view.manifest is not None
    data = with_texts(tomllib.loads(view.manifest), view.texts, folder)
    price = DEFAULT_PRICE if view.price is None else view.price
    head = {"slug": view.slug, "version": str(view.number), "title": _title(data["title"], view.title)}
    runtime = {**data["runtime"], "isolated": True, "memory_mb": memory_of(view.files[MODEL].size)}
    return manifest_toml({**data, **head, "price": format_credits(price), "runtime": runtime}, [])


def is_as_agreed(manifest: Manifest) -> bool:
    """Whether what a process of a stranger's file wrote says nothing but what such a file may be: a graph of its own
    folder, run apart."""
    spec = manifest.runtime
    return isinstance(spec, OnnxSpec) and spec.isolated and spec.package is None and spec.file == MODEL


def _title(drafted: Any, told: Mapping[str, str]) -> Any:  # Any: text, or by language
    if not told:
        return drafted
    known = dict.fromkeys(("ru", "en"), drafted) if isinstance(drafted, str) else dict(drafted)
    return {**known, **told}
