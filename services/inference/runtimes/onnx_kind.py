"""`[runtime] kind = "onnx"`, without onnxruntime until a model is opened: it takes 40 MB with all it needs."""

from pathlib import Path
from typing import Final

from services.inference.runtimes.base import Runtime
from services.inference.runtimes.registry import RuntimeKind
from services.manifests.manifest import Manifest
from services.manifests.runtime import OnnxSpec


def _open(manifest: Manifest, folder: Path) -> Runtime:
    assert isinstance(manifest.runtime, OnnxSpec)
    if manifest.runtime.isolated:
        from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime

        return IsolatedOnnxRuntime(manifest, folder)
    from services.inference.runtimes.onnx import OnnxRuntime

    return OnnxRuntime(manifest, folder)


ONNX: Final = RuntimeKind(name="onnx", spec=OnnxSpec, open=_open)
