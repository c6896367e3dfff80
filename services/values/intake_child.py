"""A process of the shop's own that looks at a stranger's file, held to its bounds from outside."""

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from services.children import environment_of_child
from services.values.errors import TooMuch

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`seconds` of the processor's time, `wall_seconds` by the clock; `bytes` of the answer."""

    seconds: float
    wall_seconds: float
    bytes: int


async def run_child(program: str, fds: Sequence[int], wanted: bytes, bounds: Bounds) -> bytes:
    """`program FD… SECONDS` gets `wanted` and the open files; what it says. Raises TooMuch."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, *map(str, fds), str(bounds.seconds),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        pass_fds=fds, start_new_session=True, env=environment_of_child(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(bounds.wall_seconds):
            answer, errors, _ = await asyncio.gather(
                _heard(process, process.stdout, bounds.bytes),
                _heard(process, process.stderr, bounds.bytes),
                _tell(process, wanted),
            )
            await process.wait()
    except TimeoutError:
        raise gave_up("wall_time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return answer
    if process.returncode == -signal.SIGPROF:
        raise gave_up("processor_time")
    raise gave_up(errors.decode(errors="replace").strip()[-300:] or f"status {process.returncode}")


def gave_up(reason: str) -> TooMuch:
    log.warning("file_given_up", reason=reason)
    return TooMuch()


async def _tell(process: Process, wanted: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError, ConnectionResetError):  # it ended before it had read everything
        process.stdin.write(wanted)
        await process.stdin.drain()
    process.stdin.close()


async def _heard(process: Process, stream: asyncio.StreamReader | None, most: int) -> bytes:
    """All that it says; what says too much is ended."""
    assert stream is not None
    heard = bytearray()
    while more := await stream.read(65536):
        if len(heard) <= most:
            heard += more
        elif process.returncode is None:
            process.kill()
    return bytes(heard)
