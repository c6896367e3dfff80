"""A server's folders `input`, `output` and `temp`, in memory."""

import hashlib
import posixpath
import re
from dataclasses import dataclass, field
from typing import Final

from sandbox.comfyui.wire import JsonObject

KEPT: Final = 500
"""Files of a folder; the oldest go first, so that a long game takes no more and more memory."""
_NUMBERED: Final = re.compile(r"(?s)(.*)_(\d{5,})_\.png")


class Outside(Exception):
    """A path that leads out of its folder."""


@dataclass(slots=True)
class Folder:
    kind: str
    files: dict[str, bytes] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def put(self, path: str, content: bytes) -> None:
        self.files.pop(path, None)
        self.files[path] = content
        while len(self.files) > KEPT:
            del self.files[next(iter(self.files))]

    def upload(self, name: str, subfolder: str, content: bytes, *, overwrite: bool) -> JsonObject:
        """What other bytes have taken as their name gets a number. Raises Outside."""
        folder = inside(subfolder)
        path = within(folder, name)
        stem, dot, extension = name.rpartition(".")
        number = 1
        while not overwrite and self.files.get(path, content) != content:
            numbered = f"{stem} ({number}){dot}{extension}" if dot else f"{name} ({number})"
            path, number = within(folder, numbered), number + 1
        self.put(path, content)
        return self.named(path)

    def save(self, prefix: str, content: bytes) -> JsonObject:
        """The next number after this prefix; numbers go on when files are gone. Raises Outside."""
        path = inside(prefix)
        counted = [int(found[2]) for each in self.files if (found := _NUMBERED.fullmatch(each)) and found[1] == path]
        number = max([*counted, self._numbers.get(path, 0)], default=0) + 1
        self._numbers[path] = number
        self.put(full := f"{path}_{number:05}_.png", content)
        return self.named(full)

    def named(self, path: str) -> JsonObject:
        subfolder, name = posixpath.split(path)
        return {"filename": name, "subfolder": subfolder, "type": self.kind}

    def names(self) -> list[str]:
        return sorted(self.files)

    def digest(self, path: str) -> str:
        return hashlib.sha256(self.files.get(path, b"")).hexdigest()


class Folders:
    def __init__(self) -> None:
        self.input = Folder("input")
        self.output = Folder("output")
        self.temp = Folder("temp")

    def of(self, kind: str) -> Folder | None:
        return {"input": self.input, "output": self.output, "temp": self.temp}.get(kind)


def inside(path: str) -> str:
    """The same, tidied up. Raises Outside."""
    tidy = posixpath.normpath(path) if path else ""
    if tidy.startswith(("/", "..")):
        raise Outside(path)
    return "" if tidy == "." else tidy


def within(folder: str, name: str) -> str:
    """Raises Outside."""
    path = inside(posixpath.join(folder, name))
    if posixpath.dirname(path) != folder and "/" not in name:
        raise Outside(name)
    return path
