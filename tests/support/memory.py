"""What a process holds, its children included. Linux tells it."""

from contextlib import suppress
from pathlib import Path


def resident(pid: int) -> int:
    """Megabytes; of a process that has just ended, none."""
    with suppress(OSError):
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        kilobytes = int(status.get("VmRSS", "0 kB").split()[0])
        return kilobytes // 1024 + sum(resident(child) for child in _children(pid) if _program(child) != _program(pid))
    return 0


def highest() -> int:
    """Megabytes that this process held at the most."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) // 1024


def _program(pid: int) -> bytes:
    """Its command. A child that has not become another program yet shows its parent's: the memory is the parent's."""
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _children(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]
