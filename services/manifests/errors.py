"""What can be wrong with a model's folder."""

from collections.abc import Callable
from typing import Any

from services.errors import N_, ShopError


class ManifestError(ShopError):
    """A model's folder that cannot be served; `str(error)` is one line that names file, key and fix."""

    message = N_("The model cannot be loaded: {file}: {key}: {problem}. {fix}")

    def __init__(self, *, file: str, key: str, problem: str, fix: str) -> None:
        super().__init__(file=file, key=key, problem=problem, fix=fix)
        self.file, self.key, self.problem, self.fix = file, key, problem, fix

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return " ".join(f"{where}: {self.problem}. {self.fix}".split())

    def __reduce__(
        self,
    ) -> tuple[Callable[..., Any], tuple[Any, ...]]:  # keyword-only errors do not pickle by themselves
        return _rebuild, (self.file, self.key, self.problem, self.fix)


def _rebuild(file: str, key: str, problem: str, fix: str) -> ManifestError:
    return ManifestError(file=file, key=key, problem=problem, fix=fix)
