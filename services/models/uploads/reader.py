"""The process that reads one file of a stranger: it is told what people said of the file, and says in JSON what it
found. Whatever it says is a stranger's word."""

import asyncio
import json
import re
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog

from services.children import environment_of_child
from services.errors import ShopError
from services.manifests.characters import cleaned

log = structlog.get_logger()

PROGRAM: Final = "services.authoring.upload_process"
MAX_ANSWER: Final = 4_000_000  # bytes
MAX_FILES: Final = 64
LONGEST: Final = 300  # characters of a problem, a fix or a line
_LABELS: Final = re.compile(r"labels(-\d{1,2})?\.(txt|json)")


class UploadRefused(ShopError):
    """`problem` and `fix` are for whoever sent it."""

    def __init__(self, problem: str, fix: str) -> None:
        self.problem, self.fix = cleaned(problem), cleaned(fix)
        super().__init__(problem=self.problem, fix=self.fix)


async def read_apart(
    scratch: Path, told: Mapping[str, str], *, program: str, seconds: float, megabytes: int
) -> dict[str, Any]:  # Any: JSON
    """`scratch`: a folder with the file, as `program` has it. Raises UploadRefused."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, str(scratch), str(seconds), str(megabytes),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True, env=environment_of_child(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(seconds):
            heard = await _heard(process, json.dumps(told).encode())
            await process.wait()
    except TimeoutError:
        problem = f"reading it and trying it takes over {seconds:g} seconds"
        raise UploadRefused(problem, "Take a smaller model") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        log.warning("upload_process_ended", status=process.returncode)
        problem = "the process that read it crashed, or took more memory than it may"
        raise UploadRefused(problem, "Take a smaller model, or export it again")
    return _understood(heard)


async def _heard(process: Process, told: bytes) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(told)
        await process.stdin.drain()
    process.stdin.close()
    heard = bytearray()
    while more := await process.stdout.read(65536):
        heard += more
        if len(heard) > MAX_ANSWER:
            process.kill()
            break
    return bytes(heard)


def _understood(heard: bytes) -> dict[str, Any]:  # Any: JSON
    """Raises UploadRefused."""
    try:
        answer = json.loads(heard)
    except (ValueError, RecursionError):
        answer = None
    match answer:
        case {"problem": str(problem), "fix": str(fix)}:
            raise UploadRefused(problem[:LONGEST], fix[:LONGEST])
        case {"manifest": str(), "files": dict(files), "notes": list(), "changes": list()} if _are_labels(files):
            assert isinstance(answer, dict)
            return answer
    log.warning("upload_answer_not_understood", size=len(heard))
    raise UploadRefused("what was found in it makes no sense", "Export the model again")


def _are_labels(files: Mapping[str, Any]) -> bool:  # Any: JSON
    return len(files) <= MAX_FILES and all(
        _LABELS.fullmatch(name) and isinstance(text, str) for name, text in files.items()
    )
