"""`[runtime] kind = "style-transfer"`, without onnxruntime until a model is opened."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from services.inference.runtimes.base import Runtime
from services.inference.runtimes.registry import RuntimeKind
from services.manifests.manifest import Manifest
from services.manifests.runtime import FileSpec
from services.manifests.schema import PackagedName, Sha256, wrong


class StyleTransferSpec(FileSpec):
    """`file` paints: a network of styles, or, with `style_file`, one that takes its style from a picture, which that
    file looks at. `points`: so many are painted at the most, which bounds time and memory; a larger photo gets its own
    fine lines back."""

    kind: Literal["style-transfer"]
    style_file: PackagedName | None = None
    style_sha256: Sha256 | None = None
    points: int = Field(default=512 * 512, ge=64 * 64, le=1024 * 1024)
    max_batch: int = Field(default=1, ge=1, le=1)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.style_file is None) != (self.style_sha256 is None):
            raise wrong("style_file and style_sha256 go together", "Write both, or none", "style_file")
        return self

    @property
    def weights(self) -> Mapping[str, tuple[str, str]]:
        named = super().weights
        if self.style_file is None or self.style_sha256 is None:
            return named
        return {**named, "style_file": (self.style_file, self.style_sha256)}


def _open(manifest: Manifest, folder: Path) -> Runtime:
    from services.inference.runtimes.style_transfer.runtime import StyleTransferRuntime

    return StyleTransferRuntime(manifest, folder)


STYLE_TRANSFER: Final = RuntimeKind(
    name="style-transfer", spec=StyleTransferSpec, open=_open, threads=2
)  # one paints, while the other makes a photo ready or packs a picture
