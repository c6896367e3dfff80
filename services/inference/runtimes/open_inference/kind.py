"""`[runtime] kind = "open-inference"`, without the HTTP client until a model is opened."""

from pathlib import Path
from typing import Final

from services.inference.runtimes.base import RemoteRuntime
from services.inference.runtimes.open_inference.spec import OpenInferenceSpec
from services.inference.runtimes.registry import RemoteKind
from services.manifests.manifest import Manifest


def _open(manifest: Manifest, folder: Path) -> RemoteRuntime:
    from services.inference.runtimes.open_inference.runtime import OpenInferenceRuntime

    return OpenInferenceRuntime(manifest, folder)


OPEN_INFERENCE: Final = RemoteKind(name="open-inference", spec=OpenInferenceSpec, open=_open)
