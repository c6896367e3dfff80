"""A newcomer's first visit: `kassandra demo`, a browser, and predictions from all three models."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.page import ANNA, JOHN, Chat

pytestmark = pytest.mark.slow  # each model is bought in tests/conversations, and test_money.py opens the page

ROOT = Path(__file__).parents[2]
WINE = "14.23; 1.71; 2.43; 15.6; 127; 2.8; 3.06; 0.28; 2.29; 5.64; 1.04; 3.92; 1065"


def test_anna_buys_all_three_in_russian(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.page.get_by_test_id("start").click()
    anna.sees("Здравствуйте, Анна")
    anna.photographs("start-ru")
    anna.presses("Модели")
    anna.sees("Что будем предсказывать?")
    anna.photographs("models-ru")

    anna.presses("Риск вложения")
    anna.presses("Начать")
    anna.sees("Актив")
    anna.presses("S&P 500")
    anna.sees("Сумма вложения")
    anna.says("100 000")
    anna.says("10")
    anna.sees("Баланс: 10,00 → 8,00")
    anna.presses("Предсказать")
    anna.sees("Вероятность падения на 5 % и больше")
    anna.sees_a_picture()
    anna.photographs("risk-ru")

    anna.says("/start model_wine")
    anna.presses("Начать")
    anna.sees("Алкоголь")
    anna.photographs("form-ru")
    anna.says(WINE)
    anna.sees("Баланс: 8,00 → 7,00")
    anna.photographs("summary-ru")
    anna.presses("Предсказать")
    anna.sees("Бароло")
    anna.sees_a_picture()
    anna.photographs("wine-ru")

    anna.says("/start model_digit")
    anna.presses("Начать")
    anna.sees("фото")
    anna.uploads("photo", ROOT / "tests/data/digit-3-portrait.jpg")
    anna.sees("Баланс: 7,00 → 6,50")
    anna.presses("Предсказать")
    anna.sees("Цифра")
    anna.sees_a_picture()
    anna.photographs("digit-ru")

    anna.says("/history")
    anna.sees("История")
    anna.photographs("history-ru")
    anna.says("/balance")
    anna.sees("Баланс: 6,50")
    anna.photographs("balance-ru")
    anna.done()


def test_john_uploads_his_own_prices(demo_url: str, chromium: Browser, pictures: Path, tmp_path: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.page.get_by_test_id("start").click()
    john.sees("John")
    john.photographs("start-en")
    john.says("/start model_investment-risk")
    john.presses("Start")
    john.sees("Asset")
    john.photographs("series-en")
    prices = tmp_path / "prices.csv"
    rows = [f"{day};{100 + day % 17 + day / 10:.2f}".replace(".", ",") for day in range(1, 301)]
    prices.write_text("\ufeffDay;Close\n" + "\n".join(rows), encoding="utf-8")
    john.uploads("document", prices)
    john.presses("Close")  # the days are numbers too
    john.sees("Amount at stake")
    john.says("2500.50")
    john.says("10")
    john.presses("Predict for 2.00 credits")
    john.sees("Probability of a fall of 5 % or more")
    john.sees_a_picture()
    john.photographs("risk-en")

    john.says("/start model_wine")
    john.presses("Start")
    john.sees("Alcohol")
    john.says("strong")
    john.sees("number")
    john.photographs("refusal-en")
    john.says("13,2 %")
    john.sees("2/13")
    john.photographs("form-en")
    john.says("/cancel")

    john.says("/start model_digit")
    john.presses("Start")
    john.uploads("photo", ROOT / "tests/data/digit-5-corner.jpg")
    john.presses("Predict")
    john.sees("Digit")
    john.sees_a_picture()
    john.photographs("digit-en")
    john.done()
