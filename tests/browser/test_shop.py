"""A newcomer's first visit: `kassandra demo`, a browser, and predictions from all three models.

`PICTURES=docs/pictures` keeps the README's screenshots."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import WITHIN_MS, Chat, browser

ANNA, JOHN = 101, 102
ROOT = Path(__file__).parents[2]
WINE = "14.23; 1.71; 2.43; 15.6; 127; 2.8; 3.06; 0.28; 2.29; 5.64; 1.04; 3.92; 1065"


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the real command prints."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--data", str(folder)]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert demo.stdout is not None
        line = demo.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the demo did not open: {line!r}"
        yield found[0]
    finally:
        demo.terminate()
        demo.communicate(timeout=20)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


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
    anna.sees("Баланс: 10.00 → 8.00")
    anna.presses("Предсказать")
    anna.sees("Вероятность падения на 5 % и больше")
    anna.sees_a_picture()
    anna.photographs("risk-ru")

    anna.says("/start model_wine")
    anna.presses("Начать")
    anna.sees("Алкоголь")
    anna.photographs("form-ru")
    anna.says(WINE)
    anna.sees("Баланс: 8.00 → 7.00")
    anna.photographs("summary-ru")
    anna.presses("Предсказать")
    anna.sees("Бароло")
    anna.sees_a_picture()
    anna.photographs("wine-ru")

    anna.says("/start model_digit")
    anna.presses("Начать")
    anna.sees("фото")
    anna.uploads("photo", ROOT / "tests/data/digit-3-portrait.jpg")
    anna.sees("Баланс: 7.00 → 6.50")
    anna.presses("Предсказать")
    anna.sees("Цифра")
    anna.sees_a_picture()
    anna.photographs("digit-ru")

    anna.says("/history")
    anna.sees("История")
    anna.photographs("history-ru")
    anna.says("/balance")
    anna.sees("Баланс: 6.50")
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
    john.sees("Amount at stake")
    john.says("2500.50")
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


def test_anna_pays_on_the_checkout_page(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    before = _balance(anna)
    anna.says("/topup")
    anna.sees("Стартовый: 50.00 кредитов за 450 ₽, действует 90 дней")
    anna.photographs("topup-ru")
    anna.presses("300 ₽ → 30.00")
    anna.sees("Пополнение на 300 ₽")
    anna.photographs("payment-ru")
    checkout = anna.opens("Оплатить 300 ₽")
    expect(checkout.get_by_test_id("checkout-amount")).to_contain_text("300", timeout=WITHIN_MS)
    anna.photographs("checkout-ru", checkout)
    checkout.get_by_test_id("pay").click()
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "paid", timeout=WITHIN_MS)
    anna.sees("✅ Оплачено: 300 ₽, зачислено 30.00 кредитов.")
    anna.photographs("paid-ru")
    checkout.wait_for_url(re.compile(r"/\?bot="), timeout=WITHIN_MS)  # the page takes the payer back by itself
    checkout.close()
    assert _balance(anna) == before + 30
    anna.done()


def test_john_is_declined_and_pays_by_sbp(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    before = _balance(john, "Balance: ")
    john.says("/topup")
    john.sees("Big: 200.00 credits for 1\u00a0600 ₽, valid for 365 days")
    john.photographs("topup-en")
    john.presses("Starter")
    john.sees("It brings 50.00 credits, valid for 90 days.")
    checkout = john.opens("Pay 450 ₽")
    checkout.get_by_test_id("decline-open").click()
    checkout.get_by_test_id("decline").click()
    expect(checkout.get_by_test_id("checkout-reason")).to_be_visible(timeout=WITHIN_MS)
    checkout.close()
    john.sees("There is not enough money on the card or in the wallet.")
    john.photographs("declined-en")
    john.presses("Top up")
    john.presses("100 ₽ → 10.00")
    checkout = john.opens("Pay 100 ₽")
    checkout.get_by_test_id("method-sbp").click()
    john.photographs("checkout-en", checkout)
    checkout.get_by_test_id("pay").click()
    john.sees("✅ Paid: 100 ₽, 10.00 credits added.")
    checkout.close()
    john.photographs("paid-en")
    assert _balance(john, "Balance: ") == before + 10
    john.done()


def _balance(chat: Chat, words: str = "Баланс: ") -> Decimal:
    """What /balance says."""
    chat.says("/balance")
    found = re.search(rf"{words}(\d+\.\d\d)", chat.sees(words).inner_text())
    assert found
    return Decimal(found[1])
