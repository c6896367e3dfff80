"""`kassandra demo` sells a workflow of the sandbox's ComfyUI: with progress, a change of mind, a picture at the end."""

import json
import urllib.request
from pathlib import Path

import pytest
import sklearn.datasets
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DEMO_BOT
from tests.browser.page import ANNA, JOHN, Chat

pytestmark = pytest.mark.slow
PHOTOS = Path(sklearn.datasets.__file__).parent / "images"


def paints_at_once(demo_url: str) -> None:
    """No step takes its fifth of a second any more."""
    request = urllib.request.Request(
        f"{demo_url}/sandbox/api/{DEMO_BOT}/comfyui",
        data=json.dumps({"pace": 0}).encode(),
        headers={"Content-Type": "application/json"},
        method="PATCH",
    )
    urllib.request.urlopen(request, timeout=10).close()


def test_anna_watches_changes_her_mind_and_buys(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    anna.says("/start model_brush")
    anna.sees("Рисует ComfyUI песочницы")
    anna.photographs("brush-card-ru")
    anna.presses("Начать")
    anna.sees("Любая картинка")
    anna.uploads("photo", PHOTOS / "china.jpg")
    anna.presses("Тонкая работа")
    anna.presses("Сумерки")
    anna.sees("Баланс: 10,00 → 8,50")
    anna.presses("Нарисовать")
    anna.sees("Модель работает: ")
    anna.photographs("brush-progress-ru")
    anna.presses("Отменить")
    anna.sees("Эта картинка отменена")
    anna.photographs("brush-canceled-ru")
    paints_at_once(demo_url)
    anna.presses("Ещё раз")
    anna.presses("Нарисовать")
    anna.sees("баланс 8,50", within_ms=60_000)
    anna.sees_a_picture()
    anna.photographs("brush-ru")
    anna.done()


def test_john_waits_behind_somebody(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    john.page.get_by_test_id("open-panel").click()
    state = john.page.get_by_test_id("comfyui-state")
    john.page.get_by_test_id("comfyui-hold").click()
    expect(state).to_have_text("It stands still.")
    state.scroll_into_view_if_needed()
    john.photographs("brush-panel-en")
    john.page.get_by_test_id("close-panel").click()
    for _ in range(2):
        john.says("/start model_brush")
        john.presses("Start")
        john.uploads("photo", PHOTOS / "flower.jpg")
        john.presses("Sketch")
        john.presses("Vivid")
        john.presses("Paint")
    john.sees("ahead of you there: 1")
    john.photographs("brush-ahead-en")
    paints_at_once(demo_url)
    john.page.get_by_test_id("open-panel").click()
    john.page.get_by_test_id("comfyui-hold").click()
    expect(state).to_have_attribute("data-running", "false", timeout=30_000)
    john.page.get_by_test_id("close-panel").click()
    john.sees("balance 7.00")
    john.sees_a_picture()
    john.photographs("brush-en")
    john.done()
