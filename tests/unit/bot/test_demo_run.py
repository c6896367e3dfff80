"""How the demo opens and closes: two processes of its own under it, and a port."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from bot.demo.run import run_demo
from bot.errors import Failure

HOST = "127.0.0.1"
SECONDS = 60


@contextmanager
def opened(data: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A demo that is open, and its port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "bot", "demo", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as demo:
        try:
            assert demo.stdout is not None
            assert f"Kassandra is open: http://{HOST}:{port}" in demo.stdout.readline()
            yield demo, port
        finally:
            with suppress(ProcessLookupError):
                os.killpg(demo.pid, signal.SIGKILL)


def twice(demo: subprocess.Popen[str]) -> None:
    demo.terminate()
    demo.terminate()


@pytest.mark.slow
@pytest.mark.parametrize("end", [twice, subprocess.Popen.kill], ids=["told twice", "killed"])
def test_nothing_stays_behind(tmp_path: Path, end: Callable[[subprocess.Popen[str]], None]) -> None:
    with opened(tmp_path) as (demo, port):
        end(demo)
        assert demo.stdout is not None
        demo.stdout.read()  # all three write there: nobody is left at its end
        demo.wait(SECONDS)
        with socket.socket() as next_one:
            next_one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            next_one.bind((HOST, port))


def test_a_port_that_is_taken(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Failure, match=rf"^port {port} of {HOST} is taken; another one: --port 0"):
            run_demo(host=HOST, port=port, data=tmp_path)
    assert "open" not in capfd.readouterr().out


@pytest.mark.skipif(find_spec("xllamacpp") is not None, reason="there is a language model")
def test_without_a_language_model(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"is not installed: make demo-llm, or python -m pip install --no-deps -r"):
        run_demo(host=HOST, port=0, data=tmp_path / "data", llm=True)
    assert not (tmp_path / "data").exists()
