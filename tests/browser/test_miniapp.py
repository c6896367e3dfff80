"""The sandbox's page as a client of Mini Apps: launch data, cookies of a foreign frame, the bridge."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiogram.utils.web_app import check_webapp_signature
from playwright.sync_api import Browser, FrameLocator, expect

from sandbox.settings import DEFAULT_TOKEN
from tests.browser.miniapp import call, sandbox, served_app
from tests.browser.page import ANNA, JOHN, Chat

WORLD = f"/sandbox/api/{DEFAULT_TOKEN.partition(':')[0]}"


@pytest.fixture(scope="module")
def app_url() -> Iterator[str]:
    with served_app() as url:
        yield url


@pytest.fixture(scope="module")
def sandbox_url(app_url: str) -> Iterator[str]:
    """A bot with a menu button and a main Mini App, whom both people know."""
    with sandbox() as url:
        menu = {"type": "web_app", "text": "Cabinet", "web_app": {"url": app_url}}
        call(f"{url}/bot{DEFAULT_TOKEN}/setChatMenuButton", {"menu_button": menu})
        call(f"{url}{WORLD}/webapp", {"main_url": app_url}, method="PATCH")
        for person in (ANNA, JOHN):
            call(f"{url}{WORLD}/people/{person}/text", {"text": "/start"})
        yield url


class Phone(Chat):
    def opens_the_menu(self) -> None:
        self.page.get_by_test_id("menu-app").click()
        expect(self.app.locator("#who")).not_to_have_text("…")

    @property
    def app(self) -> FrameLocator:
        return self.page.frame_locator("[data-testid=webapp-frame]")

    def taps(self, name: str) -> None:
        self.app.get_by_role("button", name=name, exact=True).click()

    def client(self, testid: str) -> None:
        self.page.get_by_test_id(testid).click()

    def app_hears(self, event: str) -> None:
        expect(self.app.locator("#events li").last).to_have_text(event)

    def app_is_gone(self) -> None:
        expect(self.page.get_by_test_id("webapp")).to_have_count(0)


@pytest.fixture
def anna(sandbox_url: str, chromium: Browser, pictures: Path) -> Iterator[Phone]:
    phone = Phone(chromium, sandbox_url, ANNA, pictures, locale="ru-RU")
    yield phone
    phone.done()


@pytest.mark.slow
def test_launch_data_are_signed_and_only_a_partitioned_cookie_comes_back(anna: Phone, app_url: str) -> None:
    with anna.page.expect_request(lambda request: request.url.startswith(app_url)) as seen:
        anna.opens_the_menu()
    assert seen.value.frame.parent_frame is not None
    told = parse_qs(urlsplit(seen.value.frame.url).fragment)
    assert check_webapp_signature(DEFAULT_TOKEN, told["tgWebAppData"][0])
    expect(anna.app.locator("#who")).to_have_text("Анна")
    expect(anna.app.locator("#visits")).to_have_text("0 0 0")
    anna.taps("next")
    expect(anna.app.locator("#visits")).to_have_text("0 0 1")
    anna.photographs("miniapp-ru")
    anna.client("webapp-menu")
    anna.client("webapp-reload")
    expect(anna.app.locator("#visits")).to_have_text("0 0 2")


def test_buttons_of_the_client_are_set_up_and_pressed(anna: Phone) -> None:
    anna.opens_the_menu()
    anna.taps("pay")
    expect(anna.page.get_by_test_id("webapp-main")).to_have_text("Pay 300 ₽")
    anna.client("webapp-main")
    anna.app_hears("main_button_pressed {}")
    anna.taps("pick")
    anna.client("webapp-secondary")
    anna.app_hears("secondary_button_pressed {}")
    expect(anna.page.get_by_test_id("webapp-close")).to_be_visible()
    anna.taps("back")
    anna.client("webapp-back")
    anna.app_hears("back_button_pressed {}")
    anna.photographs("miniapp-buttons-ru")
    anna.taps("close")
    anna.app_is_gone()


@pytest.mark.slow
def test_the_theme_and_the_size_arrive_as_they_change(anna: Phone) -> None:
    anna.opens_the_menu()
    light = anna.app.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")
    anna.client("webapp-menu")
    anna.client("webapp-theme")
    expect(anna.app.locator("#events")).to_contain_text('"bg_color":"#152023"')
    assert (light, anna.app.locator("body").evaluate("e => getComputedStyle(e).backgroundColor")) == (
        "rgb(255, 255, 255)",
        "rgb(21, 32, 35)",
    )
    anna.photographs("miniapp-dark-ru")
    half = int(anna.app.locator("#height").inner_text())
    anna.taps("expand")
    expect(anna.app.locator("#height")).not_to_have_text(str(half))
    assert int(anna.app.locator("#height").inner_text()) > half
    anna.taps("area")
    anna.app_hears('content_safe_area_changed {"top":0,"bottom":0,"left":0,"right":0}')


@pytest.mark.slow
def test_popups_phones_and_stored_things_are_answered(anna: Phone) -> None:
    anna.opens_the_menu()
    anna.taps("ask")
    anna.photographs("miniapp-popup-ru")
    anna.page.get_by_role("button", name="Delete").click()
    anna.app_hears('popup_closed {"button_id":"yes"}')
    anna.taps("ask")
    anna.page.keyboard.press("Escape")
    anna.app_hears("popup_closed {}")
    anna.taps("save")
    anna.app_hears('custom_method_invoked {"req_id":"7","result":true}')
    anna.taps("phone")
    anna.page.get_by_role("button", name="Отмена").click()
    anna.app_hears('phone_requested {"status":"cancelled"}')
    anna.taps("write")
    anna.page.get_by_role("button", name="Разрешить").click()
    anna.app_hears('write_access_requested {"status":"allowed"}')
    anna.taps("invoice")
    anna.app_hears('invoice_closed {"slug":"abc","status":"failed"}')


@pytest.mark.slow
def test_links_lead_outside_or_back_into_the_chat(anna: Phone, app_url: str) -> None:
    anna.opens_the_menu()
    with anna.page.context.expect_page() as opened:
        anna.taps("link")
    opened.value.wait_for_load_state()
    assert opened.value.url == f"{app_url}outside"
    opened.value.close()
    anna.taps("tglink")
    anna.app_is_gone()
    expect(anna.page.get_by_test_id("message-text").last).to_have_text("/start hello")


@pytest.mark.slow
def test_an_app_with_changes_is_closed_only_when_it_is_meant(anna: Phone) -> None:
    anna.opens_the_menu()
    anna.taps("keep")
    anna.client("webapp-close")
    anna.page.get_by_role("button", name="Отмена").click()
    expect(anna.page.get_by_test_id("webapp")).to_be_visible()
    anna.client("webapp-close")
    anna.page.get_by_role("button", name="Всё равно закрыть").click()
    anna.app_is_gone()


@pytest.mark.slow
def test_a_page_of_another_origin_is_not_heard(anna: Phone) -> None:
    anna.opens_the_menu()
    anna.taps("elsewhere")
    expect(anna.app.locator("#who")).to_have_text("Анна")
    anna.taps("close")
    anna.taps("pay")
    anna.page.wait_for_timeout(200)  # nothing is what is waited for
    expect(anna.page.get_by_test_id("webapp")).to_be_visible()
    expect(anna.page.get_by_test_id("webapp-main")).to_have_count(0)


@pytest.mark.slow
def test_the_panel_spoils_the_launch_data(anna: Phone, app_url: str) -> None:
    def age() -> float:
        anna.opens_the_menu()
        told = parse_qs(urlsplit(anna.page.frames[-1].url).fragment)["tgWebAppData"][0]
        anna.client("webapp-close")
        return time.time() - int(parse_qs(told)["auth_date"][0])

    anna.client("open-panel")
    anna.client("webapp-old")
    anna.page.get_by_test_id("panel-webapp").scroll_into_view_if_needed()
    anna.photographs("miniapp-panel-ru")
    expect(anna.page.get_by_test_id("webapp-old")).to_have_attribute("aria-pressed", "true")
    expect(anna.page.get_by_test_id("webapp-main-url")).to_have_value(app_url)
    anna.client("close-panel")
    assert age() == pytest.approx(25 * 3600, abs=60)
    anna.client("open-panel")
    anna.client("webapp-old")
    expect(anna.page.get_by_test_id("webapp-old")).to_have_attribute("aria-pressed", "false")
    anna.client("webapp-theme-dark")
    anna.client("close-panel")
    assert age() == pytest.approx(0, abs=60)
    anna.photographs("miniapp-chat-dark-ru")


@pytest.mark.slow
def test_a_link_opens_the_main_app_with_what_it_says(sandbox_url: str, chromium: Browser, pictures: Path) -> None:
    john = Phone(chromium, f"{sandbox_url}", JOHN, pictures)
    john.page.goto(f"{sandbox_url}/?person={JOHN}&startapp=model_wine")
    expect(john.app.locator("#start")).to_have_text("model_wine")
    expect(john.page.get_by_test_id("webapp")).to_have_attribute("data-expanded", "true")
    john.client("webapp-close")
    text = "See https://t.me/kassandra_sandbox_bot?startapp=model_iris&mode=compact"
    call(f"{sandbox_url}/bot{DEFAULT_TOKEN}/sendMessage", {"chat_id": JOHN, "text": text})
    john.page.get_by_role("link", name=re.compile("model_iris")).click()
    expect(john.app.locator("#start")).to_have_text("model_iris")
    expect(john.page.get_by_test_id("webapp")).to_have_attribute("data-expanded", "false")
    john.done()


@pytest.mark.slow
def test_an_app_of_a_reply_keyboard_sends_data(
    sandbox_url: str, app_url: str, chromium: Browser, pictures: Path
) -> None:
    john = Phone(chromium, sandbox_url, JOHN, pictures)
    keyboard = {"keyboard": [[{"text": "Fill in", "web_app": {"url": app_url}}]], "resize_keyboard": True}
    message = {"chat_id": JOHN, "text": "A form", "reply_markup": keyboard}
    call(f"{sandbox_url}/bot{DEFAULT_TOKEN}/sendMessage", message)
    john.page.get_by_test_id("reply-button").click()
    expect(john.app.locator("#who")).to_have_text("nobody")
    john.taps("send")
    john.app_is_gone()
    with_data = call(f"{sandbox_url}{WORLD}/updates/last", None, method="GET")
    assert with_data["message"]["web_app_data"] == {"data": "42", "button_text": "Fill in"}
    john.done()
