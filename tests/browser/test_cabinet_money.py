"""Buying credits and talking with an assistant on the cabinet's pages, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import WITHIN_MS
from tests.browser.site import OpenSite, open_site
from tests.browser.test_cabinet import DESK, PHONE, assert_good, watched

pytestmark = pytest.mark.slow

PAGES = ("/balance", "/top-up", "/payments", "/bonus", "/chats", "/chats/with/oracle", "/profile", "/keys", "/webhooks")
PLANS = ("/plans", "/plans/2", "/plans/2?way=stars", "/plans/3", "/subscription")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSite]:
    with open_site(tmp_path_factory.mktemp("site")) as opened:
        yield opened


def balance(page: Page) -> str:
    page.goto("/balance")
    return page.locator(".balance-sum").inner_text()


@pytest.mark.parametrize("scripts", [True, False])
def test_anna_tops_up_at_the_checkout_and_the_balance_grows(
    site: OpenSite, chromium: Browser, pictures: Path, scripts: bool
) -> None:
    page = site.page(chromium, "anna", viewport=PHONE, java_script_enabled=scripts)
    reports = watched(page)
    before = balance(page)
    page.get_by_role("link", name="Пополнить").first.click()
    page.get_by_label("Другая сумма").check()
    page.get_by_label("Сумма", exact=True).fill("150,50")
    page.screenshot(path=pictures / "top-up-ru.png", full_page=True)
    page.get_by_role("button", name="К оплате").click()
    pay = page.get_by_role("link", name=re.compile("Оплатить 150,50"))
    if scripts:
        assert_good(page, reports)
    page.screenshot(path=pictures / "payment-page-ru.png", full_page=True)
    checkout = chromium.new_page()  # the provider's page is no part of this test's rules
    checkout.goto(str(pay.get_attribute("href")))
    checkout.get_by_test_id("pay").click()
    expect(checkout.get_by_test_id("checkout-state")).to_have_attribute("data-state", "paid", timeout=WITHIN_MS)
    checkout.close()
    expect(page.locator(".notice.good")).to_contain_text("зачислено 15,05", timeout=WITHIN_MS)
    page.screenshot(path=pictures / "paid-page-ru.png", full_page=True)
    assert balance(page) != before
    expect(page.locator(".plus").first).to_have_text("+15,05")
    page.context.close()


def test_the_checkout_leads_back_to_the_payment(site: OpenSite, chromium: Browser) -> None:
    page = site.page(chromium, "john", viewport=DESK)
    page.goto("/top-up?next=/models/wine")
    page.get_by_role("button", name="To the payment").click()
    page.get_by_role("link", name=re.compile("Pay")).click()
    page.get_by_test_id("pay").click()
    page.locator("a[href*='/payments/']").click(timeout=WITHIN_MS)
    expect(page.locator(".notice.good")).to_contain_text("added", timeout=WITHIN_MS)
    page.get_by_role("link", name="Go on").click()
    expect(page).to_have_url(re.compile("/models/wine"))
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False])
def test_an_answer_grows_while_the_next_message_is_written(
    site: OpenSite, chromium: Browser, pictures: Path, scripts: bool
) -> None:
    page = site.page(chromium, "john", viewport=PHONE, java_script_enabled=scripts)
    reports = watched(page)
    page.goto("/chats")
    page.get_by_role("link", name="The sandbox's oracle").click()
    page.get_by_label("Your message").fill("Show me a table, slowly")
    page.get_by_role("button", name="Send").click()
    growing = page.locator("#growing")
    expect(growing).to_be_visible()
    if scripts:
        page.get_by_label("Your message").fill("And then?")
        page.screenshot(path=pictures / "talk-growing-en.png")
    expect(page.get_by_role("button", name="Again")).to_be_visible(timeout=WITHIN_MS)
    expect(page.locator(".markdown table").first).to_be_visible()
    if scripts:
        expect(page.get_by_label("Your message")).to_have_value("And then?")
        assert_good(page, reports)
    page.screenshot(path=pictures / "talk-en.png", full_page=True)
    page.context.close()


def test_an_answer_is_stopped(site: OpenSite, chromium: Browser) -> None:
    page = site.page(chromium, "anna", viewport=DESK)
    page.goto("/chats/with/oracle?text=медленно+расскажи+без+конца")
    page.get_by_label("Ваше сообщение").press("Enter")
    expect(page.locator("#growing p").first).to_contain_text("Это", timeout=WITHIN_MS)
    page.get_by_role("button", name="Стоп").click()
    expect(page.get_by_text("Остановлено.").first).to_be_visible(timeout=WITHIN_MS)
    page.get_by_role("link", name="Изменить").click()
    expect(page.get_by_label("Ваше сообщение")).to_have_value("медленно расскажи без конца")
    page.context.close()


@pytest.mark.parametrize("person", ["anna", "john"], ids=["ru, a phone, light", "en, a desk, dark"])
def test_these_pages_are_for_everybody(site: OpenSite, chromium: Browser, pictures: Path, person: str) -> None:
    view, scheme = (PHONE, "light") if person == "anna" else (DESK, "dark")
    page = site.page(chromium, person, viewport=view, color_scheme=scheme)
    reports = watched(page)
    for place in PAGES + PLANS:
        page.goto(place)
        page.screenshot(path=pictures / f"page{re.sub('[/?=]', '-', place)}-{person}.png", full_page=True)
        assert_good(page, reports)
    page.context.close()


def test_a_dearer_plan_is_charged_from_the_saved_card(site: OpenSite, chromium: Browser, pictures: Path) -> None:
    page = site.page(chromium, "anna", viewport=PHONE)
    reports = watched(page)
    page.goto("/plans/3")
    assert_good(page, reports)
    page.screenshot(path=pictures / "plan-saved-card-ru.png", full_page=True)
    page.get_by_role("button", name=re.compile("Списать с")).click()
    expect(page.locator(".notice.good")).to_contain_text("Оплачено", timeout=WITHIN_MS)
    page.screenshot(path=pictures / "plan-saved-paid-ru.png", full_page=True)
    page.goto("/subscription")
    assert_good(page, reports)
    page.screenshot(path=pictures / "plan-saved-mine-ru.png", full_page=True)
    page.context.close()
