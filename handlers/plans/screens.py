"""Plans compared, and one of them with what it asks for."""

from collections.abc import Sequence
from secrets import token_urlsafe
from typing import Final

from db.tables.currencies import Currency
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.plans.offers import PlanOptions, PlanStep
from handlers.plans.subscription_screens import periods_button
from handlers.telegram.limits import BUTTON, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.plans import (
    agreed_by,
    gives,
    next_period,
    plan_title,
    price_words,
    saved_terms,
    saved_words,
    standing,
    way_title,
)
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.plans.checkout import PlanWay
from services.plans.consent import consent_text
from services.plans.plans import PlanView
from services.plans.subscriptions import SubscriptionView

BUY: Final = "plan-buy"  # plan-buy:<id>:<provider>:<keep|once|s and a saved way's digits>:<minor units>:<nonce>:<terms>
KEEP, ONCE, SAVED = "keep", "once", "s"
SAVED_DIGITS: Final = 6  # of its id: an action has 64 bytes
TAKE: Final = "plan-take"  # plan-take:<id>: for the next period
TRY: Final = "plan-try"  # plan-try:<id>
PLANS_SHOWN: Final = 12


def plans_screen(
    plans: Sequence[PlanView],
    currencies: Sequence[str],
    subscription: SubscriptionView | None,
    viewer: Viewer,
    *,
    notice: str = "",
    past: bool = False,
) -> Screen:
    """`currencies`: that can be paid here. `notice`: HTML, what was just done or came to nothing. `past`: there were
    periods, and there is no subscription now."""
    tr = viewer.tr
    own = (buttons.subscription_button(tr),) if subscription is not None else (periods_button(tr),) if past else ()
    if not plans:
        none = tr.html("No plans are sold right now.")
        return Screen(text="\n\n".join(filter(None, (notice, none))), rows=((*own, buttons.menu_button(tr)),))
    parts = [notice, tr.html("<b>🎟 Plans</b>")]
    if subscription is not None:
        mine = tr.html("Your plan: <b>{plan}</b>.", plan=plan_title(subscription.plan, tr))
        parts.append(mine if subscription.is_free else f"{mine} {standing(subscription, tr)}")
    parts += [_plan_lines(each, currencies, viewer) for each in plans[:PLANS_SHOWN]]
    parts.append(tr.html("<i>What a plan gives is for its period and ends with it. Cancel at any time.</i>"))
    rows: list[buttons.Row] = [
        (_plan_button(each, currencies, subscription, tr),) for each in plans[:PLANS_SHOWN] if not each.is_free
    ]
    rows.append((*own, buttons.menu_button(tr)))
    return Screen(text=cut("\n\n".join(part for part in parts if part), TEXT), rows=tuple(rows))


def plan_screen(offer: PlanOptions, viewer: Viewer, *, way: PlanWay | None = None) -> Screen:
    """`way`: as it will be paid; without one it is chosen here."""
    tr, plan = viewer.tr, offer.plan
    description = tr.pick(plan.description) if plan.description else ""
    head = Html(f"<b>🎟 {tr.escape(plan_title(plan, tr))}</b>")
    parts = [head, tr.escape(cut_plain(description, 1000)), "\n".join(gives(plan, viewer.titles))]
    parts += _change(offer, tr)
    rows: list[buttons.Row] = []
    if offer.trial:
        rows.append((_trial_button(plan, tr),))
    for each in offer.ways if way is None else (way,):
        parts += _saved_terms(each, plan, tr)
        rows += _saved_rows(each, plan, tr)
    if way is not None:
        parts.append(_terms(way, plan, tr))
        rows += _pay_rows(way, plan, tr)
    elif offer.ways:
        parts.append(tr.html("How shall it be paid?"))
        rows += [(_way_button(each, plan, tr),) for each in offer.ways]
    elif offer.step in (PlanStep.NOW, PlanStep.NEXT):
        parts.append(tr.html("It cannot be paid here right now."))
    if offer.step is PlanStep.LATER and (quote := offer.quote) is not None:
        take, price = tr.gettext("✅ Change to this plan"), quote.price
        if offer.subscription is not None and offer.subscription.is_charged_here:
            parts.append(agreed_by(take, price, plan.months, tr))
        rows.append((Button(text=take, action=f"{TAKE}:{plan.id}:{price.minor}:{price.currency}"),))
    back = buttons.PLANS if way is None or len(offer.ways) < 2 else f"{buttons.PLANS}:{plan.id}"
    rows.append((buttons.back_button(tr, back), buttons.menu_button(tr)))
    return Screen(text=cut("\n\n".join(part for part in parts if part), TEXT), rows=tuple(rows))


def _plan_lines(plan: PlanView, currencies: Sequence[str], viewer: Viewer) -> Html:
    tr = viewer.tr
    prices = _price_words(plan, currencies, tr)
    head = Html(f"<b>{tr.escape(plan_title(plan, tr))}</b> · {tr.escape(prices)}")
    return Html("\n".join([head, *gives(plan, viewer.titles)]))


def _price_words(plan: PlanView, currencies: Sequence[str], tr: Translator) -> str:
    if plan.is_free:
        return tr.gettext("free")
    prices = _payable(plan, currencies)
    if not prices:
        return tr.gettext("cannot be paid here right now")
    others = "".join(tr.gettext(" or {price}", price=tr.money(each)) for each in prices[1:])
    return price_words(prices[0], plan.months, tr) + others


def _payable(plan: PlanView, currencies: Sequence[str]) -> list[Money]:
    return [plan.prices[each] for each in dict.fromkeys(currencies) if each in plan.prices]  # type: ignore[index]


def _plan_button(
    plan: PlanView, currencies: Sequence[str], subscription: SubscriptionView | None, tr: Translator
) -> Button:
    prices = _payable(plan, currencies)
    price = f" · {tr.money(prices[0])}" if prices else ""
    mine = subscription is not None and subscription.plan.id == plan.id
    title = cut_plain(plan_title(plan, tr), BUTTON - len(price) - 2)
    return Button(text=f"{'✓ ' if mine else ''}{title}{price}", action=f"{buttons.PLANS}:{plan.id}")


def _change(offer: PlanOptions, tr: Translator) -> list[Html]:
    """What becomes of what they have."""
    subscription, quote = offer.subscription, offer.quote
    if offer.step is PlanStep.FREE:
        return [tr.html("This plan is everybody's who has no other. Nothing has to be done for it.")]
    if offer.trial:
        days = tr.nhtml("{n} day", "{n} days", offer.plan.trial_days)
        return [tr.html("🎁 It can be tried for {days}: without a card, and it ends by itself.", days=days)]
    if offer.step is PlanStep.LATER and quote is not None:
        begins = tr.html(
            "It begins when your present period ends, on <b>{date}</b>, for {price}. Nothing has to be paid now.",
            date=tr.date(quote.starts_at),
            price=price_words(quote.price, offer.plan.months, tr),
        )
        stops = tr.html(
            "Telegram charges one price alone, so it is told to stop: you will be asked to pay for the new plan then."
        )
        return [begins, stops] if quote.by_hand else [begins]
    if subscription is None or subscription.is_free:
        return []
    if offer.step is PlanStep.NEXT:
        return [standing(subscription, tr), next_period(offer.begins_at, offer.plan, tr)]
    lines = [tr.html("It begins as soon as it is paid, in place of “{plan}”.", plan=plan_title(subscription.plan, tr))]
    if quote is not None and quote.returned:
        back = tr.credits(quote.returned)
        words = N_("What that gives ends then, its credits too. Of its price <b>{credits}</b> come back.")
        lines.append(tr.html(words, credits=back))
    return [Html("\n".join(lines))]


def _terms(way: PlanWay, plan: PlanView, tr: Translator) -> Html:
    by_telegram = way.can_be_kept and way.price.currency == Currency.XTR
    words = price_words(way.price, plan.months, tr, by_telegram=by_telegram)
    price = tr.html("Price: <b>{price}</b>", price=words)
    if not way.can_be_kept:
        once = tr.html("Nothing is charged by itself: pay for the next period if you want it.")
        return Html(f"{price}\n{once}")
    agreed = consent_text(way.price, plan.months, tr.language)
    terms = tr.html("By “Subscribe” you agree: <i>{consent}</i>", consent=agreed)
    return Html(f"{price}\n{terms}")


def _saved_terms(way: PlanWay, plan: PlanView, tr: Translator) -> list[Html]:
    return [] if way.saved is None else [saved_terms(way.saved, way.price, plan.months, tr)]


def _saved_rows(way: PlanWay, plan: PlanView, tr: Translator) -> list[buttons.Row]:
    if way.saved is None:
        return []
    price = f" · {tr.money(way.price)}"
    text = cut_plain(saved_words(way.saved, tr), BUTTON - len(price)) + price
    return [(_pay_button(text, f"{SAVED}{way.saved.id.hex[:SAVED_DIGITS]}", way, plan),)]


def _pay_rows(way: PlanWay, plan: PlanView, tr: Translator) -> list[buttons.Row]:
    price = tr.money(way.price)
    if not way.can_be_kept:
        return [(_pay_button(tr.gettext("💳 Pay {amount}", amount=price), ONCE, way, plan),)]
    return [
        (_pay_button(tr.gettext("🔁 Subscribe · {price}", price=price), KEEP, way, plan),),
        (_pay_button(tr.gettext("One period only · {price}", price=price), ONCE, way, plan),),
    ]


def _pay_button(text: str, how: str, way: PlanWay, plan: PlanView) -> Button:
    """Each is a decision of its own, and another tap on it the same one."""
    shown = f"{way.price.minor}:{token_urlsafe(6)}:{plan.terms}"
    return Button(text=text, action=f"{BUY}:{plan.id}:{way.provider}:{how}:{shown}")


def _way_button(way: PlanWay, plan: PlanView, tr: Translator) -> Button:
    text = f"{way_title(way.provider, tr)} · {tr.money(way.price)}"
    return Button(text=text, action=f"{buttons.PLANS}:{plan.id}:{way.provider}")


def _trial_button(plan: PlanView, tr: Translator) -> Button:
    text = tr.ngettext("🎁 Try for {n} day", "🎁 Try for {n} days", plan.trial_days)
    return Button(text=text, action=f"{TRY}:{plan.id}")
