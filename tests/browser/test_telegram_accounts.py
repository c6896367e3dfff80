"""Telegram on the shop's pages, in a real browser beside the demo's chat: sign-in by the bot, linking, the Mini App."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page import ANNA, JOHN, WITHIN_MS, Chat
from tests.browser.test_accounts import NARROW, PASSWORD, is_well_made, link_to, presses, shop_url

__all__ = ["shop_url"]
pytestmark = pytest.mark.slow


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    """Of a Russian telephone, in which the chat and the pages are tabs."""
    context = chromium.new_context(viewport=NARROW, locale="ru-RU", reduced_motion="reduce")  # type: ignore[arg-type]  # a plain dict will do
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert problems == []


def shoot(page: Page, pictures: Path, name: str) -> None:
    if os.environ.get("PICTURES"):
        page.screenshot(path=pictures / f"{name}.png", full_page=True)


def answers_in_the_bot(page: Page, pictures: Path, person: int = ANNA) -> None:
    """Follows the link of the page, and chooses the number that stands there."""
    number = page.locator(".big-number").inner_text()
    link = page.locator("a.button", has_text="Открыть бота").get_attribute("href")
    chat = page.context.new_page()
    chat.goto(str(link))
    chat.goto(f"{chat.url}&person={person}")
    choice = chat.get_by_test_id("inline-button").filter(has_text=number).last
    expect(choice).to_be_visible(timeout=WITHIN_MS)
    shoot(chat, pictures, f"question-{person}")
    choice.click()
    expect(chat.locator("article[data-own='false']").last).to_contain_text("✅", timeout=WITHIN_MS)
    chat.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_signing_in_by_the_bot(shop_url: str, chromium: Browser, pictures: Path, scripts: bool) -> None:
    context = chromium.new_context(viewport=NARROW, locale="ru-RU")  # type: ignore[arg-type]  # as above
    plain = chromium.new_context(viewport=NARROW, locale="ru-RU", java_script_enabled=scripts)  # type: ignore[arg-type]  # as above
    page = plain.new_page()
    page.goto(f"{shop_url}/sign-in?next=/history")
    page.get_by_role("button", name="Войти через Telegram").click()
    if scripts:
        is_well_made(page)
    shoot(page, pictures, "sign-in")
    number, link = page.locator(".big-number").inner_text(), page.locator("a.button").first.get_attribute("href")
    chat = context.new_page()
    chat.goto(str(link))
    choice = chat.get_by_test_id("inline-button").filter(has_text=number).last
    choice.click(timeout=WITHIN_MS)
    expect(page).to_have_url(f"{shop_url}/history", timeout=WITHIN_MS)
    for each in (context, plain):
        each.close()


def test_two_accounts_become_one(demo_url: str, shop_url: str, chromium: Browser, window: Page, pictures: Path) -> None:
    john = Chat(chromium, demo_url, JOHN, pictures)
    john.starts()  # who is new to the bot would have one account alone
    john.done()
    page = window
    page.goto(f"{shop_url}/sign-up")
    page.locator("#f-email").fill("two@mail.test")
    presses(page, "/sign-up")
    page.goto(link_to(demo_url, "two@mail.test"))
    page.locator("#f-password").fill(PASSWORD)
    presses(page, "/confirm")
    page.goto(f"{shop_url}/security")
    page.locator("a[href='/link/telegram']").click()
    shoot(page, pictures, "link-telegram")
    answers_in_the_bot(page, pictures, JOHN)
    expect(page.locator("h1")).to_have_text("Объединить два аккаунта", timeout=WITHIN_MS)
    is_well_made(page)
    shoot(page, pictures, "merge")
    page.get_by_role("button", name="Объединить").click()
    expect(page.get_by_role("status").first).to_contain_text("one now")  # John speaks English
    expect(page.locator(".pill")).to_contain_text("20.00")
    shoot(page, pictures, "security-merged")


def test_an_address_for_telegram(demo_url: str, shop_url: str, window: Page, pictures: Path) -> None:
    page = window
    page.goto(f"{shop_url}/sign-in/telegram?next=/link/email")
    answers_in_the_bot(page, pictures)
    expect(page).to_have_url(f"{shop_url}/link/email", timeout=WITHIN_MS)
    is_well_made(page)
    shoot(page, pictures, "link-email")
    page.locator("#f-email").fill("anna@mail.test")
    presses(page, "/link/email")
    page.goto(link_to(demo_url, "anna@mail.test"))
    is_well_made(page)
    shoot(page, pictures, "link-password")
    page.locator("#f-password").fill(PASSWORD)
    presses(page, "/link/email/password")
    expect(page.get_by_role("status").first).to_contain_text("Адрес привязан")


def test_the_menu_opens_the_cabinet_with_a_session(
    demo_url: str, shop_url: str, chromium: Browser, pictures: Path
) -> None:
    """In a frame of another host, as Telegram Web does it."""
    anna = Chat(chromium, demo_url, ANNA, pictures, locale="ru-RU")
    anna.page.get_by_test_id("menu-app").click(timeout=WITHIN_MS)
    cabinet = anna.page.frame_locator("[data-testid=webapp-frame]")
    expect(cabinet.locator(".pill")).to_be_visible(timeout=WITHIN_MS)
    cabinet.locator("a[href='/profile']").click()
    shoot(anna.page, pictures, "mini-app")
    anna.page.get_by_test_id("webapp-close").click()
    anna.page.goto(f"{demo_url}/?person={ANNA}&startapp=history")
    expect(cabinet.locator("h1")).to_contain_text("Истори", timeout=WITHIN_MS)
    anna.done()
