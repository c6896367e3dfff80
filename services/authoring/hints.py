"""What an author says of a file before its manifest is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.manifests.labels import Class, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorHints:
    """What a person says of the file beforehand; None or empty where nothing was said."""

    labels: Sequence[Class] = ()
    features: Sequence[Label] = ()
    range: tuple[float, float] | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    tokenizer: tuple[str, str] | None = None
    """A file beside the model, and its SHA-256."""


NO_HINTS: Final = AuthorHints()
