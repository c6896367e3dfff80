"""aiogram's `types` and `methods` are six hundred classes in as many files, of which a bot uses a third. Here each file
is imported when somebody asks for one of its names."""

import importlib
import inspect
import re
import sys
import typing
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType
from typing import Any, Final

from pydantic import BaseModel

PACKAGES: Final = frozenset({"aiogram.types", "aiogram.methods"})
NAMES_ALL: Final = "aiogram.client.bot"
"""It imports every name, types for its annotations, methods to make them."""
_IMPORT: Final = re.compile(r"^from \.(\w+) import (\([^)]*\)|[^(\n]+)", re.MULTILINE)
_NAME: Final = re.compile(r"\b[A-Z]\w*")


class LateTypes(MetaPathFinder):
    """Finds the two packages, without the files that they import; everything else is found as ever."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target) if fullname in PACKAGES else None
        if spec is None or spec.origin is None:
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Loader(SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        """Its names are known, and nothing is imported."""
        source = self.get_source(module.__name__) or ""
        files = {name: file for file, names in _IMPORT.findall(source) for name in re.findall(r"\w+", names)}

        def get(name: str) -> Any:  # Any: classes, aliases and what else such a package has
            if (file := files.get(name)) is None:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            if file != "base" and _asker() == NAMES_ALL:
                return _later(module, name)
            found = getattr(importlib.import_module(f"{module.__name__}.{file}"), name)
            setattr(module, name, found)
            return found

        module.__dict__.update(__getattr__=get, __all__=tuple(files))


def _asker() -> str:
    """The name of the module whose import statement this is."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals["__name__"] == "importlib._bootstrap":
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def _later(module: ModuleType, name: str) -> Any:  # Any: it stands for a class
    def make(**given: Any) -> Any:
        return getattr(module, name)(**given)

    return make


class AiogramNames:
    """What annotations of aiogram's classes mean, as far as somebody has asked: `known` grows."""

    def __init__(self, known: Mapping[str, Any]) -> None:  # Any: as above
        self.known: dict[str, Any] = dict(known)
        self._types = importlib.import_module("aiogram.types")
        self._seen: set[type] = set()

    def learn(self, kind: Any) -> None:  # Any: a class, or what an annotation can be
        """The names in this class, in the classes that it names, and so on."""
        waiting = [kind]
        while waiting:
            waiting.extend(self._meant_by(waiting.pop()))

    def _meant_by(self, thing: Any) -> Iterator[Any]:  # Any: as above
        if isinstance(thing, typing.ForwardRef):
            thing = thing.__forward_arg__
        if isinstance(thing, str):
            yield from self._called(thing)
        elif isinstance(thing, type) and issubclass(thing, BaseModel):
            if thing not in self._seen:
                self._seen.add(thing)
                for base in thing.__mro__:
                    yield from inspect.get_annotations(base).values()
                yield from thing.__pydantic_generic_metadata__["args"]
        else:
            yield from typing.get_args(thing)

    def _called(self, text: str) -> Iterator[Any]:  # Any: as above
        for name in _NAME.findall(text):
            if name not in self.known and name in self._types.__all__:
                self.known[name] = getattr(self._types, name)
                yield self.known[name]
