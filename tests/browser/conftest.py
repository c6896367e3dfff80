"""The real demo, a real browser, and where its pictures go: `PICTURES=docs/pictures` keeps the README's."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.page import browser

ROOT = Path(__file__).parents[2]


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
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
