"""The image studio of the demo: a style, a photo, the painting, and what may follow it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.page import ANNA, JOHN, Chat

pytestmark = pytest.mark.slow
PHOTO = Path(__file__).parents[2] / "models_store/painter/example.jpg"


def test_anna_has_a_photo_painted(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/styles")
    anna.sees("Стили")
    anna.presses("Масло")
    anna.sees("Густое масло")
    anna.sees_a_picture()
    anna.photographs("styles-ru")
    anna.presses("Густое масло")
    anna.sees("1,50 кредита")
    anna.presses("Отправить фото")
    anna.sees("1/2")
    anna.uploads("photo", PHOTO)
    anna.sees("Сила")
    anna.presses("100 %")
    anna.sees("Баланс: 10,00 → 8,50")
    anna.presses("Нарисовать")
    anna.sees("баланс 8,50")
    anna.photographs("painting-ru")
    anna.presses("До и после")
    anna.sees("До и после")
    anna.sees_a_picture()
    anna.done()


def test_john_sends_the_photo_first(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    john.uploads("photo", PHOTO)
    john.sees("Your photo waits for a style.")
    john.presses("Prints")
    john.sees_a_picture()
    john.photographs("styles-en")
    john.presses("Woodcut")
    john.presses("Take this style")
    john.sees("Strength")
    john.done()
