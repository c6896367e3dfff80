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
from services.plans.plans import AllowanceView, PlanView
from services.plans.subscriptions import PeriodView, SubscriptionView

WAYS: Final = {
    "yookassa": N_("💳 YooKassa"),
    "cloudpayments": N_("💳 CloudPayments"),
    "stars": N_("⭐ Stars"),
}
NAMED: Final = 4  # models of an allowance that are told by name


def way_title(provider: str, tr: Translator) -> str:
    """Of a way to pay, for a button."""
    return tr.gettext(WAYS[provider]) if provider in WAYS else provider


def plan_title(plan: PlanView, tr: Translator) -> str:
    return tr.pick(plan.title) or plan.name


def price_words(price: Money, months: int, tr: Translator) -> str:
    """Of a period: `490 ₽ a month`."""
    return tr.ngettext("{price} a month", "{price} for {n} months", months, price=tr.money(price))


def plan_paid(payment: PaymentView, tr: Translator) -> Html:
    """As the payment calls it, in the customer's language."""
    what = payment.provider_text or payment.description
    return tr.html("✅ Paid: <b>{amount}</b>. {what}", amount=tr.money(payment.amount), what=what)


def gives(plan: PlanView, titles: Titles) -> list[Html]:
    """A line each."""
    tr, lines = titles.tr, []
    if plan.credits:
        lines.append(tr.html("<b>{credits}</b> a period", credits=tr.credits(plan.credits)))
    lines += [_given(each, titles) for each in plan.allowances]
    if plan.discount_percent:
        lines.append(tr.html("packages {percent}% cheaper", percent=plan.discount_percent))
    return [Html(f"• {line}") for line in lines]


def left(allowance: AllowanceLeft, titles: Titles) -> Html:
    """What of it is not used yet."""
    tr = titles.tr
    what = _amount(allowance.unit, allowance.amount, tr)
    line = tr.html("{left} of {what}", left=tr.number(allowance.left, 0), what=what)
    return Html(f"• {line}{_scope(allowance.slugs, titles)}")


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
    until = period.closed_at if _ended_early(period) else period.ends_at
    dates = tr.html("{start} – {end}", start=tr.date(period.starts_at), end=tr.date(until or period.ends_at))
    early = tr.html(" (ended early)") if _ended_early(period) else ""
    return Html(f"{head}\n<i>{dates}{early}</i>")


def moment_of_charge(price: Money, at: datetime, tr: Translator) -> Html:
    return tr.html("🔁 Next charge: <b>{price}</b> on {moment}", price=tr.money(price), moment=tr.moment(at))


def _ended_early(period: PeriodView) -> bool:
    return period.closed_at is not None


def _given(allowance: AllowanceView, titles: Titles) -> Html:
    return Html(f"{_amount(allowance.unit, allowance.amount, titles.tr)}{_scope(allowance.slugs, titles)}")


def _amount(unit: AllowanceUnit, amount: int, tr: Translator) -> Html:
    words = tr.number(amount, 0)
    if unit is AllowanceUnit.TOKENS:
        return tr.nhtml("{amount} token", "{amount} tokens", amount, amount=words)
    return tr.nhtml("{amount} request", "{amount} requests", amount, amount=words)


def _scope(slugs: tuple[str, ...], titles: Titles) -> Html:
    if not slugs:
        return titles.tr.html(" to all models")
    named = ", ".join(str(titles.of(slug)) for slug in slugs[:NAMED])
    more = "" if len(slugs) <= NAMED else "…"
    return titles.tr.html(": {models}", models=named + more)
