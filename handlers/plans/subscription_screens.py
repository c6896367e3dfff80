"""One's own subscription: how it stands, what is left of it, its cards and its past."""

from collections.abc import Sequence
from typing import Final

from db.tables.plans import MethodState, SubscriptionStatus
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.plans import (
    NOT_RESUMED,
    PAID_AHEAD,
    agreed_by,
    moment_of_charge,
    period_line,
    plan_title,
    price_offer,
    price_words,
    standing,
    what_is_left,
    why_not_resumed,
)
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.errors import N_
from services.money import Money
from services.pages import Page, page_of
from services.payments.providers.reasons import payment_reason
from services.plans.methods import MethodView
from services.plans.subscriptions import PeriodView, SubscriptionView

CANCEL: Final = "cancel"  # sub:cancel:<hex id>
STOP: Final = "stop"  # sub:stop:<hex id>: the same, after a question
RESUME: Final = "resume"  # sub:resume
STAY: Final = "stay"  # sub:stay: no other plan next
AGREE: Final = "agree"  # sub:agree:<minor units>:<currency>
CARDS: Final = "cards"  # cards:<page>
CARDS_ON_PAGE: Final = 6
CARD_OFF: Final = "card-off"  # card-off:<hex id>[:sure]
SURE: Final = "sure"
PERIODS: Final = "periods"  # periods:<page>
PERIODS_ON_PAGE: Final = 6
PAY_NEXT: Final = N_("💳 Pay for the next period")
STAY_WITH: Final = N_("↩️ Stay with “{plan}”")
KEEP_PRICE: Final = N_("↩️ Keep the present price")
RENEW: Final = N_("🔁 Renew by itself again")
SUBSCRIBE: Final = N_("💳 Subscribe")


def subscription_screen(subscription: SubscriptionView, viewer: Viewer, *, notice: str = "") -> Screen:
    """`notice`: HTML, what was just done."""
    tr = viewer.tr
    head = tr.html("<b>🎟 Your plan: {plan}</b>", plan=plan_title(subscription.plan, tr))
    parts = [notice, head, Html("\n".join(_facts(subscription, tr)))]
    if (offered := subscription.offered_price) is not None:
        parts.append(price_offer(offered, subscription, tr))
    parts.append(_agreements(subscription, tr))
    if lines := what_is_left(subscription, viewer.titles):
        until = tr.html("<b>Left until {date}</b>", date=tr.date(subscription.runs_until))
        parts.append(Html("\n".join([until, *lines])))
    rows = [*_ways_on(subscription, tr)]
    rows.append(
        (
            Button(text=tr.gettext("💳 Saved ways to pay"), action=CARDS),
            periods_button(tr),
        )
    )
    rows.append((buttons.plans_button(tr), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(rows))


def periods_button(tr: Translator) -> Button:
    return Button(text=tr.gettext("🧾 Periods"), action=PERIODS)


def cancel_action(subscription: SubscriptionView) -> str:
    assert subscription.id is not None  # one that is paid or tried
    return f"{buttons.SUBSCRIPTION}:{CANCEL}:{subscription.id.hex}"


def stop_question(subscription: SubscriptionView, tr: Translator) -> Screen:
    """Where a provider charges by itself, who has to be told to stop and is not told to go on."""
    assert subscription.id is not None  # as above
    sure = Button(
        text=tr.gettext("✖️ Cancel it for good"), action=f"{buttons.SUBSCRIPTION}:{STOP}:{subscription.id.hex}"
    )
    parts = [tr.html("Cancel the plan “{plan}”?", plan=plan_title(subscription.plan, tr))]
    if subscription.status is SubscriptionStatus.ACTIVE:
        parts.append(tr.html("It stays until {date}.", date=tr.date(subscription.ends_at)))
    parts.append(tr.html(NOT_RESUMED))
    return Screen(text=Html("\n".join(parts)), rows=((sure,), (buttons.back_button(tr, buttons.SUBSCRIPTION),)))


def remove_question(method: MethodView, tr: Translator) -> Screen:
    """As `stop_question`."""
    sure = Button(text=tr.gettext("✖️ Remove it for good"), action=f"{_off(method)}:{SURE}")
    ask = tr.html("Remove {title}? What is paid stays.", title=method.title)
    text = Html("\n".join([ask, tr.html(NOT_RESUMED)]))
    return Screen(text=text, rows=((sure,), (buttons.back_button(tr, CARDS),)))


def agree_action(price: Money) -> str:
    return f"{buttons.SUBSCRIPTION}:{AGREE}:{price.minor}:{price.currency}"


def agree_words(price: Money, tr: Translator) -> str:
    return tr.gettext("✅ Agree to {price}", price=tr.money(price))


def cards_screen(methods: Sequence[MethodView], viewer: Viewer, *, page: int = 0, notice: str = "") -> Screen:
    tr, shown = viewer.tr, page_of(methods, page, CARDS_ON_PAGE)
    parts = [notice, tr.html("<b>💳 Saved ways to pay</b>")]
    if methods:
        parts.append(Html("\n\n".join(_card(each, tr) for each in shown.items)))
        parts.append(tr.html("A way to pay that you remove is not charged any more. What is paid stays."))
    else:
        parts.append(tr.html("None is saved: nothing can be charged by itself."))
    rows: list[buttons.Row] = [
        (Button(text=cut_plain(tr.gettext("✖️ Remove {title}", title=each.title), BUTTON), action=_off(each)),)
        for each in shown.items
    ]
    turn = buttons.pages_row(tr, page=shown.page, pages=shown.pages, action=lambda to: f"{CARDS}:{to}")
    rows += [turn] if turn else []
    rows.append((buttons.back_button(tr, buttons.SUBSCRIPTION), buttons.menu_button(tr)))
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(rows))


def periods_screen(page: Page[PeriodView], tr: Translator) -> Screen:
    body = "\n\n".join(period_line(each, tr) for each in page.items) or tr.html("There was no period yet.")
    turn = buttons.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: f"{PERIODS}:{to}")
    back = (buttons.back_button(tr, buttons.SUBSCRIPTION), buttons.menu_button(tr))
    head = tr.html("<b>🧾 Periods of your plans</b>")
    return Screen(text=f"{head}\n\n{body}", rows=(*((turn,) if turn else ()), back))


def _facts(subscription: SubscriptionView, tr: Translator) -> list[Html]:
    if subscription.is_free:
        return [standing(subscription, tr)]
    lines = [standing(subscription, tr)]
    if subscription.status is SubscriptionStatus.PAST_DUE:
        lines.append(tr.html("Until it is paid the plan gives nothing."))
    if subscription.decline_reason is not None:
        why = tr.gettext(payment_reason(subscription.decline_reason))
        lines.append(tr.html("The last charge did not go through. {reason}", reason=why))
    if subscription.next_charge is not None:
        lines.append(moment_of_charge(*subscription.next_charge, tr))
        if subscription.method is not None:
            lines.append(tr.html("It is charged from {method}.", method=subscription.method.title))
    elif subscription.cancel_at_period_end:
        lines.append(tr.html("It is canceled: nothing will be charged, and what is paid stays until then."))
    else:
        lines.append(tr.html("Nothing will be charged by itself."))
    if why := why_not_resumed(subscription, tr):
        lines.append(why)
    return [*lines, *_next_plan(subscription, tr)]


def _next_plan(subscription: SubscriptionView, tr: Translator) -> list[Html]:
    scheduled, price = subscription.scheduled, subscription.scheduled_price
    if scheduled is None and subscription.paid_ahead is not None:
        ahead, date = plan_title(subscription.paid_ahead, tr), tr.date(subscription.runs_until)
        return [tr.html(PAID_AHEAD, date=date, plan=ahead)]
    if scheduled is None or price is None:
        return []
    words = tr.html(
        "From {date} on: <b>{plan}</b>, {price}.",
        date=tr.date(subscription.ends_at),
        plan=plan_title(scheduled, tr),
        price=price_words(price, scheduled.months, tr),
    )
    return [words]


def _agreements(subscription: SubscriptionView, tr: Translator) -> Html:
    """What each button lets the shop charge by itself, in words that are kept."""
    lines, present, charged = [], subscription.last_price, subscription.is_charged_here
    to_come = subscription.scheduled_price or present
    if subscription.can_resume and to_come is not None:
        lines.append(agreed_by(tr.gettext(RENEW), to_come, subscription.next_plan.months, tr))
    if charged and (offered := subscription.offered_price) is not None:
        lines.append(agreed_by(agree_words(offered, tr), offered, subscription.plan.months, tr))
    if charged and subscription.scheduled is not None and present is not None:
        lines.append(agreed_by(_stay_words(subscription, tr), present, subscription.last_plan.months, tr))
    return Html("\n".join(lines))


def _stay_words(subscription: SubscriptionView, tr: Translator) -> str:
    other = subscription.scheduled is not None and subscription.scheduled.id != subscription.last_plan.id
    words = STAY_WITH if other else KEEP_PRICE
    return cut_plain(tr.gettext(words, plan=plan_title(subscription.last_plan, tr)), BUTTON)


def _ways_on(subscription: SubscriptionView, tr: Translator) -> list[buttons.Row]:
    if subscription.is_free:
        return []
    rows: list[buttons.Row] = []
    if subscription.is_paid_by_hand:
        pay = f"{buttons.PLANS}:{subscription.next_plan.id}"
        words = SUBSCRIBE if subscription.status is SubscriptionStatus.TRIALING else PAY_NEXT
        rows.append((Button(text=tr.gettext(words), action=pay),))
    if subscription.can_resume:
        rows.append((Button(text=tr.gettext(RENEW), action=f"{buttons.SUBSCRIPTION}:{RESUME}"),))
    if (offered := subscription.offered_price) is not None:
        rows.append((Button(text=agree_words(offered, tr), action=agree_action(offered)),))
    if subscription.scheduled is not None:
        stay = _stay_words(subscription, tr)
        rows.append((Button(text=stay, action=f"{buttons.SUBSCRIPTION}:{STAY}"),))
    if subscription.can_cancel:
        rows.append((Button(text=tr.gettext("✖️ Cancel the subscription"), action=cancel_action(subscription)),))
    return rows


def _card(method: MethodView, tr: Translator) -> Html:
    name = Html(f"<b>{tr.escape(method.title)}</b>")
    if method.state is MethodState.REFUSED:
        refused = tr.html("⚠️ It was refused for good and is not charged any more.")
        name = Html(f"{name}\n{refused}")
    agreed = str(method.consent.get("text", ""))
    since = tr.html("Since {date}. You agreed: {consent}", date=tr.date(method.created_at), consent=agreed)
    return Html(f"{name}\n<i>{since}</i>")


def _off(method: MethodView) -> str:
    return f"{CARD_OFF}:{method.id.hex}"
