"""The cabinet as a Mini App in the demo's chat: the client's theme, its back and main buttons, a payment outside."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, expect

from tests.browser.page import ANNA, WITHIN_MS, Chat

pytestmark = pytest.mark.slow


def cabinet_of(anna: Chat) -> FrameLocator:
    anna.starts()
    anna.page.get_by_test_id("menu-app").click(timeout=WITHIN_MS)
    cabinet = anna.page.frame_locator("[data-testid=webapp-frame]")
    expect(cabinet.locator(".pill")).to_be_visible(timeout=WITHIN_MS)
    return cabinet


def test_credits_are_bought_by_the_clients_buttons(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    cabinet, main, back = (
        cabinet_of(anna),
        anna.page.get_by_test_id("webapp-main"),
        anna.page.get_by_test_id("webapp-back"),
    )
    expect(back).to_have_count(0)
    cabinet.locator(".tabs a[href='/balance']").click()
    cabinet.get_by_role("link", name="Пополнить").click()
    expect(main).to_have_text("К оплате", timeout=WITHIN_MS)
    expect(cabinet.get_by_role("button", name="К оплате")).to_be_hidden()
    anna.photographs("cabinet-top-up-ru")
    main.click()
    expect(main).to_have_text(re.compile("Оплатить 100"), timeout=WITHIN_MS)
    with anna.page.context.expect_page() as opened:
        main.click()
    checkout = opened.value
    checkout.get_by_test_id("pay").click()
    expect(cabinet.locator(".notice.good")).to_contain_text("зачислено 10,00", timeout=WITHIN_MS)
    checkout.close()
    back.click()
    expect(cabinet.locator("h1")).to_have_text("Пополнить", timeout=WITHIN_MS)
    back.click()
    expect(cabinet.locator("h1")).to_have_text("Баланс", timeout=WITHIN_MS)
    expect(anna.page.get_by_test_id("webapp-close")).to_be_visible()
    expect(main).to_have_count(0)
    anna.done()


def test_a_deep_link_has_a_way_back_and_the_theme_is_telegrams(
    demo_url: str, chromium: Browser, pictures: Path
) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    cabinet_of(anna)
    anna.page.goto(f"{demo_url}/?person={ANNA}&startapp=model_wine")
    cabinet = anna.page.frame_locator("[data-testid=webapp-frame]")
    expect(cabinet.locator("h1")).to_contain_text("вин", timeout=WITHIN_MS)
    card = "getComputedStyle(document.documentElement).getPropertyValue('--tg-theme-bg-color')"
    light = cabinet.locator("html").evaluate(f"() => {card}")
    anna.page.get_by_test_id("webapp-menu").click()
    anna.page.get_by_test_id("webapp-theme").click()
    expect(cabinet.locator("html")).to_have_attribute("data-theme", "dark")
    assert cabinet.locator("html").evaluate(f"() => {card}") != light
    anna.photographs("cabinet-dark-ru")
    cabinet.locator("form[enctype] input[type=text]").first.fill("14")
    anna.page.get_by_test_id("webapp-back").click()
    expect(cabinet.locator(".cards").first).to_be_visible(timeout=WITHIN_MS)
    anna.page.get_by_test_id("webapp-close").click()
    expect(anna.page.get_by_test_id("webapp")).to_have_count(0)
    anna.done()
