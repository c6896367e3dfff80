"""What comes by itself of a subscription, in words: the same in the chat and in letters. Each item is a paragraph."""

from typing import Final

from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from i18n.plans import plan_title, price_words
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.notifications.kinds.plans import PAID_OTHERWISE, REFUSED, PlanFact, PlanNews
from services.payments.providers.base import Decline
from services.payments.providers.reasons import payment_reason
from services.plans.plans import PlanView

WORDS: Final = {
    PlanFact.RENEWAL_SOON: (
        N_("🔁 <b>{price}</b> will be charged for the next period of “{plan}”: {moment}."),
        N_("If you do not need it any more, cancel now, and nothing will be charged."),
    ),
    PlanFact.ENDS_SOON: (
        N_("⏳ The plan “{plan}” ends: {moment}."),
        N_("Nothing will be charged by itself. To go on, pay for the next period."),
    ),
    PlanFact.RENEWED: (N_("✅ <b>{price}</b> paid: the plan “{plan}” goes on until {moment}."),),
    PlanFact.PAST_DUE: (
        N_("⚠️ The period of “{plan}” is over and the next one is not paid. Until then the plan gives nothing."),
        N_("It can be paid until {moment}."),
    ),
    PlanFact.PRICE_OFFERED: (
        N_("💬 The plan “{plan}” has a new price: <b>{each}</b>. You pay {present} now."),
        N_("If you agree, {price} are charged from {date} on. If you do not answer, your price stays."),
    ),
    PlanFact.MONEY_BACK: (
        N_("↩️ <b>{price}</b> for the plan “{plan}” bought nothing: there was nothing to pay for any more."),
        N_("All of it goes back to you by itself, within some days."),
    ),
    PlanFact.AUTOPAY_OFF: (
        N_("🔕 The plan “{plan}” is not renewed by itself any more: it was switched off where you pay."),
        N_("What is paid stays until {moment}."),
    ),
}
PAID_BY_HAND: Final = (
    N_(
        "🔕 You have paid for “{plan}” yourself, so it is not charged in Telegram any more: else it would be paid "
        "twice. It is not renewed by itself now."
    ),
    N_("What is paid stays until {moment}."),
)

CARD_REFUSED: Final = (
    N_("🔕 Your saved way to pay was refused for good, so the plan “{plan}” is not renewed by itself any more."),
    N_("What is paid stays until {moment}."),
)
AUTOPAY_OFF: Final = {PAID_OTHERWISE: PAID_BY_HAND, REFUSED: CARD_REFUSED}


def plan_news(news: PlanNews, plan: PlanView, tr: Translator) -> tuple[Html, ...]:
    if news.fact is PlanFact.DECLINED:
        return _declined(news, plan, tr)
    if news.fact is PlanFact.ENDED:
        return _ended(news, plan_title(plan, tr), tr)
    moment = "" if news.at is None else tr.date_and_time(news.at)
    facts = {"plan": plan_title(plan, tr), "price": price_in(news, tr), "moment": moment}
    if news.fact is PlanFact.PRICE_OFFERED:
        facts |= _offered(news, plan, tr)
    sentences = WORDS[news.fact]
    if news.fact is PlanFact.AUTOPAY_OFF:
        sentences = AUTOPAY_OFF.get(news.reason or "", sentences)
    return tuple(tr.html(words, **facts) for words in sentences)


def _offered(news: PlanNews, plan: PlanView, tr: Translator) -> dict[str, str]:
    """`present`: news of an older version did not say it."""
    price = price_of(news)
    assert price is not None  # such news has one
    present = "" if news.present is None else tr.money(price.of(news.present))
    date = "" if news.at is None else tr.date(news.at)
    return {
        "each": price_words(price, plan.months, tr),
        "present": present or tr.gettext("another price"),
        "date": date,
    }


def price_in(news: PlanNews, tr: Translator) -> str:
    price = price_of(news)
    return "" if price is None else tr.money(price)


def price_of(news: PlanNews) -> Money | None:
    if news.amount is None or news.currency is None:
        return None
    return Money(news.amount, Currency(news.currency))


def _declined(news: PlanNews, plan: PlanView, tr: Translator) -> tuple[Html, ...]:
    what = tr.html(
        "⚠️ <b>{price}</b> for the next period of “{plan}” could not be charged.",
        price=price_in(news, tr),
        plan=plan_title(plan, tr),
    )
    why = tr.html(payment_reason(news.reason))
    if news.decline == Decline.NEVER:
        then = tr.html("This way of paying will not be charged again. Please pay for the next period by another one.")
    elif news.at is None or news.decline == Decline.ACT:
        then = tr.html("Please pay for the next period yourself, so that the plan goes on.")
    else:
        then = tr.html("We try once more: {moment}. Or pay yourself now.", moment=tr.date_and_time(news.at))
    return (what, why, then)


def _ended(news: PlanNews, title: str, tr: Translator) -> tuple[Html, ...]:
    if news.reason == SubscriptionStatus.EXPIRED:
        what = tr.html("🎟 The plan “{plan}” has ended: no next period was paid.", plan=title)
    else:
        what = tr.html("🎟 The plan “{plan}” has ended. Nothing is charged for it any more.", plan=title)
    return (what, tr.html("Your own credits, your history and your conversations stay."))
