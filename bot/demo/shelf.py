"""What the demo sells: the shop's own models, and those whose servers are in the sandbox. Their address is known only
when the demo starts, so their folders are made then."""

import re
import shutil
from pathlib import Path
from typing import Final

TEMPLATES: Final = Path(__file__).parent / "models"
_SERVER: Final = re.compile(r"http://([a-z]+)\.sandbox\.invalid")
"""Stands in the templates for one of the sandbox's servers."""
_LLM: Final = "http://llm.demo.invalid"
STAND_IN: Final = "oracle"
REAL: Final = "smollm"


def stock(shelf: Path, own: Path, *, sandbox: str, bot: str, llm: str | None = None) -> Path:
    """The folder `shelf`, made anew: links to the models of `own`, and the demo's, of servers that `sandbox` has. The
    real language model at `llm` takes the place of the sandbox's stand-in."""
    if shelf.exists():
        shutil.rmtree(shelf)  # links go, what they lead to stays
    shelf.mkdir(parents=True)
    for folder in own.iterdir() if own.is_dir() else ():
        if (folder / "manifest.toml").is_file():
            _link(shelf / folder.name, folder.resolve())
    left_out = REAL if llm is None else STAND_IN
    for template in TEMPLATES.iterdir():
        if template.name != left_out and not (place := shelf / template.name).exists():
            shutil.copytree(template, place)
            manifest = place / "manifest.toml"
            text = _SERVER.sub(rf"{sandbox}/\1/{bot}", manifest.read_text(encoding="utf-8"))
            manifest.write_text(text.replace(_LLM, llm or _LLM), encoding="utf-8")
    return shelf


def _link(place: Path, folder: Path) -> None:
    try:
        place.symlink_to(folder, target_is_directory=True)
    except OSError:  # Windows wants a right for it
        shutil.copytree(folder, place)
