"""The process that draws charts, seen from the shop: started when one is wanted, started anew when it is gone."""

import atexit
import pickle
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Final

from services.charts.specs import Chart
from services.children import environment_of_child

PROGRAM: Final = "services.charts.painter_process"
IDLE: Final = 300.0
LENGTH: Final = struct.Struct(">?I")  # whether it is a picture, and how many bytes follow


class DrawingFailed(Exception):
    """No chart came, from a second process neither."""


class Painter:
    """One chart at a time. Its methods may be called in any thread; none is used before the first chart."""

    def __init__(self, *, idle: float = IDLE) -> None:
        """`idle`: so many seconds it stays without being asked."""
        self._idle = idle
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    def process_id(self) -> int | None:
        return None if self._process is None else self._process.pid

    def draw(self, chart: Chart) -> bytes:
        """PNG bytes. Raises DrawingFailed."""
        request = pickle.dumps(chart)
        with self._lock:
            for again in (True, False):
                process = self._running()
                try:
                    return _ask(process, request)
                except (OSError, EOFError) as error:  # it has just gone, or died of something
                    self._end()
                    if not again:
                        raise DrawingFailed(f"the process that draws: {error or 'it ended'}") from error
        raise AssertionError("unreachable")

    def start(self) -> None:
        if self._lock.acquire(blocking=False):  # else it runs, and draws
            try:
                self._running()
            finally:
                self._lock.release()

    def close(self) -> None:
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603 - a program of the project
                [sys.executable, "-m", PROGRAM, str(self._idle)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, env=environment_of_child(),
            )  # fmt: skip
            threading.Thread(target=self._process.wait, name="painter", daemon=True).start()  # so that it ends wholly
        return self._process

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        self._process.wait()
        self._process = None


def _ask(process: subprocess.Popen[bytes], request: bytes) -> bytes:
    """Raises OSError or EOFError where the process is gone, DrawingFailed with its words."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(True, len(request)) + request)
    process.stdin.flush()
    head = process.stdout.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    drawn, length = LENGTH.unpack(head)
    answer = process.stdout.read(length)
    if len(answer) < length:
        raise EOFError
    if not drawn:
        raise DrawingFailed(answer.decode())
    return answer
