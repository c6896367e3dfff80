"""What a process gives up before it opens a stranger's model: the network, all files but the model's, most memory.
Only Linux knows how; elsewhere the process is killed from outside and nothing more."""

import ctypes
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

if sys.platform == "linux":
    import resource

_NO_NEW_PRIVILEGES: Final = 38  # prctl(2)
_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000  # unshare(2)
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # syscalls of landlock(7), the same on x86-64 and arm64
_VERSION: Final = 1
_BENEATH_PATH: Final = 1
_WRITE_FILE, _READ_FILE, _READ_FOLDER = 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
_READING: Final = _READ_FILE | _READ_FOLDER
_WRITING: Final = _WRITE_FILE | _REMOVE_FILE | _MAKE_FILE | _TRUNCATE
_FILE_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many kinds of access to files each version knows; later ones know no more."""
_BIND_TCP, _CONNECT_TCP = 1, 2  # since version 4
_OPEN_FILES: Final = 64


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def leave_network() -> bool:
    """Whether the system let this process, which has one thread as yet, into a network of its own without any way out.
    Root needs no user of its own for that."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    flags = _NEW_NETWORK | _NEW_IPC
    return any(library.unshare(each) == 0 for each in (flags, flags | _NEW_USER))


def leave_files(*, readable: Sequence[Path], writable: Path | None = None) -> bool:
    """Whether files can no longer be opened, but for reading these and what is beneath them, and for writing beneath
    `writable`; nor TCP be spoken. What is open stays open."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1 or library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    network = _BIND_TCP | _CONNECT_TCP if version >= 4 else 0
    all_files = (1 << _FILE_RIGHTS[min(version, max(_FILE_RIGHTS))]) - 1
    wanted = _Ruleset(files=all_files, network=network)
    size = ctypes.sizeof(wanted) if version >= 4 else ctypes.sizeof(ctypes.c_uint64)
    ruleset = library.syscall(_CREATE_RULESET, ctypes.byref(wanted), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    rights = dict.fromkeys(readable, _READING) | ({} if writable is None else {writable: _READING | _WRITING})
    try:
        added = all(_added(library, ruleset, path, given & all_files) for path, given in rights.items())
        restricted: int = library.syscall(_RESTRICT_SELF, ruleset, 0)
        return added and restricted == 0
    finally:
        os.close(ruleset)


def _added(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> bool:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        allowed = rights if path.is_dir() else rights & (_READ_FILE | _WRITE_FILE | _TRUNCATE)
        rule = _Beneath(allowed=allowed, parent=beneath)
        done: int = library.syscall(_ADD_RULE, ruleset, _BENEATH_PATH, ctypes.byref(rule), 0)
        return done == 0
    finally:
        os.close(beneath)


def bound_memory(megabytes: int, *, largest_file: int = 0) -> None:
    """Beyond what the program takes by itself. No core is written, and no file grows over so many bytes."""
    if sys.platform != "linux":
        return
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    most = taken + megabytes * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))


def bound_processor(seconds: float) -> None:
    """From now on. The system ends what goes over, whatever it is doing: for the day on which nobody outside looks."""
    if sys.platform != "linux":
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
