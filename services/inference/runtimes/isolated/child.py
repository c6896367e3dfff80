"""The process of one stranger's model, seen from the shop."""

import atexit
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.children import environment_of_child
from services.inference.runtimes.isolated.channel import SharedMemory, TensorChannel
from services.inference.runtimes.isolated.wire import Garbled, Json, Tensors

PROGRAM: Final = "services.inference.runtimes.isolated.process"
OPENING: Final = 90.0  # seconds by the clock that a start may take, the model's opening included


class ProcessEnded(Exception):
    """It died, was killed, or said what makes no sense. `str()` tells how, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """`megabytes`: memory it may take beyond the program's own; `idle`: seconds the process stays without a request."""

    path: Path
    sha256: str
    megabytes: int
    idle: float


class ModelProcess:
    """Started, with its model opened. Methods are called by one thread at a time, but for `kill`."""

    def __init__(self, model: ModelFile) -> None:
        """Raises ProcessEnded."""
        self._memory = SharedMemory.create()
        descriptor = -1 if self._memory is None else self._memory.descriptor
        arguments = (str(model.path), model.sha256, str(model.megabytes), str(model.idle), str(descriptor))
        self._process = subprocess.Popen(  # noqa: S603 - a program of the project
            [sys.executable, "-m", PROGRAM, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, start_new_session=True,
            pass_fds=() if descriptor < 0 else (descriptor,), env=environment_of_child(),
        )  # fmt: skip
        atexit.register(self.kill)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pipes = self._process.stdout.fileno(), self._process.stdin.fileno()
        self._channel = TensorChannel(*pipes, self._memory, grows=True)
        late = threading.Timer(OPENING, self.kill)
        late.daemon = True
        late.start()
        try:
            self.told = self._heard()[0]
        except ProcessEnded:
            self.close()
            raise
        finally:
            late.cancel()

    @property
    def process_id(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def run(self, outputs: Sequence[str], feeds: Tensors, seconds: float) -> tuple[Json, Tensors]:
        """What it says, and the outputs. Raises ProcessEnded."""
        try:
            self._channel.send({"outputs": list(outputs), "seconds": seconds}, feeds)
        except OSError as error:
            raise ProcessEnded(self._how(error)) from None
        return self._heard()

    def kill(self) -> None:
        with suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        atexit.unregister(self.kill)
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        if self._memory is not None:
            self._memory.close()

    def _heard(self) -> tuple[Json, Tensors]:
        try:
            return self._channel.receive()
        except (EOFError, OSError, Garbled) as error:
            self.kill()
            raise ProcessEnded(self._how(error)) from None

    def _how(self, error: Exception) -> str:
        """A word for the log."""
        code = self._process.wait()
        if isinstance(error, Garbled):
            return f"its answer makes no sense: {error}"
        return signal.Signals(-code).name if code < 0 else f"status {code}"
