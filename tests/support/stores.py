"""Folders of models for shops of tests."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

STORE = Path(__file__).parents[2] / "models_store"  # all five; judging the digit takes a second at every start
QUICK = ("investment-risk", "wine")


@cache
def quick_store() -> Path:
    """Of this process: those of ours that are loaded in a blink."""
    folder = Path(tempfile.mkdtemp(prefix="quick-store-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for slug in QUICK:
        (folder / slug).symlink_to(STORE / slug)
    return folder
