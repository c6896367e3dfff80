"""Answers that come as files: bought in a browser, taken from the page, compared with what the model says by itself."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.conftest import demo
from tests.browser.page import ANNA, JOHN, Chat
from tests.unit.inference.models import FLOAT, graph, node, weight, write_model
from tests.unit.inference.test_boxes import CAT, DOG, KINDS, MANIFEST, detector

pytestmark = pytest.mark.slow  # tests/conversations/test_enclosures.py buys the same

STEPS, HEIGHT, WIDTH = 90, 60, 80
QUESTION = """[[inputs]]
name = "x"
type = "number"
min = 0
max = 1
example = 0.5
label = { en = "Strength", ru = "Сила" }
tensor = { name = "X" }
"""
PATH = """[[outputs]]
name = "path"
type = "series"
label = { en = "Path", ru = "Путь" }
tensor = "Y"
chart = "line"
"""
CUTOUT = """[[outputs]]
name = "cutout"
type = "image"
label = { en = "Cut-out", ru = "Вырезка" }
tensor = "Y"
"""


def _path() -> bytes:
    """A wave of the strength X."""
    wave = weight("wave", [[np.sin(step / 7) for step in range(STEPS)]])
    outputs = [("Y", FLOAT, ["N", STEPS])]
    return graph([node("Mul", ["X", "wave"], ["Y"])], [("X", FLOAT, ["N", 1])], outputs, [wave])


def _cutout() -> bytes:
    """Red, green, blue and alpha run over the picture, each as strong as X."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH] / max(HEIGHT, WIDTH)
    colours = weight("colours", [[down, across, 1 - down, 1 - across]])
    nodes = [node("Reshape", ["X", "point"], ["x"]), node("Mul", ["x", "colours"], ["Y"])]
    outputs = [("Y", FLOAT, [1, 4, HEIGHT, WIDTH])]
    return graph(nodes, [("X", FLOAT, ["N", 1])], outputs, [weight("point", [1, 1, 1, 1], "int64"), colours])


def _says(folder: Path, x: float) -> NDArray[np.float32]:
    """What the model answers without any shop."""
    (answer,) = ort.InferenceSession(folder / "model.onnx").run(None, {"X": np.array([[x]], np.float32)})
    first: NDArray[np.float32] = answer[0]
    return first


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    write_model(folder, _path(), QUESTION + PATH, slug="wave")
    write_model(folder, _cutout(), QUESTION + CUTOUT, slug="cutout", runtime="max_batch = 1")
    write_model(folder, detector(Y=[CAT, DOG]), MANIFEST.format(prepare="", keys=KINDS), slug="animals")
    return folder


@pytest.fixture(scope="module")
def files_url(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with demo(tmp_path_factory.mktemp("demo"), MODELS_DIR=str(store)) as url:
        yield url


def test_a_long_series_is_taken_as_a_table(files_url: str, chromium: Browser, pictures: Path, store: Path) -> None:
    anna = Chat(chromium, files_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/start model_wave")
    anna.presses("Начать")
    anna.sees("Сила")
    anna.says("0,3")
    anna.presses("Предсказать")
    anna.sees("Все числа")
    head, *rows = csv.reader(io.StringIO(anna.downloads("wave.csv").decode("utf-8-sig")))
    assert head == ["шаг", "Путь"]
    assert [int(row[0]) for row in rows] == list(range(1, STEPS + 1))
    assert np.array([row[1] for row in rows], np.float32).tolist() == _says(store / "wave", 0.3).tolist()
    anna.done()


def test_a_transparent_picture_is_taken_as_it_is(
    files_url: str, chromium: Browser, pictures: Path, store: Path
) -> None:
    john = Chat(chromium, files_url, JOHN, pictures)
    john.starts()
    john.says("/start model_cutout")
    john.presses("Start")
    john.sees("Strength")
    john.says("0.8")
    john.presses("Paint")
    john.sees("Cut-out")
    picture = Image.open(io.BytesIO(john.downloads("cutout.png")))
    assert picture.mode == "RGBA"
    painted = _says(store / "cutout", 0.8).transpose(1, 2, 0) * 255  # a point lies within half a step of it
    assert np.abs(np.asarray(picture, np.float32) - painted).max() <= 0.51
    john.done()


def test_what_was_found_is_drawn_over_the_photo(
    files_url: str, chromium: Browser, pictures: Path, tmp_path: Path
) -> None:
    anna = Chat(chromium, files_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/start model_animals")
    anna.presses("Начать")
    anna.sees("Photo")
    photo = tmp_path / "yard.jpg"
    Image.fromarray(np.full((400, 640, 3), (96, 130, 96), np.uint8)).save(photo)
    anna.uploads("photo", photo)
    anna.presses("Предсказать")
    anna.sees("найдено: 2")
    anna.sees_a_picture()
    anna.photographs("boxes")
    anna.done()
