"""How much memory a model takes: about, from its file; measured, where the system tells it (Linux)."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_file import checked, held, tensors

NUMBERS_GROW: Final = 5  # trees are written as lists of numbers; each becomes a part of a node
_STATUS: Final = Path("/proc/self/status")
_CONTAINER: Final = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Bytes. `kept`: since the measuring began; `most`: at its highest point, None where that is not told."""

    kept: int
    most: int | None


class Measuring:
    """Begins when it is made. Only of this process, so nothing else may go on in it."""

    def __init__(self) -> None:
        self._highest_is_told = False
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")  # the highest point begins anew
            self._highest_is_told = True
        self._before = _told("VmRSS")

    def taken(self) -> Taken | None:
        """None where the system does not tell it."""
        if self._before is None or (now := _told("VmRSS")) is None:
            return None
        highest = _told("VmHWM") if self._highest_is_told else None
        return Taken(kept=max(0, now - self._before), most=None if highest is None else highest - self._before)


def about(file: BinaryIO) -> int:
    """Bytes that the model of an open file keeps once it is loaded. While it is read, its weights are there twice.
    Raises ModelBroken."""
    skeleton = checked(file)
    weights: int = skeleton.weights + sum(tensor.ByteSize() for tensor in tensors(skeleton.model))
    size = os.fstat(file.fileno()).st_size
    return weights + NUMBERS_GROW * max(0, size - weights)


def about_model(file: Path) -> int | None:
    """The same of a file by its path; None where it cannot be read or is no such file."""
    try:
        with held(file) as stream:
            return about(stream)
    except (ModelBroken, OSError):
        return None


def of_machine() -> int | None:
    """Bytes of this machine, or of its container where that has fewer."""
    found: list[int] = []
    with suppress(AttributeError, OSError, ValueError):  # not on Windows
        found.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):  # "max": no bound
        found.append(int(_CONTAINER.read_text()))
    return min(found, default=None)


def in_words(size: int) -> str:
    return f"{max(1, round(size / 1_000_000)):,} MB"


def _told(name: str) -> int | None:
    with suppress(OSError, ValueError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None
