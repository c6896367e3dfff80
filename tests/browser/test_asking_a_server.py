"""`kassandra demo` sells a model of the sandbox's inference server, which its panel spoils."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, JOHN, Chat

pytestmark = pytest.mark.slow
OLGA = 100
SETOSA = "5.1 3.5 1.4 0.2"


def test_anna_asks_which_iris_it_is(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/start model_iris")
    anna.sees("Четыре размера цветка")
    anna.photographs("iris-card-ru")
    anna.presses("Начать")
    anna.sees("Длина чашелистика")
    anna.says(SETOSA)
    anna.sees("Баланс: 10,00 → 9,50")
    anna.presses("Предсказать")
    anna.sees("Ирис: Щетинистый", within_ms=30_000)
    anna.photographs("iris-ru")
    anna.done()


def test_the_model_rests_while_the_server_is_away(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    john.page.get_by_test_id("open-panel").click()
    john.page.get_by_test_id("inference-away").click()
    expect(john.page.get_by_test_id("inference-armed")).to_be_visible()
    john.page.get_by_test_id("panel-inference").scroll_into_view_if_needed()
    john.photographs("iris-panel")
    john.page.get_by_test_id("close-panel").click()
    olga = Chat(chromium, demo_url, OLGA, pictures, locale="ru-RU")
    olga.starts()
    olga.sees("сервер недоступен", within_ms=45_000)
    john.says("/start model_iris")
    john.sees("It is resting: its server does not work now.")
    john.photographs("iris-resting")
    john.page.get_by_test_id("open-panel").click()
    john.page.get_by_test_id("inference-away").click()
    john.page.get_by_test_id("close-panel").click()
    olga.sees("снова в продаже", within_ms=75_000)
    olga.photographs("iris-told-ru")
    john.presses("Look again")
    john.presses("Start")
    john.sees("Sepal length")
    john.done()
    olga.done()
