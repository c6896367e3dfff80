"""Pieces of pages on a narrow phone: what stands in them can be read."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import ROOT

pytestmark = pytest.mark.slow

STYLE = ROOT / "web" / "static" / "site.css"
PHONE = {"width": 360, "height": 740}
LONG = "Дневные цены закрытия, не менее двухсот пятидесяти торговых дней подряд"


def shown(opened: Browser, body: str) -> Page:
    page = opened.new_page(viewport=PHONE)  # type: ignore[arg-type]  # a plain dict will do
    page.set_content(f'<html lang="ru"><body><main class="wrap">{body}</main></body></html>')
    page.add_style_tag(path=STYLE)
    return page


@pytest.mark.parametrize("label", [LONG, "ID", "Д" * 60])
def test_facts_leave_room_for_what_they_tell(chromium: Browser, label: str) -> None:
    facts = f"<dt>{label}</dt><dd>SBER · Сбербанк · MOEX: 250 цен, 01.12.2025–27.11.2026</dd>"
    page = shown(chromium, f'<dl class="facts panel">{facts}<dt>Сумма</dt><dd>100 000 ₽</dd></dl>')
    width = page.locator("dd").first.evaluate("e => e.getBoundingClientRect().width")
    assert width >= 140
    page.close()
