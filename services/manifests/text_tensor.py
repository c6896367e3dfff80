"""How a text enters a graph: as it is, or as the numbers of its tokens or characters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from services.manifests.digests import digest
from services.manifests.packages import PackagedFileMissing, packaged_file
from services.manifests.schema import Array, FileName, Package, PackagedName, Sha256, TensorSpec, wrong

MOST_TOKENS = 8_192


class TextTensor(TensorSpec):
    """`name` gets the numbers, `mask` ones where there are any, `types` noughts. `alphabet` is what the file
    `characters` lists."""

    dtype: Literal["string", "int64", "int32"] = "string"
    tokenizer: PackagedName | None = None
    package: Package | None = None
    sha256: Sha256 | None = None
    characters: FileName | None = None
    alphabet: Annotated[tuple[str, ...], Array] = ()
    unknown: int | None = Field(default=None, ge=0)
    pad: int = Field(default=0, ge=0)
    mask: str | None = Field(default=None, min_length=1)
    types: str | None = Field(default=None, min_length=1)
    max_tokens: int = Field(default=512, ge=1, le=MOST_TOKENS)
    long: Literal["cut", "refuse"] = "cut"

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, table: Any) -> Any:  # Any: whatever TOML holds
        if isinstance(table, dict) and "dtype" not in table and ("tokenizer" in table or "characters" in table):
            return {**table, "dtype": "int64"}
        return table

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if self.tokenizer is not None and self.characters is not None:
            raise wrong("names a tokenizer and characters", "Keep one of the two", "characters")
        if self.numbered == (self.dtype == "string"):
            fix = "Name a tokenizer or characters" if not self.numbered else 'Write dtype = "int64"'
            raise wrong(f"{self.dtype} cannot hold this text", fix, "dtype")
        if self.tokenizer is not None and self.sha256 is None:
            raise wrong("is missing", "Add the tokenizer's: sha256sum tells it", "sha256")
        if self.package is None and "/" in (self.tokenizer or ""):
            raise wrong("is a path, which is not allowed", "Name a file of the folder", "tokenizer")
        for key, owner in _OWNERS.items():
            if key in self.model_fields_set and all(getattr(self, each) is None for each in owner):
                raise wrong("means nothing here", f"Name {' or '.join(owner)}, or remove it", key)
        return self

    @property
    def numbered(self) -> bool:
        """Whether the graph gets numbers."""
        return self.tokenizer is not None or self.characters is not None

    @property
    def names(self) -> Iterator[str]:
        """Of all tensors that the text fills."""
        yield from (name for name in (self.name, self.mask, self.types) if name is not None)

    def tokenizer_file(self, folder: Path) -> Path:
        """Raises PackagedFileMissing."""
        assert self.tokenizer is not None
        return folder / self.tokenizer if self.package is None else packaged_file(self.package, self.tokenizer)

    def complaint(self, folder: Path) -> tuple[str, str, str] | None:
        """Key, problem and fix of what is wrong with the tokenizer's file."""
        try:
            with self.tokenizer_file(folder).open("rb") as stream:
                actual = digest(stream)
        except PackagedFileMissing as error:
            return "package", error.problem, error.fix
        if actual != self.sha256:
            return "sha256", f"{self.tokenizer} has {actual}", "Write that, if the file is the one you mean"
        return None


_NUMBERED = ("tokenizer", "characters")
_OWNERS = {
    "package": ("tokenizer",),
    "sha256": ("tokenizer",),
    "unknown": ("characters",),
    "alphabet": ("characters",),
    **dict.fromkeys(("pad", "mask", "types", "max_tokens", "long"), _NUMBERED),
}
