"""Values that manifests name with `env:NAME`: the environment's, else those that were read from the shop's `.env`."""

import os
from collections.abc import Mapping

_of_file: dict[str, str] = {}


def offer(values: Mapping[str, str]) -> None:
    """From now on these are known, too."""
    _of_file.update(values)


def value_of(name: str) -> str:
    """Without spaces and line ends around. Raises KeyError with the name."""
    if value := (os.environ.get(name) or _of_file.get(name, "")).strip():
        return value
    raise KeyError(name)
