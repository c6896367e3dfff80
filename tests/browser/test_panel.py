"""The panel in a real browser: an owner refunds a payment and gives credits; every page is for everybody."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import OpenSite, open_site
from tests.browser.test_cabinet import DESK, PHONE, assert_good, watched

pytestmark = pytest.mark.slow

USERS = ("/users", "/users/1", "/users/1/credits", "/users/1/write", "/roles", "/audit-log")
GOODS = (
    "/payments",
    "/packages",
    "/packages/new",
    "/models",
    "/models/wine",
    "/uploads",
    "/presets",
    "/presets/thick-oil",
)
PLANS = ("/plans", "/plans/new", "/plans/2", "/plans/subscribers", "/plans/failed", "/strays", "/strays/1")
NEW = ("/new-style", "/new-style?model=wine")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    with open_site(tmp_path_factory.mktemp("panel")) as opened:
        yield opened


@pytest.mark.parametrize("scripts", [True, False])
def test_an_owner_gives_credits(site: OpenSite, chromium: Browser, scripts: bool) -> None:
    page = site.page(chromium, "olga", viewport=PHONE, java_script_enabled=scripts)
    page.goto("/admin/users")
    page.get_by_label("Кого").fill("anna")
    page.get_by_role("button", name="Показать").click()
    page.get_by_role("link", name="anna").click()
    before = page.locator("dl.facts strong").inner_text()
    page.get_by_role("link", name="Начислить кредиты").click()
    page.get_by_label("Сколько кредитов").fill("2,50")
    page.get_by_label("Причина").fill("Спасибо за отзыв")
    page.get_by_role("button", name="Далее").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Начислить кредиты?")
    page.get_by_role("button", name="Начислить 2,50 кредита").click()
    expect(page.get_by_role("status")).to_contain_text("Начислено")
    assert page.locator("dl.facts strong").inner_text() != before
    expect(page.locator(".events")).to_contain_text("Спасибо за отзыв")
    page.context.close()


def test_an_owner_refunds_a_payment(site: OpenSite, chromium: Browser) -> None:
    page = site.page(chromium, "olga", viewport=DESK)
    reports = watched(page)
    page.goto("/admin/payments")
    page.locator("tbody tr", has_text="30,00 кредитов").get_by_role("link").first.click()
    page.get_by_role("link", name="Возврат").click()
    page.get_by_label("Сколько вернуть").fill("100")
    page.get_by_label("Причина").fill("По просьбе")
    page.get_by_role("button", name="Далее").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Вернуть деньги?")
    assert_good(page, reports)
    page.get_by_role("button", name=re.compile("Вернуть")).click()
    expect(page.get_by_role("status")).to_contain_text("Деньги возвращены")
    expect(page.locator("main")).to_contain_text("По просьбе")
    page.goto("/admin/audit-log")
    expect(page.locator("tbody tr").first).to_contain_text("на сайте")
    page.context.close()


@pytest.mark.parametrize(("view", "scheme", "language"), [(PHONE, "dark", "ru"), (DESK, "light", "en")])
def test_pages_are_for_everybody(
    site: OpenSite, chromium: Browser, view: dict[str, int], scheme: str, language: str
) -> None:
    page = site.page(chromium, "olga", viewport=view, color_scheme=scheme)
    reports = watched(page)
    for place in ("", "/health", *USERS, *GOODS, *PLANS, *NEW):
        page.goto(f"/admin{place}")
        speaks(page, language)
        assert_good(page, reports)
        if folder := os.environ.get("PICTURES"):
            name = f"panel-{language}-{scheme}{place.replace('/', '-') or '-overview'}.png"
            page.screenshot(path=Path(folder) / name, full_page=True)
    page.goto("/admin")
    speaks(page, "ru")
    page.context.close()


def speaks(page: Page, language: str) -> None:
    """By the choice at the foot of each page."""
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f'footer button[value="{language}"]').click()
    expect(page.locator("html")).to_have_attribute("lang", language)
