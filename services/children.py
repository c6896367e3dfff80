"""Processes of the shop's own: what they need of the environment. The shop's secrets stand there too."""

import os
import signal
from typing import Final

_GIVEN: Final = (
    *("PATH", "HOME", "LANG", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME"),
    *("MPLCONFIGDIR", "XDG_CACHE_HOME"),  # where fonts are remembered
)
_THRIFTY: Final = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""No threads' buffers, and large blocks go back to the system as soon as they are free."""


def environment_of_child() -> dict[str, str]:
    return {name: os.environ[name] for name in _GIVEN if name in os.environ} | _THRIFTY


def end_with_reader() -> None:
    """A child that answers by a pipe ends without a traceback where the shop was killed."""
    if hasattr(signal, "SIGPIPE"):  # not on Windows
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
