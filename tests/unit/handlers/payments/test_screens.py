"""Screens of money and of the panel in both languages, at their fullest: Telegram's limits hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.predictions import PredictionStatus
from db.tables.users import Edge, Role
from handlers.admin.audit_log import screens as audit_log
from handlers.admin.context import DECIDED
from handlers.admin.models import screens as models
from handlers.admin.packages import screens as packages
from handlers.admin.panel import screens as panel
from handlers.admin.payments import screens as till
from handlers.admin.payments.notifications import problem_screen
from handlers.admin.roles import screens as roles
from handlers.admin.statistics import screens as statistics
from handlers.admin.users import change_screens as changes
from handlers.admin.users import screens as users
from handlers.bonus.screens import bonus_screen
from handlers.kit.conversation import UnsentMessage
from handlers.kit.unfinished import Unfinished
from handlers.payments import checkout
from handlers.payments import outcome_screens as payments
from handlers.payments import screens as topup
from handlers.payments.history_screens import payments_screen
from handlers.telegram.limits import CAPTION, TEXT, length
from handlers.telegram.screen import Screen
from i18n.audit_log import WORDS
from i18n.failures import BROKEN, BUSY
from i18n.people import calm, name_of
from i18n.translator import Catalogues, Translator
from services.audit_log.history import Entry, Person
from services.billing.ledger import UnknownUser
from services.billing.statement import Expiring
from services.bonuses import BonusTerms, GrantView
from services.errors import ShopError
from services.models.folders import FolderProblem
from services.models.manage import MAX_PRICE, ModelLine, ModelNotFound
from services.money import rub
from services.notifications.kinds.payments import RefundEnds
from services.notifications.message_ref import MessageRef
from services.pages import Page
from services.payments.alerts import PaymentProblem
from services.payments.package_parts import PackagePart
from services.payments.packages import MAX_DAYS, MAX_TITLE, PackageGone, PackageView
from services.payments.pricing import MAX_KOPECKS, CreditPrice, PaymentsOff
from services.payments.providers.base import NotAuthorized, Refused, ResultUnknown
from services.payments.providers.reasons import PAYMENT_REASONS, REFUND_REASONS
from services.payments.queries import PaymentNotFound, PaymentView, RefundView
from services.payments.refunds.begin import AlreadyRefunded, NotRefundable, RefundNeedsConfirmation, RefundQuote
from services.plans.plans import PlanView
from services.plans.subscriptions import PlanBought
from services.reports.statistics import Day, ModelSales, Numbers, Waiting
from services.users.manage import MAX_CREDITS, MAX_REASON, MAX_TEXT
from services.users.roles import AdminView, NotAllowed, OwnersAreSettled, OwnRole
from services.users.search import NobodyFound, PredictionLine, UserCard
from tests.support.clock import START
from tests.support.viewers import viewer
from tests.unit.handlers.test_screens import BOTH, LONGEST, USER

RU, EN = Catalogues()["ru"], Catalogues()["en"]
MOST = 99_999_999_99
PRICING = CreditPrice(minor=1)
OF_SETTINGS = {  # their sentences name the lines of .env
    PaymentProblem.OFF,
    PaymentProblem.UNPROVEN,
    PaymentProblem.OTHER_SHOP,
}
EMAIL = "<" * 64 + "@" + "x" * 189

PAYMENT = PaymentView(
    id=UUID(int=1),
    user_id=10**12,
    package_id=None,
    provider="yookassa",
    provider_payment_id="2" * 36,
    status=PaymentStatus.SUCCEEDED,
    amount=rub(MAX_KOPECKS),
    credits=MOST,
    valid_days=MAX_DAYS,
    test=True,
    description="",
    receipt_email=EMAIL,
    return_url="",
    confirmation_url="https://yookassa.test/" + "x" * 200,
    cancel_reason=None,
    shown_in=MessageRef(chat_id=1, message_id=1),
    checks=0,
    created_at=START,
    paid_at=START,
)
BOUGHT = PlanBought(
    plan=PlanView(
        id=10**9,
        name="x" * 64,
        title={"ru": "<" * 60, "en": "&" * 60},
        description={},
        months=12,
        credits=MOST,
        discount_percent=0,
        trial_days=0,
        is_free=False,
        enabled=True,
        position=1,
        prices={},
        allowances=(),
    ),
    number=10**6,
    period=None,
    by_itself=True,
)
LEFT = Unfinished(
    form=True,
    unsent=UnsentMessage(text="<" * 4096, key="say:1:1", session_id=UUID(int=3)),
    talk="<" * 60,
    table=UUID(int=4),
)
REFUND = RefundView(
    id=UUID(int=2),
    payment_id=PAYMENT.id,
    provider_refund_id=None,
    status=RefundStatus.CANCELED,
    amount=rub(MAX_KOPECKS),
    credits_taken=MOST,
    credits_uncollected=MOST,
    actor_user_id=1,
    reason="<" * MAX_REASON,
    cancel_reason="some_articles_already_refunded",
    created_at=START,
)
CARD = UserCard(
    id=10**12,
    telegram_id=2**52,
    username="x" * 32,
    first_name="<" * 64,
    balance=MOST,
    disabled=True,
    gone=False,
    language="ru",
    email=EMAIL,
    login=EMAIL,
    factor_on=False,
    role=Role.MODERATOR,
    spent=MOST,
    paid=(rub(10**13),),
    predictions=[
        PredictionLine(
            id=UUID(int=3), model_slug="x" * 32, price=MAX_PRICE, status=PredictionStatus.SUCCEEDED, created_at=START
        )
    ]
    * 5,
    payments=[PAYMENT] * 5,
    created_at=START,
    last_seen_at=START,
    blocked_at=START,
    disabled_at=START,
    deleted_at=None,
    merged_into=None,
)
ADMIN = AdminView(
    telegram_id=2**52, role=Role.MODERATOR, granted_by=1, user_id=1, username="x" * 32, first_name="<" * 64
)
MODEL = ModelLine(
    slug="x" * 32,
    version="1" * 20,
    title=LONGEST,
    icon="🍷",
    price=MAX_PRICE,
    manifest_price=MAX_PRICE,
    changed_price=True,
    enabled=True,
    present=True,
    problem="<" * 200,
    stopped_for="<" * 200,
)
PACKAGE = PackageView(
    id=10**12,
    title={"ru": "<" * MAX_TITLE, "en": "&" * MAX_TITLE},
    credits=MAX_CREDITS,
    price=rub(MAX_KOPECKS),
    valid_days=MAX_DAYS,
    enabled=True,
    position=1,
)
QUOTE = RefundQuote(rest=rub(MAX_KOPECKS), covered=rub(1))
BONUS = BonusTerms(
    amount=MOST,
    ttl=timedelta(days=999),
    zone=ZoneInfo("Europe/Moscow"),
    next_fire=lambda now: now,
    active_within=timedelta(days=999),
)
WAITING = Waiting(predictions=10**9, predictions_age=1e9, notifications=10**9, notifications_age=1e9)
NUMBERS = Numbers(
    users=10**9,
    new_users=10**9,
    active_users=10**9,
    predictions=10**9,
    failed=10**9,
    answers=10**9,
    failed_answers=10**9,
    refunded=(rub(10**13),),
    days=[Day(date=date(2026, 11, 1), predictions=10**9, spent=10**13, revenue=(rub(10**13),))] * 90,
    models=[ModelSales(slug="x" * 32, predictions=10**9, spent=10**13)] * 20,
)

GOODS = topup.Goods(pricing=PRICING, packages=[PACKAGE], ways=("yookassa",), provider="yookassa")


def _money(tr: Translator) -> Iterator[Screen]:
    """What customers see."""
    for status in PaymentStatus:
        payment = replace(PAYMENT, status=status, cancel_reason="canceled_by_merchant")
        yield payments_screen(Page(items=[payment] * 6, page=5, pages=9), {PAYMENT.id: rub(1)}, viewer(USER, tr))
    yield payments_screen(Page(items=[], page=0, pages=1), {}, viewer(USER, tr, payments=False))
    for count in (0, 1, 50):
        goods = replace(GOODS, packages=[PACKAGE] * count)
        yield topup.topup_screen(goods, viewer(USER, tr), lacking=MOST, problem=tr.error_html(PackageGone()))
    yield topup.topup_screen(replace(GOODS, ways=("yookassa", "cloudpayments", "stars")), viewer(USER, tr))
    yield topup.amount_question(PRICING, tr)
    yield topup.email_question(tr)
    yield topup.payment_screen(PAYMENT, tr)
    yield topup.payment_screen(replace(PAYMENT, confirmation_url=None), tr)
    yield payments.paid_screen(PAYMENT, tr, balance=MOST, left=LEFT)
    for reason in (*PAYMENT_REASONS, "something_new", None):
        yield payments.canceled_screen(replace(PAYMENT, cancel_reason=reason), tr, left=Unfinished())
    yield payments.refunded_screen(REFUND, None, tr, balance=0, ended=RefundEnds.NOTHING)
    yield payments.refunded_screen(REFUND, BOUGHT, tr, balance=0, ended=RefundEnds.PLAN)
    yield payments.expiring_screen(Expiring(remaining=MOST, expires_at=START), tr)
    for muted in (True, False):
        last = [GrantView(week="2026-W47", amount=MOST, created_at=START)] * 5
        yield bonus_screen(BONUS, START, last, viewer(replace(USER, bonus_muted=muted), tr))


def _panel(tr: Translator) -> Iterator[Screen]:
    """What admins see."""
    for role in Role:
        yield panel.panel_screen(role, WAITING, tr)
        yield users.card_screen(CARD, None, viewer(USER, tr, LONGEST), role=role, notice="✅" + "<" * 100)
        yield models.model_screen(MODEL, tr, role=role)
        yield models.model_screen(replace(MODEL, present=False), tr, role=role, notice="✅")
        for page in (0, 4, 10**5):
            yield packages.packages_screen([PACKAGE] * 50, tr, role=role, page=page)
        yield packages.package_screen(PACKAGE, tr, role=role, notice="✅")
        customer = name_of(CARD, tr)
        for bought in (None, BOUGHT):
            yield till.payment_screen(
                PAYMENT, [REFUND] * 12, QUOTE, tr, customer=customer, bought=bought, role=role, notice="✅"
            )
        yield from (
            roles.roles_screen([ADMIN] * 200, {1: CARD}, tr, role=role, notice="✅", page=page) for page in (0, 99)
        )
    yield users.find_question(tr, problem=tr.error_html(NobodyFound()))
    yield users.found_screen([CARD] * 8, tr)
    for give in (True, False):
        yield changes.amount_question(CARD, tr, give=give)
    yield changes.change_confirmation(CARD, -MOST, "<" * MAX_REASON, "x" * 8, tr)
    yield changes.letter_confirmation(CARD, "<" * MAX_TEXT, "x" * 8, tr)
    yield models.models_screen([MODEL] * 20, [FolderProblem(slug="<" * 32, text="<" * 5_000)] * 20, [], tr)
    yield models.price_question(MODEL, tr, again=True)
    yield packages.new_confirmation(PACKAGE, "x" * 8, tr)
    yield from (packages.part_question(part, tr, package_id=10**12) for part in PackagePart)
    latest = Page(items=[PAYMENT] * 8, page=5, pages=10**6)
    yield till.payments_screen(latest, {PAYMENT.user_id: CARD}, tr)
    yield till.refund_confirmation(
        PAYMENT,
        tr,
        customer=name_of(CARD, tr),
        bought=BOUGHT,
        amount=rub(1),
        whole=True,
        reason="<" * MAX_REASON,
        nonce="x" * 8,
    )
    yield till.second_confirmation(PAYMENT, RefundNeedsConfirmation(due=MOST, held=0), "x" * 8, tr)
    yield roles.role_screen(CARD, 2**52, tr, role=Role.ADMIN)
    yield audit_log.audit_log_screen(_audit_log(), viewer(USER, tr, LONGEST))


def _audit_log() -> Page[Entry]:
    person = Person(telegram_id=2**52, user_id=10**12, username="x" * 32, first_name="<" * 64)
    values: dict[str, Any] = {"title": {"ru": "<" * MAX_TITLE}, "credits": MOST, "price": rub(1), "valid_days": 1}
    entry = Entry(
        id=1,
        edge=Edge.CHAT,
        actor=person,
        target=person,
        action="package.edit",
        subject="x" * 64,
        title=None,
        before={},
        after=values | {"text": "<" * MAX_TEXT},
        reason="<" * MAX_REASON,
        created_at=START,
    )
    return Page(items=[replace(entry, action=action) for action in list(WORDS)[:8]], page=0, pages=9)


@BOTH
def test_screens_of_money_keep_to_telegrams_limits(tr: Translator) -> None:
    for screen in (*_money(tr), *_panel(tr)):
        assert 0 < length(screen.text) <= TEXT
        assert "None" not in screen.text
        buttons = [button for row in screen.rows for button in row]
        assert len(buttons) <= 100
        for button in buttons:
            assert button.url or 1 <= len(button.action.encode()) <= 64, button
            assert 1 <= len(button.text) <= 64, button
            assert "{" not in button.text
        assert any(button.action.partition(":")[0] in WAYS for button in buttons), screen


WAYS = {"menu", "topup", "models", "adm", "adm-users", "adm-user", "adm-models", "adm-model"}
WAYS |= {"adm-packs", "adm-pack", "adm-pays", "adm-pay", "adm-roles"}


@BOTH
def test_statistics_fit_under_a_picture(tr: Translator) -> None:
    screen = statistics.statistics_screen(NUMBERS, WAITING, viewer(USER, tr, LONGEST), photo=b"")
    assert length(screen.text) <= CAPTION


@BOTH
def test_every_trouble_is_told_to_the_owner(tr: Translator) -> None:
    for problem in PaymentProblem:
        screen = problem_screen(problem, "<" * 300, PAYMENT, tr)
        assert length(screen.text) <= TEXT
        assert "{" not in screen.text
    assert length(problem_screen(PaymentProblem.OFF, "YOOKASSA_SHOP_ID", None, tr).text) <= TEXT


@BOTH
@pytest.mark.parametrize("problem", PaymentProblem)
def test_trouble_is_told_of_the_provider_that_has_it(tr: Translator, problem: PaymentProblem) -> None:
    """A payment's own, whoever else is there; that of a setting names the setting."""
    yookassa = tr.gettext("YooKassa")
    told = problem_screen(problem, "9", replace(PAYMENT, provider="bank"), tr).text
    if problem in OF_SETTINGS:
        assert "bank" not in told
    elif problem is not PaymentProblem.REFUND_FAILED:  # whose words name no provider
        assert "bank" in told
        assert yookassa not in told
        assert problem_screen(problem, "9", None, tr, provider="bank").text == told.splitlines()[0]
        assert yookassa in problem_screen(problem, "9", None, tr).text, "told while there was one provider"


@BOTH
def test_an_admin_asks_the_payments_own_provider(tr: Translator) -> None:
    payment = replace(PAYMENT, status=PaymentStatus.PENDING, provider="bank")
    screen = till.payment_screen(payment, (), None, tr, customer="Anna", bought=None, role=Role.OWNER)
    told = [screen.text, *(button.text for row in screen.rows for button in row)]
    assert sum("bank" in each for each in told) == 2
    assert not any(tr.gettext("YooKassa") in each for each in told)


@BOTH
def test_what_pops_up_over_a_button_is_not_cut(tr: Translator) -> None:
    """Telegram shows 200 characters there."""
    errors: list[ShopError] = [
        *(kind() for kind in (PaymentsOff, PaymentNotFound, PackageGone, NotRefundable, AlreadyRefunded)),
        *(kind() for kind in (NotAllowed, OwnRole, OwnersAreSettled, UnknownUser, ModelNotFound)),
        *(kind(code="x") for kind in (ResultUnknown, Refused, NotAuthorized)),
    ]
    texts = [tr.error(error) for error in errors]
    texts += [tr.gettext(text) for text in (BUSY, DECIDED)] + [tr.gettext(BROKEN, code="0" * 8)]
    texts += [tr.gettext(text) for text in (checkout.NOT_YET, checkout.NO_ANSWER, checkout.NOT_PAID, checkout.PAID)]
    assert [text for text in texts if not 0 < len(text) <= 200] == []


@BOTH
def test_every_reason_has_words(tr: Translator) -> None:
    for text in (*PAYMENT_REASONS.values(), *REFUND_REASONS.values()):
        assert tr.language == "en" or tr.gettext(text) != text
        assert 10 < len(tr.gettext(text)) <= 120


def test_names_do_not_turn_the_line_round() -> None:
    assert calm("\u202eevil\u2069 \u200f") == "evil"
    assert calm("محمد") == "\u2068محمد\u2069"
    assert calm("👩\u200d🔬 Анна\n") == "👩\u200d🔬 Анна"
    assert name_of(replace(CARD, first_name="\u202e", username=None), EN) == "<b>no name</b>"


def test_packages_are_paged() -> None:
    shelf = [replace(PACKAGE, id=number) for number in range(1, 26)]
    last = packages.packages_screen(shelf, EN, role=Role.OWNER, page=2)
    assert [row[0].action for row in last.rows[:5]] == [f"adm-pack:{number}" for number in range(21, 26)]
    assert [button.action for button in last.rows[5]] == ["adm-packs:1", "adm-packs:2", "adm-packs:2"]


@BOTH
def test_a_sum_and_its_sign_stay_in_one_line(tr: Translator) -> None:
    text = topup.topup_screen(GOODS, viewer(USER, tr)).text
    assert "₽" in text
    assert " ₽" not in text
