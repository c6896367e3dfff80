"""Screens in both languages: what they say, and Telegram's limits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from db.tables.billing import TransactionKind
from db.tables.predictions import PredictionStatus
from handlers.balance.screens import balance_screen, operation_lines
from handlers.fallback import screens as fallback
from handlers.fallback.screens import looks_like_numbers, unknown_command_text
from handlers.help.screens import contact_of, help_screen, terms_screen
from handlers.history.screens import operations_screen, predictions_screen
from handlers.kit.notices import notice_screen
from handlers.menu.screens import greeting, menu_screen
from handlers.profile.language import language_screen
from handlers.profile.screens import AGE, EMAIL, GENDER, profile_screen, question_screen
from handlers.telegram.limits import TEXT, length
from handlers.telegram.screen import Screen
from i18n.history import MARKS, OPERATION_WORDS, signed
from i18n.translator import Catalogues, Html, Translator
from services.billing.statement import Expiring, Operation
from services.pages import Page
from services.predictions.history import PredictionView
from services.users.accounts import UserView
from tests.support.clock import START
from tests.support.viewers import titles, viewer

RU, EN = Catalogues()["ru"], Catalogues()["en"]
BOTH = pytest.mark.parametrize("tr", [RU, EN], ids=["ru", "en"])
LONGEST = "<" * 64  # the longest title a manifest may have, of what escaping makes longest
USER = UserView(
    id=1,
    telegram_id=10,
    username=None,
    first_name="Анна",
    language="ru",
    email="a" * 64 + "@example.com",
    gender="female",
    age=35,
    balance=1050,
    bonus_muted=False,
    outcomes_muted=False,
    disabled=False,
)


def _operation(kind: TransactionKind, amount: int = 150, **more: str) -> Operation:
    names = {"prediction_id": None, "model_slug": None, "comment": None} | more
    return Operation(id=1, kind=kind, amount=amount, balance_after=99_999_999_99, created_at=START, **names)  # type: ignore[arg-type]  # a mixed dict


def _prediction(status: PredictionStatus) -> PredictionView:
    values = dict.fromkeys(PredictionView.__slots__)
    shown = {"id": UUID(int=7), "model_slug": "wine", "inputs": {}, "status": status, "created_at": START}
    return PredictionView(**values | shown)  # type: ignore[arg-type]  # what the list does not show is None


def _everything(tr: Translator) -> Iterator[Screen]:
    """Every screen at its fullest."""
    longest = [_operation(kind, model_slug="wine", comment="<" * 255) for kind in TransactionKind]
    page = Page(items=[*longest, *longest][:10], page=999_998, pages=1_000_000)
    lots = [Expiring(remaining=n, expires_at=START + timedelta(days=n)) for n in range(1, 30)]
    predictions = Page(items=[_prediction(s) for s in [*PredictionStatus, *PredictionStatus][:8]], page=5, pages=9)
    contact = contact_of(replace(USER, telegram_id=10**15, username=None), tr)
    above = greeting(viewer(replace(USER, is_new=True, first_name="<" * 64), tr))
    yield menu_screen(viewer(USER, tr), above=above, paused=LONGEST)
    yield balance_screen(lots, page.items[:5], viewer(USER, tr, LONGEST))
    yield operations_screen(page, viewer(USER, tr, LONGEST))
    yield operations_screen(Page(items=[], page=0, pages=1), viewer(USER, tr))
    yield predictions_screen(predictions, titles(tr, LONGEST), tables=True)
    yield predictions_screen(Page(items=[], page=0, pages=1), titles(tr), tables=False)
    yield profile_screen(viewer(replace(USER, first_name="<" * 64), tr), notice="✅")
    yield from (question_screen(part, viewer(USER, tr), problem="?") for part in (EMAIL, AGE, GENDER))
    yield language_screen(tr)
    yield help_screen(contact, viewer(USER, tr))
    yield terms_screen(contact, tr)
    yield fallback.suggestions_screen([("x" * 32, LONGEST)] * 4, tr)
    yield notice_screen(unknown_command_text("x" * 4000, tr), tr)


@BOTH
def test_screens_keep_to_telegrams_limits(tr: Translator) -> None:
    for screen in _everything(tr):
        assert 0 < length(screen.text) <= TEXT
        assert "None" not in screen.text
        for row in screen.rows:
            assert 1 <= len(row) <= 8
            for button in row:
                assert 1 <= len(button.action.encode()) <= 64, button
                assert 1 <= len(button.text) <= 64
                assert "{" not in button.text


@BOTH
def test_no_screen_is_a_dead_end(tr: Translator) -> None:
    for screen in _everything(tr):
        ways = {button.action.partition(":")[0] for row in screen.rows for button in row}
        assert ways & {"menu", "profile", "help", "models"}, screen


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        (0, "0,00 кредитов", "0.00 credits"),
        (1, "0,01 кредита", "0.01 credits"),
        (100, "1,00 кредит", "1.00 credit"),
        (150, "1,50 кредита", "1.50 credits"),
        (200, "2,00 кредита", "2.00 credits"),
        (500, "5,00 кредитов", "5.00 credits"),
        (1100, "11,00 кредитов", "11.00 credits"),
        (2100, "21,00 кредит", "21.00 credits"),
        (2200, "22,00 кредита", "22.00 credits"),
        (11100, "111,00 кредитов", "111.00 credits"),
        (-100, "-1,00 кредит", "-1.00 credit"),
    ],
)
def test_credits_in_words(amount: int, russian: str, english: str) -> None:
    assert (RU.credits(amount), EN.credits(amount)) == (russian, english)


def test_every_operation_and_status_has_words() -> None:
    assert set(OPERATION_WORDS) == set(TransactionKind)
    assert set(MARKS) == set(PredictionStatus)


def test_an_operation() -> None:
    charge = _operation(TransactionKind.CHARGE, -150, model_slug="wine", comment="за <чай>")
    lines = operation_lines(charge, titles(RU, "Вино & сыр"))
    assert lines.startswith("<b>−1,50</b> · 🍷 Вино &amp; сыр (за &lt;чай&gt;)\n<i>")
    refund = _operation(TransactionKind.CHARGE_REFUND, 150, model_slug="wine")
    assert operation_lines(refund, titles(RU, "Вино")).startswith("<b>+1,50</b> · Возврат кредитов: 🍷 Вино\n")
    assert (signed(150, RU), signed(-150, EN)) == ("+1,50", "−1.50")


def test_a_single_page_has_no_arrows() -> None:
    page = Page(items=[_operation(TransactionKind.WELCOME)], page=0, pages=1)
    assert [len(row) for row in operations_screen(page, viewer(USER, RU)).rows] == [2, 1]


def test_contacts() -> None:
    assert contact_of(replace(USER, telegram_id=5, username="olga"), RU) == "@olga"
    assert contact_of(replace(USER, telegram_id=5, username=None), RU) == '<a href="tg://user?id=5">владельцу</a>'
    assert contact_of(None, EN) == "the owner of this bot"


def test_a_newcomer_without_credits_hears_of_none() -> None:
    assert "🎁" not in greeting(viewer(replace(USER, is_new=True, balance=0), RU))
    assert greeting(viewer(replace(USER, first_name=" "), EN)) == Html("<b>Hello!</b>")


@pytest.mark.parametrize("text", ["5", "1,5; 2", "14.23\n1.71", "-3 %", "5 м"])
def test_numbers(text: str) -> None:
    assert looks_like_numbers(text)


@pytest.mark.parametrize("text", ["", "привет", "2 вина", "...", "🦊"])
def test_no_numbers(text: str) -> None:
    assert not looks_like_numbers(text)


def test_the_command_that_was_meant() -> None:
    assert unknown_command_text("HISTRY", EN).endswith("Did you mean /history?")
    assert unknown_command_text("xyzzy", EN).endswith("All commands are in /help.")
