"""Somebody without Telegram on a telephone: an account by e-mail, with the demo's own letters."""

import json
import re
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DEMO_BOT, HERE
from tests.browser.page import WITHIN_MS

pytestmark = pytest.mark.slow

NARROW = {"width": 360, "height": 780}
PASSWORD = "fourteen green boats"


@pytest.fixture
def shop_url(demo_url: str) -> str:
    """Of the pages, as the sandbox knows it."""
    with HERE.open(f"{demo_url}/sandbox/api/{DEMO_BOT}/webapp", timeout=10) as answer:
        parts = urlsplit(json.load(answer)["main_url"])
    return f"{parts.scheme}://{parts.netloc}"


@pytest.fixture(params=[("ru-RU", "light"), ("en-GB", "dark")], ids=["ru-light", "en-dark"])
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    locale, scheme = request.param
    context = chromium.new_context(viewport=NARROW, locale=locale, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # a plain dict will do
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda line: problems.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert problems == []


def link_to(demo_url: str, address: str) -> str:
    """Of the newest letter there."""
    end = time.monotonic() + WITHIN_MS / 1000
    while time.monotonic() < end:
        with HERE.open(f"{demo_url}/sandbox/api/{DEMO_BOT}/mail/letters?to={address}", timeout=10) as answer:
            if letters := json.load(answer):
                found = re.search(r"http://[^\s\"'<>\\]+token=[\w-]+", json.dumps(letters[0]))
                assert found, letters[0]
                return found[0]
        time.sleep(0.2)
    raise AssertionError(f"no letter came to {address}")


def is_well_made(page: Page) -> None:
    """Nothing hinders whoever does not see it, and nothing sticks out at the side."""
    found = Axe().run(page).response["violations"]
    assert [each["id"] for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def presses(page: Page, form: str) -> None:
    page.locator(f"form[action='{form}'] button").last.click()


def test_from_sign_up_to_sign_in_again(demo_url: str, shop_url: str, page: Page) -> None:
    russian = page.evaluate("navigator.language").startswith("ru")
    address = f"vera-{'ru' if russian else 'en'}@mail.test"
    page.goto(f"{shop_url}/history")  # leads to the door, and back
    is_well_made(page)
    page.locator("a[href='/sign-up']").click()
    is_well_made(page)
    page.locator("#f-email").fill(address)
    presses(page, "/sign-up")
    expect(page.locator("h1")).to_have_text("Письмо отправлено" if russian else "The letter is on its way")
    is_well_made(page)
    link = link_to(demo_url, address)
    page.goto(link)
    page.locator("#f-name").fill("Вера")
    page.locator("#f-password").fill("password1")
    presses(page, "/confirm")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#f-name")).to_have_value("Вера")
    is_well_made(page)
    page.locator("#f-password").fill(PASSWORD)
    presses(page, "/confirm")
    expect(page.locator(".pill")).to_contain_text("10,00" if russian else "10.00")
    page.goto(link)
    expect(page.get_by_role("alert")).to_be_visible()  # the link was used: nothing is made twice
    page.goto(f"{shop_url}/security")
    is_well_made(page)
    presses(page, "/sign-out")
    page.goto(f"{shop_url}/history")
    page.locator("#f-email").fill(address)
    page.locator("#f-password").fill(PASSWORD)
    presses(page, "/sign-in")
    expect(page).to_have_url(f"{shop_url}/history")


def test_without_scripts(demo_url: str, shop_url: str, chromium: Browser) -> None:
    context = chromium.new_context(viewport=NARROW, locale="ru-RU", java_script_enabled=False)  # type: ignore[arg-type]  # as above
    page = context.new_page()
    page.goto(f"{shop_url}/sign-up")
    page.locator("#f-email").fill("plain@mail.test")
    presses(page, "/sign-up")
    page.goto(link_to(demo_url, "plain@mail.test"))
    page.locator("#f-password").fill(PASSWORD)
    presses(page, "/confirm")
    expect(page.locator(".pill")).to_contain_text("10,00")
    page.goto(f"{shop_url}/security")
    page.locator("summary").first.click()
    page.locator("#f-current").fill(PASSWORD)
    page.locator("form[action='/security/password'] #f-password").fill("fifteen green boats")
    presses(page, "/security/password")
    expect(page.get_by_role("status")).to_contain_text("Пароль изменён.")
    context.close()
