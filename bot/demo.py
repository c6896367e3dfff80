"""`kassandra demo`: a local Telegram with a page to play in, and the real bot under it, each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from bot.cli import Failure
from sandbox.settings import DEFAULT_TOKEN

WAIT_SECONDS = 20.0
DEMO_OWNER = "100"  # Ольга, see sandbox/README.md


def run_demo(*, host: str, port: int, data: Path) -> int:
    port = port or _free_port(host)
    data.mkdir(parents=True, exist_ok=True)
    url = f"http://{host}:{port}"
    environment = os.environ | {
        "BOT_TOKEN": DEFAULT_TOKEN,
        "TELEGRAM_API_URL": url,
        "TELEGRAM_MODE": "polling",
        "DATABASE_URL": f"sqlite+aiosqlite:///{data}/kassandra.db",
        "OWNER_IDS": DEMO_OWNER,
        "WEB_PORT": "0",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }
    signal.signal(signal.SIGTERM, _stop)
    children: list[subprocess.Popen[bytes]] = []
    try:
        command = [sys.executable, "-m", "sandbox", "--host", host, "--port", str(port)]
        children.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        _wait_for(url, children[0])
        children.append(subprocess.Popen([sys.executable, "-m", "bot", "run"], env=environment))
        print(f"Kassandra is open: {url}   (Ctrl+C closes it)", flush=True)
        return _watch(children)
    except KeyboardInterrupt:
        print("\nClosed.")
        return 0
    finally:
        for child in reversed(children):
            _end(child)


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    while True:
        for child in children:
            if (code := child.poll()) is not None:
                raise Failure(f"{child.args!r} ended with code {code}")
        time.sleep(0.3)


def _wait_for(url: str, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failure(f"the sandbox could not start on {url}; is the port taken? Try --port 0")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - the address of our own page
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise Failure(f"the sandbox does not answer on {url}")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
