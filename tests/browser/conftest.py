"""The real demo, a real browser, and where its pictures go: `PICTURES=docs/pictures` keeps the README's."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.page import browser

ROOT = Path(__file__).parents[2]
DEMO_BOT = 1000001
STARTS_SECONDS = 180.0
HERE = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the real command prints."""
    with demo(tmp_path_factory.mktemp("demo")) as url:
        yield url


@contextmanager
def demo(folder: Path, **settings: str) -> Iterator[str]:
    """Open until the block is left; its data in `folder`, with `settings` of the environment."""
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--data", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | settings)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the demo did not open: {line!r}"
        _until_it_hears(found[0])
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _until_it_hears(url: str) -> None:
    """The page is open at once; the shop behind it first loads and judges its models. On a busy machine that is longer
    than anybody waits for the first answer."""
    end = time.monotonic() + STARTS_SECONDS
    while time.monotonic() < end:
        with HERE.open(f"{url}/sandbox/api/{DEMO_BOT}/log?method=getUpdates", timeout=10) as answer:
            if json.load(answer):
                return
        time.sleep(0.1)
    raise AssertionError(f"the demo's shop did not ask for updates in {STARTS_SECONDS} s")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Closed behind the last of these tests: its loop and one of asyncio cannot run in one thread."""
    with browser() as opened:
        yield opened


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
