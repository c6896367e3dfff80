"""The panel breaks the exchange, until it is mended."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, Chat

pytestmark = pytest.mark.slow


def test_the_exchange_breaks_until_it_is_mended(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    page = anna.page
    with page.expect_response(lambda answer: answer.url.endswith("/exchange")) as seen:
        page.get_by_test_id("open-panel").click()
    url = f"{demo_url}{seen.value.json()['url']}/securities/SBER.json"

    def asked() -> int:
        return page.request.get(url).status

    page.get_by_test_id("exchange-down").click()
    expect(page.get_by_test_id("exchange-down")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("panel-exchange").scroll_into_view_if_needed()
    anna.photographs("exchange-panel-ru")
    assert [asked(), asked()] == [503, 503]
    page.get_by_test_id("exchange-html").click()
    expect(page.get_by_test_id("exchange-down")).to_have_attribute("aria-pressed", "false")
    assert [asked(), asked()] == [200, 200]  # a page
    page.get_by_test_id("exchange-faults-clear").click()
    expect(page.get_by_test_id("exchange-armed")).to_be_hidden()
    assert asked() == 200
    anna.done()
