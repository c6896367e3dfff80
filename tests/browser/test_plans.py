"""A plan in the chat of a small phone: compared, subscribed to by a card and by Stars, renewed, ended in one tap."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, JOHN, WITHIN_MS, Chat

pytestmark = pytest.mark.slow

SMALL = {"width": 360, "height": 740}


@contextmanager
def chatting(opened: Browser, url: str, person: int, pictures: Path, **more: str) -> Iterator[Chat]:
    chat = Chat(opened, url, person, pictures, **more)
    chat.page.set_viewport_size(SMALL)  # type: ignore[arg-type]  # a plain dict will do
    chat.starts()
    yield chat
    chat.done()


def test_anna_subscribes_by_a_card_and_cancels_when_she_is_warned(
    demo_url: str, chromium: Browser, pictures: Path
) -> None:
    with chatting(chromium, demo_url, ANNA, pictures, locale="ru-RU") as anna:
        anna.says("/plans")
        anna.sees("Лёгкий · 290 ₽ в месяц или ⭐ 220")
        anna.photographs("plans-ru")
        anna.presses("Лёгкий")
        anna.sees("🎁 Можно попробовать")
        anna.photographs("plan-ru")
        anna.presses("ЮKassa · 290 ₽")
        anna.sees("Списывать 290 ₽ каждый месяц, пока я не отменю.")
        anna.photographs("plan-terms-ru")
        anna.presses("🔁 Подписаться")
        checkout = anna.opens("Оплатить 290 ₽")
        anna.photographs("plan-payment-ru")
        checkout.get_by_test_id("pay").click()
        anna.sees("✅ Оплачено: 290 ₽. Тариф «Лёгкий»")
        checkout.close()
        anna.photographs("plan-paid-ru")
        anna.presses("🎟 Мой тариф")
        anna.sees("30,00 из 30,00 кредитов")
        anna.photographs("plan-mine-ru")
        anna.presses("💳 Способы оплаты")
        anna.sees("Ваше согласие")
        anna.photographs("plan-cards-ru")
        anna.presses("‹ Назад")
        anna.presses("🧾 Периоды")
        anna.photographs("plan-periods-ru")
        anna.moves_the_time("month")
        anna.sees("🔁 290 ₽ спишется за следующий период тарифа «Лёгкий»")
        anna.photographs("plan-warned-ru")
        anna.moves_the_time("day")
        anna.sees("✅ 290 ₽ оплачено: тариф «Лёгкий» продлён до")
        anna.photographs("plan-renewed-ru")
        anna.says("/subscription")
        anna.sees("Следующее списание: 290 ₽")
        anna.presses("✖️ Отменить подписку")
        anna.sees("✅ Подписка отменена.")
        anna.photographs("plan-cancelled-ru")
        anna.presses("🎟 Тарифы")
        anna.presses("Плюс")
        anna.sees("Из его цены вернётся")
        anna.sees("сразу спишет")
        anna.photographs("plan-upgrade-ru")
        anna.presses("💳 Списать с")
        anna.sees("Тариф «Плюс»")
        anna.photographs("plan-upgraded-ru")
        anna.says("/help")


def test_john_subscribes_by_stars(demo_url: str, chromium: Browser, pictures: Path) -> None:
    with chatting(chromium, demo_url, JOHN, pictures) as john:
        john.says("/plans")
        john.sees("Light · 290 ₽ a month or ⭐ 220")
        john.photographs("plans-en")
        john.presses("Light")
        john.sees("🎁 It can be tried for 3 days")
        john.photographs("plan-en")
        john.presses("⭐ Stars · ⭐ 220")
        john.sees("Price: ⭐ 220 every 30 days")
        john.photographs("plan-stars-en")
        john.presses("🔁 Subscribe")
        john._button("Pay ⭐ 220").click()
        expect(john.page.get_by_test_id("pay-sheet")).to_be_visible(timeout=WITHIN_MS)
        john.photographs("plan-stars-sheet-en")
        john.page.get_by_test_id("pay-confirm").click()
        john.sees("✅ Paid: ⭐ 220. Plan Light")
        john.photographs("plan-stars-paid-en")
        john.presses("🎟 My plan")
        john.sees("30.00 of 30.00 credits")
        john.photographs("plan-mine-en")
        john.presses("💳 Saved ways to pay")
        john.photographs("plan-cards-en")
        john.presses("✖️ Remove")
        john.sees("It cannot be told to go on")
        john.photographs("plan-remove-en")
        john.presses("✖️ Remove it for good")
        john.sees("✅ Removed.")
        john.photographs("plan-removed-en")
