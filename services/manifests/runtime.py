"""`[runtime]`: how a model runs. Each kind adds keys of its own to what all of them have."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from services.manifests.bindings import Binding
from services.manifests.digests import digest
from services.manifests.packages import PackagedFileMissing, packaged_file
from services.manifests.schema import MOST_NAME_BYTES, Package, PackagedName, Sha256, Table, check_values, wrong
from services.manifests.variables import value_of

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

    @model_validator(mode="before")
    @classmethod
    def _bounded(cls, data: Any) -> Any:  # Any: whatever TOML holds
        check_values(data)
        return data

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


def _variable(value: Any) -> str:  # Any: whatever TOML holds
    """A name of a variable. What stands in its place is likely to be the secret itself, so no error repeats it."""
    if isinstance(value, str) and re.fullmatch("env:[A-Za-z_][A-Za-z0-9_]{0,125}", value):
        return value
    fix = 'Write "env:NAME" here, with a name of your choice, and NAME=… with the value itself into .env'
    raise wrong("is not the name of a variable", fix)


def _by_name(value: Any) -> Any:  # Any: as above
    if isinstance(value, dict) and all(re.fullmatch("[A-Za-z0-9-]{1,64}", name) for name in value):
        return value
    fix = 'Write { Authorization = "env:NAME" }, and NAME=… with the value itself into .env'
    raise wrong("has no names of headers", fix)


def _address(value: Any) -> Any:  # Any: as above
    """Logins and parameters of an address are secrets, too."""
    if isinstance(value, str) and not (
        re.fullmatch(r"https?://[^\s/?#@]+[^\s?#@]*", value) and _leads_somewhere(value)
    ):
        fix = 'Write "https://host:port/path", without a login, ? and #; what is secret goes into headers'
        raise wrong("is not the address of a server", fix)
    return value


def _leads_somewhere(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bracket that stays open, a port beyond 65535
        return False


Variable = Annotated[str, BeforeValidator(_variable)]


class RemoteSpec(RuntimeSpec):
    """A model at a server. `headers` name the variables whose values are sent, never a secret itself; `timeout` in
    seconds of a whole run, the server's queue and retries included; `parallel` runs at once from each process."""

    url: Annotated[str, BeforeValidator(_address), Field(max_length=500), AfterValidator(_no_slash)]
    headers: Annotated[Mapping[str, Variable], BeforeValidator(_by_name)] = {}
    timeout: float = Field(default=60.0, gt=0, le=3600)
    max_batch: int = Field(default=1, ge=1, le=4096)
    parallel: int = Field(default=4, ge=1, le=256)

    @property
    def fingerprint(self) -> str:
        """Of what the manifest says; what the server has behind the name, the shop cannot know."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def sent_headers(self) -> dict[str, str]:
        """By name. Raises KeyError with the name of a variable that is not set."""
        return {name: value_of(source.removeprefix("env:")) for name, source in self.headers.items()}


class FileSpec(RuntimeSpec):
    """A model in a file: of the folder, or, where `package` is named, of that installed package."""

    package: Package | None = None
    file: PackagedName
    sha256: Sha256

    @model_validator(mode="after")
    def _no_path(self) -> Self:
        if self.package is None and "/" in self.file:
            raise wrong(f"{self.file!r} is a path, which is not allowed", "Name a file of the folder", "file")
        if (size := len(self.file.rpartition("/")[2].encode())) > MOST_NAME_BYTES:
            raise wrong(f"has {size} bytes", f"A file's name has at most {MOST_NAME_BYTES}", "file")
        return self

    @property
    def weights(self) -> Mapping[str, tuple[str, str]]:
        """Name and SHA-256 of each file, by the key that names it."""
        return {"file": (self.file, self.sha256)}

    @property
    def files(self) -> Mapping[str, str]:
        return {} if self.package is not None else {key: name for key, (name, _) in self.weights.items()}

    @property
    def fingerprint(self) -> str:
        """Of all its files; of one file that file's own."""
        digests = [sha256 for _, sha256 in self.weights.values()]
        return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def path(self, folder: Path, name: str | None = None) -> Path:
        """Of the file, or of another one of them. Raises PackagedFileMissing."""
        name = name or self.file
        return folder / name if self.package is None else packaged_file(self.package, name)

    def paths(self, folder: Path) -> list[Path]:
        """Of all its files. Raises PackagedFileMissing."""
        return [self.path(folder, name) for name, _ in self.weights.values()]

    def complaint(self, folder: Path) -> tuple[str, str, str] | None:
        for key, (name, sha256) in self.weights.items():
            try:
                path = self.path(folder, name)
            except PackagedFileMissing as error:
                return "package", error.problem, error.fix
            with path.open("rb") as stream:
                actual = digest(stream)
            if actual != sha256:
                fix = "Write that, if the file is the one you mean"
                return key.replace("file", "sha256"), f"{path.name} has {actual}", fix
        return None


class OnnxSpec(FileSpec):
    """`isolated`: a process of its own, which may take `memory_mb` beyond the program's own 200: the rule for files of
    strangers. `before_file` runs first, and what it gives enters the inputs of `file` of the same names."""

    kind: Literal["onnx"]
    before_file: PackagedName | None = None
    before_sha256: Sha256 | None = None
    isolated: bool = False
    memory_mb: int = Field(default=512, ge=64, le=16_384)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.before_file is None) != (self.before_sha256 is None):
            raise wrong("before_file and before_sha256 go together", "Write both, or none", "before_file")
        if self.before_file is not None and self.isolated:
            raise wrong("an isolated model is one file", "Make one file of the two, or remove isolated", "before_file")
        return self

    @property
    def weights(self) -> Mapping[str, tuple[str, str]]:
        named = super().weights
        if self.before_file is None or self.before_sha256 is None:
            return named
        return {**named, "before_file": (self.before_file, self.before_sha256)}


Specs = Mapping[str, type[RuntimeSpec]]
"""Which keys a kind of runtime has, by its name."""

SPECS: Final[Specs] = {"onnx": OnnxSpec}
