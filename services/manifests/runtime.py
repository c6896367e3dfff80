"""`[runtime]`: how a model runs. Each kind adds keys of its own to what all of them have."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from services.manifests.schema import FileName, Table


class RuntimeSpec(Table):
    """What every kind has. `timeout` in seconds; `max_batch` rows run together; `attempts` at a row before it fails."""

    kind: str
    timeout: float = Field(default=10.0, gt=0, le=600)
    max_batch: int = Field(default=32, ge=1, le=4096)
    attempts: int = Field(default=3, ge=1, le=10)

    @property
    def files(self) -> Mapping[str, str]:
        """Files that must lie beside the manifest, by the key that names them."""
        return {}

    @property
    def fingerprint(self) -> str:
        """Tells this content of the model from another; empty where the shop cannot know."""
        return ""

    def complaint(self, folder: Path) -> tuple[str, str, str] | None:
        """Key, problem and fix of what is wrong with the files; they are there and can be read."""
        return None


class OnnxSpec(RuntimeSpec):
    kind: Literal["onnx"]
    file: FileName
    sha256: Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$"), AfterValidator(str.lower)]

    @property
    def files(self) -> Mapping[str, str]:
        return {"file": self.file}

    @property
    def fingerprint(self) -> str:
        return self.sha256

    def complaint(self, folder: Path) -> tuple[str, str, str] | None:
        with (folder / self.file).open("rb") as stream:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()
        if actual == self.sha256:
            return None
        return "sha256", f"{self.file} has {actual}", "Write that, if the file is the one you mean"


Specs = Mapping[str, type[RuntimeSpec]]
"""Which keys a kind of runtime has, by its name."""

SPECS: Final[Specs] = {"onnx": OnnxSpec}
