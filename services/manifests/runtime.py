"""`[runtime]`: how a model runs. Each kind adds keys of its own to what all of them have."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from services.manifests.bindings import Binding
from services.manifests.digests import digest
from services.manifests.schema import FileName, Table

if TYPE_CHECKING:
    from services.manifests.manifest import Manifest


def _no_slash(url: str) -> str:
    return url.rstrip("/")


class RuntimeSpec(Table):
    """What every kind has. `timeout` in seconds; `max_batch` rows run together; `attempts` at a row before it fails."""

    binding: ClassVar[Binding] = Binding.TENSOR
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

    def complain_of(self, manifest: "Manifest", folder: Path) -> tuple[str, str, str] | None:
        """The same of what does not fit together in the whole manifest and the files; the key is the manifest's."""
        return None


Header = Annotated[str, Field(pattern=r"^env:[A-Za-z_][A-Za-z0-9_]*$", max_length=130)]


class RemoteSpec(RuntimeSpec):
    """A model at a server. `headers` name the variables whose values are sent, never a secret itself; `timeout` in
    seconds of a whole run, the server's queue and retries included; `parallel` runs at once from each process."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+[^\s?#@]*$", max_length=500), AfterValidator(_no_slash)]
    headers: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")], Header] = {}
    timeout: float = Field(default=60.0, gt=0, le=3600)
    max_batch: int = Field(default=1, ge=1, le=4096)
    parallel: int = Field(default=4, ge=1, le=256)

    @property
    def fingerprint(self) -> str:
        """Of what the manifest says; what the server has behind the name, the shop cannot know."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def sent_headers(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """By name. Raises KeyError with the name of a variable that is not set."""
        return {name: environ[source.removeprefix("env:")] for name, source in self.headers.items()}


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
            actual = digest(stream)
        if actual == self.sha256:
            return None
        return "sha256", f"{self.file} has {actual}", "Write that, if the file is the one you mean"


Specs = Mapping[str, type[RuntimeSpec]]
"""Which keys a kind of runtime has, by its name."""

SPECS: Final[Specs] = {"onnx": OnnxSpec}
