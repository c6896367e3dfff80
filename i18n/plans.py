"""Plans in words: what one costs and gives, what is left of it, how a subscription stands."""

from datetime import datetime
from typing import Final

from db.tables.plans import AllowanceUnit, SubscriptionStatus
from i18n.titles import Titles
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.payments.queries import PaymentView
from services.plans.allowances import AllowanceLeft
from services.plans.consent import consent_text
from services.plans.endings import RenewedInTelegram
from services.plans.methods import MethodView
from services.plans.plan_offer import PlanOffer
from services.plans.plans import AllowanceView, PlanView
from services.plans.subscriptions import PeriodView, PlanBought, SubscriptionView

WAYS: Final = {
    "yookassa": N_("💳 YooKassa"),
    "cloudpayments": N_("💳 CloudPayments"),
    "stars": N_("⭐ Stars"),
}
STAYS_BY_HAND: Final = N_(
    "Your plan stays as it is. Telegram was told to stop, so nothing is charged by itself any more: please pay for the "
    "next period yourself."
)
NOT_RESUMED: Final = N_(
    "Telegram is told to stop charging. It cannot be told to go on: to renew the plan by itself again you would "
    "subscribe anew when it has ended."
)
AGREED_BY: Final = N_("By “{button}” you agree: <i>{consent}</i>")
CHARGE_SAVED: Final = N_("💳 Charge {title}")
PAID_AHEAD: Final = N_("From {date} on: <b>{plan}</b>. It is paid already.")
NAMED: Final = 4  # models of an allowance that are told by name


def way_title(provider: str, tr: Translator) -> str:
    """Of a way to pay, for a button."""
    return tr.gettext(WAYS[provider]) if provider in WAYS else provider


def plan_title(plan: PlanView | PlanOffer, tr: Translator) -> str:
    return tr.pick(plan.title) or plan.name


def price_words(price: Money, months: int, tr: Translator, *, by_telegram: bool = False) -> str:
    """Of a period: `490 ₽ a month`. `by_telegram`: who charges every thirty days, whatever the calendar says."""
    if by_telegram:
        return tr.gettext("{price} every 30 days", price=tr.money(price))
    return tr.ngettext("{price} a month", "{price} for {n} months", months, price=tr.money(price))


def next_period(begins_at: datetime | None, plan: PlanView, tr: Translator) -> Html:
    """What paying for it by hand brings, and when; `begins_at`: None for at once."""
    if begins_at is None:
        return tr.html("This pays for the next period.")
    begins = tr.html("This pays for the next period, which begins on {date}.", date=tr.date(begins_at))
    given = tr.html("Its credits come as soon as it is paid and end with it.") if plan.credits else ""
    return Html(f"{begins} {given}".rstrip())


def plan_paid(payment: PaymentView, tr: Translator) -> Html:
    """As the payment calls it, in the customer's language."""
    what = payment.provider_text or payment.description
    return tr.html("✅ Paid: <b>{amount}</b>. {what}", amount=tr.money(payment.amount), what=what)


def gives(plan: PlanView | PlanOffer, titles: Titles) -> list[Html]:
    """A line each."""
    tr, lines = titles.tr, []
    if plan.credits:
        lines.append(tr.html("<b>{credits}</b> a period", credits=tr.credits(plan.credits)))
    lines += [_given(each, titles) for each in plan.allowances]
    if plan.discount_percent:
        lines.append(tr.html("packages {percent}% cheaper", percent=plan.discount_percent))
    return [Html(f"• {line}") for line in lines]


def trial_lines(plan: PlanView | PlanOffer, tr: Translator) -> list[Html]:
    if not plan.trial_days:
        return []
    return [tr.nhtml("🎁 {n} day of trial", "🎁 {n} days of trial", plan.trial_days)]


def offered_lines(offer: PlanOffer, titles: Titles) -> list[Html]:
    """A plan that is not sold yet, as customers will see it: a line each."""
    tr = titles.tr
    prices = [price_words(each, offer.months, tr) for each in offer.prices.values()] or [tr.gettext("free")]
    about = tr.pick(offer.description) if offer.description else ""
    return [
        tr.html("<b>🎟 {ru}</b> / {en}", ru=offer.title.get("ru", ""), en=offer.title.get("en", "")),
        *([tr.escape(about)] if about else []),
        tr.html("Price: <b>{price}</b>", price=", ".join(prices)),
        *gives(offer, titles),
        *trial_lines(offer, tr),
    ]


def left(allowance: AllowanceLeft, titles: Titles) -> Html:
    """What of it is not used yet."""
    tr, amount = titles.tr, allowance.amount
    words = {"left": tr.number(allowance.left, 0), "amount": tr.number(amount, 0)}
    if allowance.unit is AllowanceUnit.TOKENS:
        line = tr.nhtml("{left} of {amount} token", "{left} of {amount} tokens", amount, **words)
    else:
        line = tr.nhtml("{left} of {amount} request", "{left} of {amount} requests", amount, **words)
    return Html(f"• {line}{_scope(allowance, titles)}")


def price_offer(offered: Money, subscription: SubscriptionView, tr: Translator) -> Html:
    """A new price beside the present one, and from when on."""
    words = N_(
        "New subscribers pay <b>{price}</b>, you pay {present}. If you agree to the new price, it is paid from {date} "
        "on; until then yours stays."
    )
    assert subscription.price is not None  # a free plan has no other price
    prices = {"price": price_words(offered, subscription.plan.months, tr), "present": tr.money(subscription.price)}
    from_when = subscription.ends_at if subscription.next_charge is None else subscription.next_charge[1]
    return tr.html(words, date=tr.date(from_when), **prices)


def agreed_by(button: str, price: Money, months: int, tr: Translator) -> Html:
    """What whoever presses it lets the shop charge."""
    return tr.html(AGREED_BY, button=button, consent=consent_text(price, months, tr.language))


def why_not_resumed(subscription: SubscriptionView, tr: Translator) -> Html:
    """Where it is not renewed by itself any more and no button begins that again; empty elsewhere."""
    if subscription.can_resume_in_telegram:
        return tr.html(RenewedInTelegram.message)
    return tr.html(NOT_RESUMED) if subscription.is_stopped_for_good else Html("")


def saved_words(saved: MethodView, tr: Translator) -> str:
    """For the button that charges it at once."""
    return tr.gettext(CHARGE_SAVED, title=saved.title)


def saved_terms(saved: MethodView, price: Money, months: int, tr: Translator) -> Html:
    """What that button does, and to what whoever presses it agrees."""
    return tr.html(
        "“{button}” takes {price} right now, without a page to pay at. By it you agree: <i>{consent}</i>",
        button=saved_words(saved, tr),
        price=tr.money(price),
        consent=consent_text(price, months, tr.language),
    )


def what_is_left(subscription: SubscriptionView, titles: Titles) -> list[Html]:
    """Of the running period: its credits, and each allowance, a line each."""
    lines = [left(each, titles) for each in subscription.allowances]
    return [_credits_left(subscription, titles.tr), *lines] if subscription.credits else lines


def _credits_left(subscription: SubscriptionView, tr: Translator) -> Html:
    whole, rest = divmod(subscription.credits, 100)
    words = {"left": tr.amount(subscription.credits_left), "amount": tr.amount(subscription.credits)}
    line = tr.nhtml("{left} of {amount} credit", "{left} of {amount} credits", 1 if rest else whole, **words)
    return Html(f"• {line}")


def standing(subscription: SubscriptionView, tr: Translator) -> Html:
    """Of a subscription, in a line."""
    date = tr.date(subscription.ends_at)
    match subscription.status:
        case SubscriptionStatus.TRIALING:
            return tr.html("On trial until <b>{date}</b>.", date=date)
        case SubscriptionStatus.PAST_DUE:
            return tr.html("⚠️ The period ended on {date} and the next one is not paid yet.", date=date)
    if subscription.price is None:
        return tr.html("It is free.")
    return tr.html("Paid until <b>{date}</b>.", date=date)


def period_line(period: PeriodView, tr: Translator) -> Html:
    """Two lines: which plan and for how much; from when to when."""
    price = tr.gettext("free") if period.price is None else tr.money(period.price)
    head = tr.html("<b>{plan}</b> · {price}", plan=plan_title(period.plan, tr), price=price)
    return Html(f"{head}\n<i>{period_dates(period, tr)}</i>")


def period_dates(period: PeriodView, tr: Translator) -> Html:
    """When it ended, if that was before its time."""
    until = period.closed_at or period.ends_at
    dates = tr.html("{start} – {end}", start=tr.date(period.starts_at), end=tr.date(until))
    early = tr.html(" (ended early)") if period.closed_at is not None else ""
    return Html(f"{dates}{early}")


def bought_plan(bought: PlanBought, tr: Translator) -> Html:
    """For which plan money came."""
    return tr.html("plan “{plan}”", plan=plan_title(bought.plan, tr))


def bought_period(bought: PlanBought, tr: Translator) -> Html:
    """Which of its periods, and from when to when; charged by itself or not."""
    how = tr.gettext("automatic charge") if bought.by_itself else tr.gettext("payment by hand")
    if bought.period is None:
        return tr.html("Period {number}, {how}", number=bought.number, how=how)
    dates = period_dates(bought.period, tr)
    return tr.html("Period {number}, {how}: {dates}", number=bought.number, how=how, dates=dates)


def what_follows(subscription: SubscriptionView, tr: Translator) -> list[Html]:
    """How it stands, and what will be charged: a line each."""
    lines = [standing(subscription, tr)]
    if subscription.next_charge is not None:
        lines.append(moment_of_charge(*subscription.next_charge, tr))
    elif subscription.price is not None and subscription.status is SubscriptionStatus.ACTIVE:
        lines.append(tr.html("Nothing will be charged by itself."))
    return lines


def moment_of_charge(price: Money, at: datetime, tr: Translator) -> Html:
    return tr.html("🔁 Next charge: <b>{price}</b> on {moment}", price=tr.money(price), moment=tr.date_and_time(at))


def _given(allowance: AllowanceView, titles: Titles) -> Html:
    return Html(f"{_amount(allowance.unit, allowance.amount, titles.tr)}{_scope(allowance, titles)}")


def _amount(unit: AllowanceUnit, amount: int, tr: Translator) -> Html:
    words = tr.number(amount, 0)
    if unit is AllowanceUnit.TOKENS:
        return tr.nhtml("{amount} token", "{amount} tokens", amount, amount=words)
    return tr.nhtml("{amount} request", "{amount} requests", amount, amount=words)


def _scope(allowance: AllowanceView | AllowanceLeft, titles: Titles) -> Html:
    """Tokens are of assistants alone."""
    slugs = allowance.slugs
    if not slugs and allowance.unit is AllowanceUnit.TOKENS:
        return titles.tr.html(" to all assistants")
    if not slugs:
        return titles.tr.html(" to all models and assistants")
    named = ", ".join(str(titles.of(slug)) for slug in slugs[:NAMED])
    more = "" if len(slugs) <= NAMED else "…"
    return titles.tr.html(": {models}", models=named + more)
