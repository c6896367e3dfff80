"""`[runtime] kind = "images"`, without the HTTP client until a model is opened."""

from pathlib import Path
from typing import Final

from services.inference.runtimes.base import RemoteRuntime
from services.inference.runtimes.images.spec import ImagesSpec
from services.inference.runtimes.registry import RemoteKind
from services.manifests.manifest import Manifest


def _open(manifest: Manifest, folder: Path) -> RemoteRuntime:
    from services.inference.runtimes.images.runtime import ImagesRuntime

    return ImagesRuntime(manifest, folder)


IMAGES: Final = RemoteKind(name="images", spec=ImagesSpec, open=_open)
