"""What a visitor of the demo sees of money: the checkout, the weekly bonus, the panel that breaks and moves things."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, JOHN, WITHIN_MS, Chat

SOON_MS = 20_000  # nobody watches a chat for longer


def test_anna_pays_on_the_checkout_page(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    before = _balance(anna)
    anna.says("/topup")
    anna.sees("Стартовый: 50,00 кредитов за 450 ₽, действует 90 дней")
    anna.photographs("topup-ru")
    anna.presses("300 ₽ → 30,00")
    anna.sees("Пополнение на 300 ₽")
    anna.photographs("payment-ru")
    checkout = anna.opens("Оплатить 300 ₽")
    expect(checkout.get_by_test_id("checkout-amount")).to_contain_text("300", timeout=WITHIN_MS)
    anna.photographs("checkout-ru", checkout)
    checkout.get_by_test_id("pay").click()
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "paid", timeout=WITHIN_MS)
    anna.sees("✅ Оплачено: 300 ₽, зачислено 30,00 кредитов.")
    anna.photographs("paid-ru")
    checkout.wait_for_url(re.compile(r"/\?bot="), timeout=WITHIN_MS)  # the page takes the payer back by itself
    checkout.close()
    assert _balance(anna) == before + 30
    anna.done()


@pytest.mark.slow
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


@pytest.mark.slow
def test_anna_pays_and_makes_it_monday(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.starts()
    before = _balance(anna)
    anna.says("/topup")
    anna.presses("100 ₽ → 10,00")
    checkout = anna.opens("Оплатить 100 ₽")
    checkout.get_by_test_id("pay").click()
    anna.sees("✅ Оплачено: 100 ₽, зачислено 10,00 кредитов.")
    checkout.close()
    for _ in range(2):
        anna.moves_the_time("monday", "monday-ru")
        anna.sees("🎁 Бонус недели: 2,00 кредита.", within_ms=SOON_MS)
        expect(anna.page.get_by_test_id("day").last).to_have_text("Сегодня", timeout=WITHIN_MS)
        anna.photographs("bonus-ru")
    assert _balance(anna) >= before + 10 + 2  # the first bonus ends on the second Monday
    anna.photographs("bonus-balance-ru")
    anna.says("/topup")
    anna.presses("300 ₽ → 30,00")
    left = anna.opens("Оплатить 300 ₽")
    left.get_by_test_id("checkout-leave").click()
    left.wait_for_url(re.compile(r"/\?bot="), timeout=WITHIN_MS)
    left.close()
    checkout = anna.opens("Оплатить 300 ₽")
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "pending", timeout=WITHIN_MS)
    anna.moves_the_time("hour")
    anna.sees("Платёж не подтверждён в течение часа.", within_ms=SOON_MS)
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "expired", timeout=WITHIN_MS)
    anna.photographs("expired-ru", checkout)
    checkout.close()
    anna.done()


def test_john_makes_it_monday(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    john.moves_the_time("monday", "monday-en")
    john.sees("🎁 The weekly bonus is here: 2.00 credits.", within_ms=SOON_MS)
    john.photographs("bonus-en")
    john.says("/history")
    john.sees("History · predictions")
    john.presses("Operations")
    john.sees("+2.00 · Weekly bonus")
    john.photographs("bonus-history-en")
    john.done()


@pytest.mark.slow
def test_the_panel_breaks_what_comes_next(demo_url: str, chromium: Browser, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()
    controls = [f"webhook-{name}" for name in ("lose", "repeat", "delay", "reorder")]
    controls += [f"shop-api-{name}" for name in ("500", "500-after", "html", "cut", "hang")]
    john.arms(*controls)
    faults = john.page.request.get(f"{demo_url}/sandbox/api/1000001/shop/faults").json()
    kinds = ["lose", "repeat", "delay", "reorder", "500", "500_after", "html", "cut_after", "hang"]
    assert [fault["kind"] for fault in faults] == kinds
    john.page.get_by_test_id("open-panel").click()
    expect(john.page.get_by_test_id("shop-armed")).to_contain_text("9 faults armed.", timeout=WITHIN_MS)
    john.page.get_by_test_id("shop-faults-clear").click()
    expect(john.page.get_by_test_id("shop-armed")).to_be_empty(timeout=WITHIN_MS)
    john.page.get_by_test_id("close-panel").click()

    john.arms("shop-api-500-after", "webhook-lose")
    john.says("/topup")
    john.presses("100 ₽ → 10.00")
    john.sees("The payment service does not answer right now.")
    john.presses("Ask again")
    john.sees("The link works for an hour.")
    checkout = john.opens("Pay 100 ₽")
    checkout.get_by_test_id("pay").click()
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "paid", timeout=WITHIN_MS)
    checkout.close()
    john.presses("I have paid")
    john.sees("✅ Paid: 100 ₽, 10.00 credits added.")
    john.done()


def _balance(chat: Chat, words: str = "Баланс: ") -> Decimal:
    """What /balance says."""
    chat.says("/balance")
    found = re.search(rf"{words}(\d+[.,]\d\d)", chat.sees(words).inner_text())
    assert found
    return Decimal(found[1].replace(",", "."))
