"""Each screen of plans keeps to Telegram's limits, whatever owners typed and however much there is; none shows what it
does not know."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from db.tables.currencies import Currency
from db.tables.payments import StrayStatus
from db.tables.plans import AllowanceUnit, MethodState, PeriodKind, SubscriptionStatus
from db.tables.users import Role
from handlers.admin.payments import strays
from handlers.admin.plans import screens as owners
from handlers.admin.users import screens as users
from handlers.plans import screens, subscription_screens
from handlers.plans.offers import PlanOptions, PlanStep
from handlers.telegram.limits import TEXT, length
from handlers.telegram.screen import Screen
from i18n.plan_news import plan_news
from i18n.plans import PAID_AHEAD, plan_title
from i18n.translator import Translator
from services.money import Money
from services.notifications.kinds.plans import PlanFact, PlanNews
from services.pages import Page
from services.payments.pricing import MAX_KOPECKS, MAX_STARS
from services.payments.providers.base import Decline
from services.payments.strays import StrayView
from services.plans.allowances import AllowanceLeft
from services.plans.changes import ChangeQuote
from services.plans.checkout import PlanWay
from services.plans.endings import RenewedInTelegram
from services.plans.methods import MethodView
from services.plans.plan_offer import MAX_ALLOWANCES, MAX_ALLOWED, MAX_CREDITS, MAX_DESCRIPTION, MAX_TITLE
from services.plans.plans import AllowanceView, PlanView
from services.plans.reports import FailedRenewal, PlanCounts, PlanNumbers
from services.plans.subscriptions import PeriodView, SubscriptionView
from tests.support.clock import START
from tests.support.viewers import viewer
from tests.unit.handlers.payments.test_screens import CARD
from tests.unit.handlers.test_screens import BOTH, LONGEST, USER

RUB, STARS = Money(MAX_KOPECKS, Currency.RUB), Money(MAX_STARS, Currency.XTR)
LATER = START + timedelta(days=30)
SLUGS = tuple("x" * 30 + f"{n:02}" for n in range(20))
PLAN = PlanView(
    id=10**9,
    name="x" * 64,
    title={"ru": "<" * MAX_TITLE, "en": "&" * MAX_TITLE},
    description={"ru": "<" * MAX_DESCRIPTION, "en": "&" * MAX_DESCRIPTION},
    months=12,
    credits=MAX_CREDITS,
    discount_percent=90,
    trial_days=90,
    is_free=False,
    enabled=True,
    position=1,
    prices={Currency.RUB: RUB, Currency.XTR: STARS},
    allowances=(AllowanceView(unit=AllowanceUnit.TOKENS, amount=MAX_ALLOWED, slugs=SLUGS),) * MAX_ALLOWANCES,
)
FREE = replace(PLAN, is_free=True, prices={})
METHOD = MethodView(
    id=UUID(int=1),
    provider="yookassa",
    title="MasterCard •• 4477",
    state=MethodState.REFUSED,
    consent={"text": "Списывать 350 000 ₽ каждые 12 мес., пока я не отменю. Отменить можно в любой момент."},
    created_at=START,
)
LEFT = AllowanceLeft(unit=AllowanceUnit.TOKENS, slugs=SLUGS, amount=MAX_ALLOWED, used=0)
MINE = SubscriptionView(
    id=UUID(int=2),
    user_id=CARD.id,
    plan=PLAN,
    status=SubscriptionStatus.ACTIVE,
    price=Money(1, Currency.RUB),
    provider="yookassa",
    method=METHOD,
    starts_at=START,
    runs_until=LATER,
    ends_at=LATER,
    auto_renew=True,
    cancel_at_period_end=False,
    scheduled=None,
    scheduled_price=None,
    next_charge=(RUB, LATER),
    decline_reason="insufficient_funds",
    number=1,
    allowances=(LEFT,) * MAX_ALLOWANCES,
    credits=MAX_CREDITS,
    credits_left=1,
)
STAR_METHOD = replace(METHOD, provider="stars", state=MethodState.ACTIVE, by_provider=True)
ENDED_IN_TELEGRAM = replace(MINE, auto_renew=False, next_charge=None, method=STAR_METHOD)
PERIOD = PeriodView(
    number=10**6,
    plan=PLAN,
    kind=PeriodKind.PAID,
    starts_at=START,
    ends_at=LATER,
    closed_at=LATER,
    payment_id=UUID(int=3),
    price=RUB,
    credits=MAX_CREDITS,
)
STRAY = StrayView(
    id=1,
    provider="stars",
    charge_id="<" * 128,
    payer_id=2**52,
    amount=STARS,
    returned=STARS,
    payload="",
    status=StrayStatus.KEPT,
    seen_at=START,
)


def _standings() -> Iterator[SubscriptionView]:
    yield from (replace(MINE, status=status) for status in (SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE))
    yield replace(MINE, status=SubscriptionStatus.TRIALING, price=None, method=None, next_charge=None)
    yield replace(MINE, plan=FREE, price=None, method=None, next_charge=None, auto_renew=False, id=None)
    yield replace(MINE, auto_renew=False, next_charge=None, scheduled=PLAN, scheduled_price=RUB, decline_reason="new")
    yield replace(MINE, auto_renew=False, next_charge=None, cancel_at_period_end=True, allowances=(), credits=0)
    yield replace(MINE, auto_renew=False, next_charge=None, paid_ahead=PLAN)
    yield ENDED_IN_TELEGRAM


def _customers(tr: Translator) -> Iterator[Screen]:
    """What they see of plans."""
    reader = viewer(USER, tr, LONGEST)
    for mine in (None, *_standings()):
        yield screens.plans_screen([FREE, *[PLAN] * 20], ["RUB", "XTR"], mine, reader, notice="<b>no</b>")
        yield screens.plans_screen([], ["RUB"], mine, reader)
    way = PlanWay(provider="stars", price=STARS, renews=True, can_be_kept=True, receipts=True, begins_at=LATER)
    ways = [way, replace(way, provider="x", price=RUB)]
    quote = ChangeQuote(at_once=True, returned=MAX_CREDITS, price=RUB, starts_at=LATER)
    for step in PlanStep:
        for trial in (False, True):
            offer = PlanOptions(plan=PLAN, step=step, subscription=MINE, ways=ways, quote=quote, trial=trial)
            yield screens.plan_screen(offer, reader)
            yield from (screens.plan_screen(offer, reader, way=way) for way in ways)
    for mine in _standings():
        yield subscription_screens.subscription_screen(mine, reader, notice="<b>done</b>")
    for count in (0, 1, 40):
        yield subscription_screens.cards_screen([METHOD] * count, reader, page=1)
    yield subscription_screens.periods_screen(Page(items=[PERIOD] * 6, page=5, pages=9), tr)
    yield subscription_screens.periods_screen(Page(items=[], page=0, pages=1), tr)


def _owners(tr: Translator) -> Iterator[Screen]:
    reader = viewer(USER, tr, LONGEST)
    numbers = PlanNumbers(
        plans=(PlanCounts(plan=PLAN, active=10**6, trialing=10**6, past_due=10**6),),
        monthly=(RUB, STARS),
        paying_before=10**6,
        left=1,
    )
    failed = FailedRenewal(
        user_id=CARD.id,
        telegram_id=None,
        plan_title=PLAN.title,
        amount=RUB,
        provider="yookassa",
        reason=None,
        at=START,
    )
    customers = {CARD.id: CARD}
    for role in Role:
        yield from (users.card_screen(CARD, mine, reader, role=role, notice="✅") for mine in _standings())
        yield owners.plans_screen(Page(items=[FREE, *[PLAN] * 7], page=3, pages=9), numbers, tr, role=role)
        yield owners.plan_screen(PLAN, reader, role=role, notice="<b>done</b>")
        found = Page(items=[STRAY, replace(STRAY, status=StrayStatus.REFUNDED, payer_id=None)] * 3, page=0, pages=9)
        yield strays.strays_screen(found, tr, role=role)
    yield strays.strays_screen(Page(items=[], page=0, pages=1), tr, role=Role.OWNER)
    yield owners.subscribers_screen(Page(items=[*_standings()], page=0, pages=9), customers, tr)
    yield owners.subscribers_screen(Page(items=[], page=0, pages=1), {}, tr)
    yield owners.failed_screen(Page(items=[failed] * 6, page=0, pages=9), [("", 10**6)] * 9, customers, tr)
    yield owners.text_question(tr, plan=PLAN, problem="<b>no</b>")


@BOTH
def test_screens_of_plans_keep_to_telegrams_limits(tr: Translator) -> None:
    for screen in (*_customers(tr), *_owners(tr)):
        assert 0 < length(screen.text) <= TEXT, screen.text
        assert not re.search(r"None(?! is saved)", screen.text)
        assert screen.text.count("<b>") == screen.text.count("</b>")
        buttons = [button for row in screen.rows for button in row]
        assert len(buttons) <= 100
        for button in buttons:
            assert button.url or 1 <= len(button.action.encode()) <= 64, button
            assert 1 <= len(button.text) <= 64, button
            assert "{" not in button.text


@BOTH
def test_news_of_plans_say_each_thing(tr: Translator) -> None:
    """With all that belongs to it; nothing is left unsaid or shown as code."""
    for fact in PlanFact:
        for decline in (None, *Decline):
            news = PlanNews(
                subscription_id=MINE.id,
                plan_id=PLAN.id,
                fact=fact,
                amount=RUB.minor,
                currency=RUB.currency,
                at=LATER,
                reason="expired" if fact is PlanFact.ENDED else "insufficient_funds",
                decline=decline,
            )
            said = "\n".join(plan_news(news, PLAN, tr))
            assert length(said) <= TEXT
            assert not {"None", "{", "}"} & {each for each in ("None", "{", "}") if each in said}
            assert tr.escape(PLAN.title[tr.language]) in said


@BOTH
@pytest.mark.parametrize("by_hand", [True, False])
def test_who_leaves_what_telegram_charges_is_told_before_that_it_stops(tr: Translator, *, by_hand: bool) -> None:
    quote = ChangeQuote(at_once=False, returned=0, price=STARS, starts_at=LATER, by_hand=by_hand)
    offer = PlanOptions(plan=PLAN, step=PlanStep.LATER, subscription=MINE, ways=[], quote=quote)
    assert ("Telegram" in screens.plan_screen(offer, viewer(USER, tr, LONGEST)).text) is by_hand


@BOTH
def test_what_is_paid_ahead_is_told_beside_the_plan_that_runs(tr: Translator) -> None:
    lite = replace(PLAN, title={"ru": "Лайт", "en": "Lite"})
    mine = replace(MINE, auto_renew=False, next_charge=None, runs_until=LATER - timedelta(days=9), paid_ahead=lite)
    told = tr.html(PAID_AHEAD, date=tr.date(mine.runs_until), plan=plan_title(lite, tr))
    assert told in subscription_screens.subscription_screen(mine, viewer(USER, tr, LONGEST)).text


@BOTH
@pytest.mark.parametrize("begins_at", [LATER, None])
def test_who_pays_ahead_is_told_when_it_begins_and_that_credits_come_at_once(
    tr: Translator, begins_at: datetime | None
) -> None:
    way = PlanWay(provider="x", price=RUB, renews=True, can_be_kept=True, receipts=False, begins_at=begins_at)
    offer = PlanOptions(plan=PLAN, step=PlanStep.NEXT, subscription=MINE, ways=[way])
    shown = screens.plan_screen(offer, viewer(USER, tr, LONGEST)).text
    begins = tr.html("This pays for the next period, which begins on {date}.", date=tr.date(LATER))
    assert (begins in shown) is (begins_at is not None)
    assert (tr.gettext("Its credits come as soon as it is paid and end with it.") in shown) is (begins_at is not None)


@BOTH
def test_what_was_ended_in_telegram_is_said_to_begin_again_there(tr: Translator) -> None:
    shown = subscription_screens.subscription_screen(ENDED_IN_TELEGRAM, viewer(USER, tr, LONGEST))
    assert tr.gettext(RenewedInTelegram.message) in shown.text
    assert "sub:resume" not in {each.action for row in shown.rows for each in row}
