"""The page that shows letters, and the panel that spoils them."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from sandbox.settings import DEFAULT_TOKEN
from tests.browser.miniapp import call, sandbox, served_app
from tests.browser.page import ANNA, Chat

MAIL = f"/sandbox/api/{DEFAULT_TOKEN.partition(':')[0]}/mail"


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with sandbox() as url:
        yield url


def send(sandbox_url: str, subject: str, link: str) -> None:
    """With a script and a foreign picture, neither of which may do anything."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Kassandra <shop@example.com>", "anna@example.com", subject
    message.set_content(f"Здравствуйте!\n\nЧтобы подтвердить адрес, откройте {link} и нажмите кнопку.\n")
    html = f'<html><head></head><body><h1>Подтвердите адрес</h1><p><a href="{link}">Подтвердить</a></p>'
    html += (
        '<img src="http://127.0.0.1:9/pixel"><script>document.body.textContent = "taken over"</script></body></html>'
    )
    message.add_alternative(html, subtype="html")
    address = urlsplit(call(sandbox_url + MAIL, None, method="GET")["url"])
    with smtplib.SMTP(address.hostname or "", address.port or 0, timeout=10) as smtp:
        smtp.login(address.username or "", address.password or "")
        smtp.send_message(message)


def test_letters_are_read_and_their_links_lead_on(sandbox_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, sandbox_url, ANNA, pictures, locale="ru-RU")
    page = anna.page
    with served_app() as link:
        send(sandbox_url, "Первое", link)
        page.get_by_test_id("open-people").click()
        page.get_by_test_id("mailbox").click()
        expect(page.get_by_test_id("letter")).to_have_count(1)
        send(sandbox_url, "Подтвердите адрес", link)
        expect(page.get_by_test_id("letter")).to_contain_text(["Подтвердите адрес", "Первое"])
        anna.photographs("mail-list-ru")
        page.get_by_test_id("letter").first.click()
        shown = page.frame_locator("[data-testid=letter-frame]")
        expect(shown.get_by_role("heading")).to_have_text("Подтвердите адрес")
        anna.photographs("mail-letter-ru")
        with page.context.expect_page() as opened:
            shown.get_by_role("link").click()
        opened.value.wait_for_load_state()
        assert opened.value.url == link
        opened.value.close()
        page.get_by_test_id("letter-text").click()
        with page.context.expect_page() as opened:
            page.get_by_test_id("letter-body").get_by_role("link", name=link).click()
        opened.value.close()
    page.get_by_test_id("letter-headers").click()
    expect(page.get_by_test_id("letter-body")).to_contain_text("Kassandra <shop@example.com>")
    page.emulate_media(color_scheme="dark")
    anna.photographs("mail-headers-dark-ru")
    page.get_by_test_id("mail-back").click()
    expect(page.get_by_test_id("letter")).to_have_count(2)
    anna.done()


@pytest.mark.slow
def test_the_panel_refuses_letters_until_told_otherwise(sandbox_url: str, chromium: Browser, pictures: Path) -> None:
    anna = Chat(chromium, sandbox_url, ANNA, pictures)
    page = anna.page
    page.get_by_test_id("open-panel").click()
    page.get_by_test_id("mail-refuse").click()
    expect(page.get_by_test_id("mail-refuse")).to_have_attribute("aria-pressed", "true")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sandbox_url, "x", "http://localhost/")
    page.get_by_test_id("mail-later").click()
    expect(page.get_by_test_id("mail-refuse")).to_have_attribute("aria-pressed", "false")
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(sandbox_url, "x", "http://localhost/")
    assert refused.value.recipients["anna@example.com"][0] == 451
    page.get_by_test_id("mail-later").click()
    expect(page.get_by_test_id("mail-later")).to_have_attribute("aria-pressed", "false")
    before = page.get_by_test_id("mail-open").inner_text()
    send(sandbox_url, "x", "http://localhost/")
    expect(page.get_by_test_id("mail-open")).not_to_have_text(before)
    anna.done()
