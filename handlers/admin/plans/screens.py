"""Plans as those who run the shop see them: the list with what they bring, one of them, how it is typed."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import confirmation, notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.people import name_of, plain_name
from i18n.plans import gives, offered_lines, plan_title, trial_lines, what_follows
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.pages import Page
from services.payments.providers.reasons import payment_reason
from services.payments.providers.titles import provider_title
from services.plans.plan_offer import PlanOffer
from services.plans.plan_text import EXAMPLE, plan_text
from services.plans.plans import PlanView
from services.plans.reports import FailedRenewal, PlanCounts, PlanNumbers
from services.plans.subscriptions import SubscriptionView
from services.users.search import UserLine

MOST_TYPED: Final = 3500  # characters of a plan that one message may still be about


def plans_screen(page: Page[PlanView], numbers: PlanNumbers, tr: Translator, *, role: Role) -> Screen:
    counts = {each.plan.id: each for each in numbers.plans}
    lines = [_counts_line(each, counts.get(each.id), tr) for each in page.items]
    rows: list[keyboards.Row] = [(_button(each, tr),) for each in page.items]
    turn = keyboards.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: names.action(names.PLANS, to))
    rows += [turn] if turn else []
    if role is not Role.MODERATOR:
        rows.append((Button(text=tr.gettext("➕ New plan"), action=names.action(names.PLANS, names.NEW)),))
    failed = Button(text=tr.gettext("⚠️ Failed renewals"), action=names.action(names.PLANS, names.FAILED))
    who = Button(text=tr.gettext("👥 Subscribers"), action=names.action(names.PLANS, names.SUBSCRIBERS))
    rows += [(who,), (failed,), (panel_button(tr),)]
    body = Html("\n".join(lines)) or tr.html("There are none yet.")
    return Screen(text=notice_first("", tr.html("<b>🎟 Plans</b>"), _numbers(numbers, tr), body), rows=tuple(rows))


def plan_screen(plan: PlanView, viewer: Viewer, *, role: Role, notice: str = "") -> Screen:
    tr = viewer.tr
    state = tr.html("🟢 On sale") if plan.enabled else tr.html("⚪ Taken off the menu")
    head = Html(f"<b>🎟 {tr.escape(plan_title(plan, tr))}</b> · {tr.escape(_prices(plan, tr))}")
    told = [*gives(plan, viewer.titles), *trial_lines(plan, tr)]
    text = notice_first(notice, head, "\n".join(told), state)
    rows = [*_actions(plan, tr), (keyboards.back_button(tr, names.PLANS), panel_button(tr))]
    return Screen(text=text, rows=tuple(rows[-1:] if role is Role.MODERATOR else rows))


def text_question(tr: Translator, *, plan: PlanView | None = None, problem: str = "") -> Screen:
    """All of a plan in one message. `problem`: HTML."""
    typed = EXAMPLE if plan is None else plan_text(PlanOffer.of(plan))
    back = names.PLANS if plan is None else names.action(names.PLAN, plan.id)
    if len(typed) > MOST_TYPED:
        long = tr.html("⚠️ This plan says more than one message holds. Please change it in the panel on the web.")
        return question(long, tr, back=back)
    now = Html(f"<pre>{tr.escape(typed)}</pre>")
    ask = tr.html(
        "Send the plan in one message, a line for each part. Without “roubles” and “stars” it is free. "
        "Who has it already keeps what was paid, and the price."
    )
    return question(f"{ask}\n\n{now}", tr, back=back, problem=problem)


def new_confirmation(offer: PlanOffer, nonce: str, viewer: Viewer) -> Screen:
    """As customers will see it."""
    tr = viewer.tr
    ask = tr.html("Put this plan on sale? So customers see it:")
    text = notice_first("", ask, "\n".join(offered_lines(offer, viewer.titles)))
    return confirmation(text, tr, yes=tr.gettext("✅ Put on sale"), nonce=nonce, back=names.PLANS)


def subscribers_screen(page: Page[SubscriptionView], customers: Mapping[int, UserLine], tr: Translator) -> Screen:
    """Each with the way to their card."""
    lines = [_subscriber_line(each, customers[each.user_id], tr) for each in page.items]
    rows: list[keyboards.Row] = [
        (
            Button(
                text=cut_plain(f"{plain_name(customers[each.user_id], tr)} · {plan_title(each.plan, tr)}", BUTTON),
                action=names.action(names.USER, each.user_id),
            ),
        )
        for each in page.items
    ]
    turn = keyboards.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda to: names.action(names.PLANS, names.SUBSCRIBERS, to)
    )
    rows += [turn] if turn else []
    head, body = tr.html("<b>👥 Subscribers</b>"), "\n\n".join(lines) or tr.html("There are none.")
    return Screen(
        text=notice_first("", head, body),
        rows=(*rows, (keyboards.back_button(tr, names.PLANS), panel_button(tr))),
    )


def failed_screen(
    page: Page[FailedRenewal], reasons: Sequence[tuple[str, int]], customers: Mapping[int, UserLine], tr: Translator
) -> Screen:
    common = [
        tr.html("{count} × {reason}", count=n, reason=tr.gettext(payment_reason(code))) for code, n in reasons[:5]
    ]
    lines = [_failed_line(each, customers[each.user_id], tr) for each in page.items] or [tr.html("There are none.")]
    turn = keyboards.pages_row(
        tr, page=page.page, pages=page.pages, action=lambda to: names.action(names.PLANS, names.FAILED, to)
    )
    back = (keyboards.back_button(tr, names.PLANS), panel_button(tr))
    text = notice_first("", tr.html("<b>⚠️ Failed renewals</b>"), "\n".join(common), "\n\n".join(lines))
    return Screen(text=text, rows=(*((turn,) if turn else ()), back))


def _numbers(numbers: PlanNumbers, tr: Translator) -> Html:
    monthly = ", ".join(tr.money(each) for each in numbers.monthly) or "0"
    lines = [tr.html("A month brings: <b>{sums}</b>, of plans that are renewed by themselves", sums=monthly)]
    if numbers.churn is not None:
        share = tr.number(numbers.churn / 100, 2)
        lines.append(
            tr.html(
                "Left in 30 days: {left} of {all} ({share}%)", left=numbers.left, all=numbers.paying_before, share=share
            )
        )
    return Html("\n".join(lines))


def _counts_line(plan: PlanView, counts: PlanCounts | None, tr: Translator) -> Html:
    title = plan_title(plan, tr)
    if counts is None:
        return tr.html("{plan}: free", plan=title)
    return tr.html(
        "{plan}: {active} pay, {trying} try, {late} are past due",
        plan=title,
        active=counts.active,
        trying=counts.trialing,
        late=counts.past_due,
    )


def _subscriber_line(subscription: SubscriptionView, customer: UserLine, tr: Translator) -> Html:
    """Who has which plan; how it stands, and what comes next."""
    title = plan_title(subscription.plan, tr)
    next_plan = subscription.scheduled
    if next_plan is not None and next_plan.id != subscription.plan.id:
        title = f"{title} → {plan_title(next_plan, tr)}"
    who = tr.html("{name} · {plan}", name=name_of(customer, tr), plan=title)
    lines = [who, *what_follows(subscription, tr)]
    if subscription.provider is not None:
        through = tr.html("Through {provider}", provider=tr.gettext(provider_title(subscription.provider)))
        canceled = tr.html(" · canceled") if subscription.cancel_at_period_end else ""
        lines.append(Html(f"{through}{canceled}"))
    return Html("\n".join(lines))


def _failed_line(failed: FailedRenewal, customer: UserLine, tr: Translator) -> Html:
    return tr.html(
        "<b>{amount}</b> · {plan} · {name} #{user}\n<i>{moment}: {reason}</i>",
        amount=tr.money(failed.amount),
        plan=tr.pick(failed.plan_title),
        name=name_of(customer, tr),
        user=failed.user_id,
        moment=tr.moment(failed.at),
        reason=tr.gettext(payment_reason(failed.reason)),
    )


def _actions(plan: PlanView, tr: Translator) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.PLAN, plan.id, verb))

    switch = (
        (tr.gettext("⚪ Take off the menu"), names.OFF) if plan.enabled else (tr.gettext("🟢 Put on sale"), names.ON)
    )
    rows: list[keyboards.Row] = [(button(tr.gettext("✏️ Change"), names.WRITE),), (button(*switch),)]
    rows.append((button(tr.gettext("⬆️ Higher"), names.UP), button(tr.gettext("⬇️ Lower"), names.DOWN)))
    if not plan.is_free:
        rows.append((button(tr.gettext("💬 Offer this price to subscribers"), names.PRICE),))
    return rows


def _prices(plan: PlanView, tr: Translator) -> str:
    return ", ".join(tr.money(each) for each in plan.prices.values()) or tr.gettext("free")


def _button(plan: PlanView, tr: Translator) -> Button:
    mark, price = "🟢" if plan.enabled else "⚪", _prices(plan, tr)
    title = cut_plain(plan_title(plan, tr), BUTTON - len(price) - 6)
    return Button(text=f"{mark} {title} · {price}", action=names.action(names.PLAN, plan.id))
