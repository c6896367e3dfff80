"""The digit model on photos, through the served preparation."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from models_store.digit.pictures import draw, photograph
from services.values.images import check_image
from tests.unit.models.runs import Model

PHOTOS = sorted((Path(__file__).resolve().parents[2] / "data").glob("digit-*.jpg"))


@pytest.fixture(scope="module")
def digit() -> Model:
    return Model("digit")


def read(digit: Model, picture: bytes) -> tuple[str, float]:
    answer = digit.result({"photo": {"file": "0" * 32}}, {"photo": picture}).outputs["digit"]
    assert isinstance(answer, dict)
    value, probabilities = answer["value"], answer["probabilities"]
    assert isinstance(value, str)
    assert isinstance(probabilities, dict)
    probability = probabilities[value]
    assert isinstance(probability, float)
    return value, probability


def test_there_are_photos() -> None:
    assert len(PHOTOS) >= 3


@pytest.mark.parametrize("photo", PHOTOS, ids=lambda path: path.stem)
def test_reads_a_photo(digit: Model, photo: Path) -> None:
    value, probability = read(digit, photo.read_bytes())
    assert value == photo.stem.split("-")[1]
    assert probability > 0.9


def test_reads_chalk_on_a_blackboard(digit: Model) -> None:
    stream = io.BytesIO()
    ImageOps.invert(Image.open(PHOTOS[0])).save(stream, "JPEG")
    assert read(digit, stream.getvalue())[0] == PHOTOS[0].stem.split("-")[1]


def test_reads_a_photo_as_the_shop_keeps_it(digit: Model) -> None:
    picture = Image.open(PHOTOS[0])
    small = io.BytesIO()
    picture.resize((picture.width // 3, picture.height // 3)).save(small, "JPEG")
    assert read(digit, check_image(small))[0] == PHOTOS[0].stem.split("-")[1]


def test_reads_its_own_example(digit: Model) -> None:
    value, probability = read(digit, (digit.folder / "example.png").read_bytes())
    assert value == "3"
    assert probability > 0.9


def test_reads_most_drawn_digits(digit: Model) -> None:
    rng = np.random.default_rng(42)
    guesses = [read(digit, photograph(draw(d, rng, height=50, pen=0.1), rng))[0] == str(d) for d in range(10)]
    assert sum(guesses) >= 9


def test_asks_for_another_photo_when_not_sure(digit: Model) -> None:
    """A 4 and a 3 written over each other."""
    rng = np.random.default_rng(2)
    ink = np.maximum(draw(4, rng, height=40, pen=0.08), draw(3, rng, height=40, pen=0.08))
    photo = photograph(ink, rng)
    assert read(digit, photo)[1] < 0.6
    advice = digit.advice(digit.result({"photo": {"file": "0" * 32}}, {"photo": photo}))
    assert advice is not None
    assert "Take the photo again" in advice
