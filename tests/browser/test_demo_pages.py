"""The demo's shop beside its chat: as a Mini App in the page, and in a tab without Telegram."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, WITHIN_MS, Chat

pytestmark = pytest.mark.slow


def test_the_shop_opens_in_a_frame_and_in_a_tab(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.page.goto(f"{demo_url}/?person={ANNA}&startapp=")
    shop = anna.page.frame_locator("[data-testid=webapp-frame]")
    expect(shop.locator("main")).to_be_visible(timeout=WITHIN_MS)
    expect(anna.page.locator(".webapp-wait")).to_be_hidden()
    anna.photographs("demo-miniapp-ru")
    anna.page.get_by_test_id("webapp-close").click()
    anna.page.get_by_test_id("open-people").click()
    with anna.page.context.expect_page() as opened:
        anna.page.get_by_test_id("web-version").click()
    expect(opened.value.locator("main")).to_be_visible(timeout=WITHIN_MS)
    assert opened.value.url.startswith("http://localhost:")
    anna.photographs("demo-people-ru")
    anna.done()
