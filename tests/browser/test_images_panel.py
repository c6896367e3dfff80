"""The panel spoils the images server. The demo sells no model of it, so the test asks for pictures itself."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.page import ANNA, Chat

pytestmark = pytest.mark.slow


def test_the_next_picture_is_refused(demo_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    page = anna.page
    with page.expect_response(lambda answer: answer.url.endswith("/images")) as seen:
        page.get_by_test_id("open-panel").click()
    url = f"{demo_url}{seen.value.json()['url']}/images/generations"

    def asked() -> int:
        return page.request.post(url, data={"prompt": "a red circle"}).status

    page.get_by_test_id("images-refuse").click()
    expect(page.get_by_test_id("images-armed")).to_be_visible()
    page.get_by_test_id("panel-images").scroll_into_view_if_needed()
    anna.photographs("images-panel-ru")
    assert [asked(), asked()] == [400, 200]
    expect(page.get_by_test_id("images-armed")).to_be_hidden()
    page.get_by_test_id("images-away").click()
    expect(page.get_by_test_id("images-away")).to_have_attribute("aria-pressed", "true")
    assert [asked(), asked()] == [503, 503]
    page.get_by_test_id("images-away").click()
    expect(page.get_by_test_id("images-armed")).to_be_hidden()
    assert asked() == 200
    anna.done()
