"""A process that looks at one file of a stranger and ends: `python -m services.values.intake_process FD SECONDS`.

`FD` is the open file, `SECONDS` how much of the processor's time it may take. What is wanted comes as JSON by stdin:
`{"field": …, "column": …}`, a SeriesInput for its numbers with the number of the column, if one is chosen;
`{"table": …}`, a TableInput for its lines; `{"longest": …}` for a picture, reduced to so many points a side;
`{"rate": …, "seconds": …}` for a sound. What was found, or the InvalidValue that says why not, goes to stdout as
`intake_answers` packs it. Memory has a bound here too; whatever the file does to this process, the shop's own is not
touched.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from services.children import end_with_reader
from services.values.errors import InvalidValue, TooMuch
from services.values.intake_answers import pack_numbers, pack_picture, pack_refusal, pack_sound, pack_table

MEMORY = 160_000_000  # bytes that may be reserved beyond what the program itself has; far less is used


def main() -> None:
    end_with_reader()
    wanted = json.load(sys.stdin)
    with os.fdopen(int(sys.argv[1]), "rb") as file:
        try:
            answer = _look(file, wanted)
        except InvalidValue as problem:
            answer = pack_refusal(problem)
        except MemoryError:
            answer = pack_refusal(TooMuch())
    sys.stdout.buffer.write(answer)


def _look(file: BinaryIO, wanted: dict[str, Any]) -> bytes:  # Any: JSON
    if "longest" in wanted:
        from services.values.images import check_image

        _set_bounds()
        return pack_picture(check_image(file, wanted["longest"]))
    if "rate" in wanted:
        from services.values.sounds import take_sound

        importlib.import_module("av")
        _set_bounds()
        return pack_sound(take_sound(file, rate=wanted["rate"], most=wanted["seconds"]))
    if "table" in wanted:
        from services.manifests.inputs import TableInput
        from services.values.series import MAX_BYTES
        from services.values.table_values import take_table

        table = TableInput.model_validate(wanted["table"])
        importlib.import_module("python_calamine")  # it is not the file's memory
        _set_bounds()
        return pack_table(take_table(table, file.read(MAX_BYTES + 1)))
    # A picture does without these: they take a quarter of a second and 25 MB.
    from services.manifests.inputs import SeriesInput
    from services.values.series import MAX_BYTES, take_series

    field = SeriesInput.model_validate(wanted["field"])
    _set_bounds()
    return pack_numbers(take_series(field, file.read(MAX_BYTES + 1), column=wanted["column"]))


def _set_bounds() -> None:
    set_bounds(float(sys.argv[2]), MEMORY)


def set_bounds(seconds: float, memory: int) -> None:
    """Of the processor's time, and bytes beyond what the program itself has. What goes over the time is ended by its
    signal. Other programs come first, so that chats stay quick."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    os.nice(10)
    if sys.platform == "linux":  # elsewhere the kernel does not count so
        import resource

        data = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (data + memory, data + memory))


if __name__ == "__main__":
    main()
