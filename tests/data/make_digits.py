"""Makes the photos of digits for the tests: `digit-<which>-<how taken>.jpg`. Run it from the project's root."""

import sys
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parents[1]))

from models_store.digit.pictures import Ink, draw, photograph  # noqa: E402 - the path is set above


def on_sheet(ink: Ink, *, width: int, height: int, left: int, top: int) -> Ink:
    """The digit somewhere on an otherwise empty sheet."""
    sheet = np.zeros((height, width))
    sheet[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return sheet


def main() -> None:
    rng = np.random.default_rng(2026)
    photos = {
        "digit-3-portrait.jpg": on_sheet(draw(3, rng, height=260, pen=0.1), width=600, height=800, left=60, top=160),
        "digit-5-corner.jpg": on_sheet(draw(5, rng, height=150, pen=0.12), width=800, height=600, left=480, top=280),
        "digit-8-thin.jpg": on_sheet(draw(8, rng, height=300, pen=0.05), width=640, height=640, left=50, top=50),
    }
    for name, ink in photos.items():
        (FOLDER / name).write_bytes(photograph(ink, rng))


if __name__ == "__main__":
    main()
