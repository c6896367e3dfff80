"""A button to a page of the shop's, where Telegram takes its address."""

import pytest

from handlers.kit.buttons import site_row


@pytest.mark.parametrize("site", ["https://shop.example", "http://127.0.0.1:8080"])
def test_a_page_has_a_button(site: str) -> None:
    ((button,),) = site_row(site, "/track", "All of it")
    assert (button.text, button.url) == ("All of it", f"{site}/track")


@pytest.mark.parametrize("site", [None, "http://localhost:8080", "http://shop"])
def test_what_telegram_would_refuse_has_none(site: str | None) -> None:
    assert site_row(site, "/track", "All of it") == ()
