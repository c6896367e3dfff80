"""`[runtime] kind = "comfyui"`, without an HTTP client until a model is opened."""

from pathlib import Path
from typing import Final

from services.inference.runtimes.base import RemoteRuntime
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.inference.runtimes.registry import RemoteKind
from services.manifests.manifest import Manifest


def _open(manifest: Manifest, folder: Path) -> RemoteRuntime:
    from services.inference.runtimes.comfyui.runtime import ComfyUIRuntime

    return ComfyUIRuntime(manifest, folder)


COMFYUI: Final = RemoteKind(name="comfyui", spec=ComfyUISpec, open=_open)
