"""Paying in Stars on the sandbox's page: an invoice, a link, the panel's side of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from sandbox.settings import DEFAULT_TOKEN
from tests.browser.miniapp import call, sandbox
from tests.browser.page import ANNA, JOHN, Chat

WORLD = f"/sandbox/api/{DEFAULT_TOKEN.partition(':')[0]}"
GOODS = {"description": "Навсегда", "currency": "XTR", "prices": [{"label": "XTR", "amount": 100}]}
MONTH = 30 * 86_400


class Till:
    """A bot with nothing but invoices."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.read = 0

    def bot(self, method: str, **params: object) -> Any:  # Any: each method's own result
        return call(f"{self.url}/bot{DEFAULT_TOKEN}/{method}", params)["result"]

    def invoice(self, title: str, **more: object) -> None:
        self.bot("sendInvoice", chat_id=ANNA, title=title, payload="one", **(GOODS | more))

    def link(self, title: str, **more: object) -> str:
        return str(self.bot("createInvoiceLink", title=title, payload="two", **(GOODS | more)))

    def answers(self, refusal: str | None = None) -> None:
        """The next pre-checkout query."""
        query = None
        while query is None:
            for update in self.bot("getUpdates", offset=self.read, timeout=10):
                self.read = update["update_id"] + 1
                query = update.get("pre_checkout_query", query)
        self.bot(
            "answerPreCheckoutQuery",
            pre_checkout_query_id=query["id"],
            ok=refusal is None,
            **({"error_message": refusal} if refusal else {}),
        )


@pytest.fixture(scope="module")
def till() -> Iterator[Till]:
    with sandbox() as url:
        for person in (ANNA, JOHN):
            call(f"{url}{WORLD}/people/{person}/text", {"text": "/start"})
        yield Till(url)


class Payer(Chat):
    def taps(self, testid: str) -> None:
        self.page.get_by_test_id(testid).click()

    def opens_sheet(self, button: str) -> None:
        self.page.get_by_test_id("inline-button").get_by_text(button, exact=True).last.click()
        expect(self.page.get_by_test_id("pay-balance")).to_be_visible()

    def is_told(self, words: str) -> None:
        expect(self.page.get_by_test_id("stars-news").last).to_have_text(words)


@pytest.fixture
def anna(chromium: Browser, till: Till, pictures: Path) -> Iterator[Payer]:
    payer = Payer(chromium, till.url, ANNA, pictures, locale="ru-RU")
    payer.page.set_viewport_size({"width": 360, "height": 780})
    yield payer
    assert payer.problems == []
    payer.page.context.close()


def test_an_invoice_is_paid_in_the_chat(anna: Payer, till: Till) -> None:
    till.invoice("100 кредитов", start_parameter="pay")
    anna.opens_sheet("Заплатить ★100")
    expect(anna.page.get_by_test_id("pay-payer")).to_have_count(0)
    anna.photographs("stars-sheet-ru")
    anna.taps("pay-confirm")
    till.answers()
    anna.is_told("Оплачено ★ 100 · Kassandra")
    anna.photographs("stars-paid-ru")
    anna.page.get_by_test_id("inline-button").get_by_text("Чек").last.click()
    expect(anna.page.get_by_test_id("alert")).to_contain_text("100 кредитов")
    anna.taps("alert-ok")


def test_a_copy_is_paid_by_whom_it_was_forwarded_to(anna: Payer, till: Till) -> None:
    till.invoice("30 credits")
    anna.page.goto(f"{till.url}/?person={ANNA}")
    anna.opens_sheet("Заплатить ★100")
    anna.page.get_by_test_id("pay-payer").select_option(str(JOHN))
    anna.photographs("stars-forwarded-ru")
    anna.taps("pay-confirm")
    till.answers()
    expect(anna.page.get_by_test_id("toast")).to_have_text("Оплачено: ★ 100")
    anna.page.goto(f"{till.url}/?person={JOHN}")
    anna.is_told("★ 100 paid to Kassandra")
    anna.photographs("stars-paid-en")


def test_a_refusal_is_shown_in_the_bots_words(anna: Payer, till: Till) -> None:
    till.invoice("10 кредитов")
    anna.opens_sheet("Заплатить ★100")
    anna.taps("pay-confirm")
    till.answers("Этот счёт устарел. Начните заново: /topup")
    expect(anna.page.get_by_test_id("alert")).to_contain_text("Этот счёт устарел")
    anna.photographs("stars-refused-ru")
    anna.taps("alert-ok")


def test_who_has_too_few_stars_adds_some(anna: Payer, till: Till) -> None:
    till.invoice("50 кредитов")
    call(f"{till.url}{WORLD}/people/{ANNA}/stars", {"balance": 40}, method="PATCH")
    anna.opens_sheet("Заплатить ★100")
    expect(anna.page.get_by_test_id("pay-sheet")).to_contain_text("нужно ещё ★ 60")
    anna.photographs("stars-too-few-ru")
    anna.taps("pay-add")
    expect(anna.page.get_by_test_id("pay-balance")).to_have_text("Баланс: ★ 1040")
    anna.taps("pay-cancel")
    expect(anna.page.get_by_test_id("pay-sheet")).to_have_count(0)


def test_a_link_begins_a_subscription_that_the_panel_shows(anna: Payer, till: Till) -> None:
    slug = till.link("Тариф «Про»", subscription_period=MONTH).rpartition("$")[2]
    anna.page.goto(f"{till.url}/t.me/${slug}")
    expect(anna.page.get_by_test_id("pay-price")).to_have_text("★ 100 каждые 30 дней")
    expect(anna.page.get_by_test_id("pay-payer")).to_be_visible()
    anna.photographs("stars-subscription-ru")
    anna.taps("pay-confirm")
    till.answers()
    expect(anna.page.get_by_test_id("stars-news").last).to_contain_text("подписка до")
    anna.taps("open-panel")
    panel = anna.page.get_by_test_id("panel-stars")
    panel.get_by_test_id("stars-lose").scroll_into_view_if_needed()
    expect(panel.get_by_test_id("stars-subscription")).to_have_attribute("data-state", "active")
    anna.photographs("stars-panel-ru")
    anna.taps("stars-cancel")
    expect(panel.get_by_test_id("stars-subscription")).to_have_attribute("data-state", "canceled")
    panel.get_by_test_id("stars-refund").first.click()
    anna.is_told("Kassandra: возврат ★ 100")
