"""A process that looks at one file of a stranger and ends: `python -m services.inference.intake_process FD SECONDS`.

`FD` is the open file, `SECONDS` how much of the processor's time it may take. What is wanted comes pickled by stdin: a
SeriesInput for its numbers with the number of the column, if one is chosen; None for a picture. What was found, or
the InvalidValue that says why not, goes pickled to stdout. Memory has a bound here too; whatever the file does to this
process, the shop's own is not touched.
"""

import os
import pickle
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from services.inference.errors import InvalidValue, TooMuch

if TYPE_CHECKING:  # read only where a table is wanted: it takes a quarter of a second and 25 MB
    from services.inference.fields import SeriesInput
    from services.inference.series import Taken

MEMORY = 160_000_000  # bytes that may be reserved beyond what the program itself has; far less is used


def main() -> None:
    wanted: tuple[SeriesInput, int | None] | None = pickle.load(sys.stdin.buffer)  # noqa: S301 - the shop wrote it
    answer: object
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        try:
            answer = _look(file, wanted)
        except InvalidValue as problem:
            answer = problem
        except MemoryError:
            answer = TooMuch()
    pickle.dump(answer, sys.stdout.buffer)


def _look(file: BinaryIO, wanted: "tuple[SeriesInput, int | None] | None") -> "bytes | Taken":
    if wanted is None:
        from services.inference.images import check_image

        _set_bounds()
        return check_image(file)
    from services.inference.series import MAX_BYTES, take_series

    _set_bounds()
    field, column = wanted
    return take_series(field, file.read(MAX_BYTES + 1), column=column)


def _set_bounds() -> None:
    """What goes over the time is ended by its signal. Other programs come first, so that chats stay quick."""
    signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))
    os.nice(10)
    if sys.platform == "linux":  # elsewhere the kernel does not count so
        import resource

        data = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (data + MEMORY, data + MEMORY))


if __name__ == "__main__":
    main()
