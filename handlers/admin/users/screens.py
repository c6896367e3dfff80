"""Customers: finding them, and the card of one."""

from collections.abc import Sequence

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.kit.context import Viewer
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.history import MARKS
from i18n.payments import PAYMENT_MARKS, money_list
from i18n.people import ROLE_NAMES, name_of, number_of, plain_name
from i18n.plans import plan_title, what_follows
from i18n.text import cut_plain
from i18n.titles import Titles
from i18n.translator import Html, Translator
from services.payments.queries import PaymentView
from services.plans.subscriptions import SubscriptionView
from services.users.search import PredictionLine, UserCard, UserLine


def find_question(tr: Translator, *, problem: str = "") -> Screen:
    text = tr.html(
        "<b>👥 Customers</b>\n\nWhom shall I find? Send #12 (the number in the shop), a Telegram id, @name, an "
        "e-mail or a part of a name."
    )
    return question("" if problem else text, tr, back=names.PANEL, problem=problem)


def found_screen(found: Sequence[UserLine], tr: Translator) -> Screen:
    rows = [(Button(text=_button(each, tr), action=names.action(names.USER, each.id)),) for each in found]
    back = (keyboards.back_button(tr, names.USERS), panel_button(tr))
    return Screen(text=tr.html("Several people fit. Whom do you mean?"), rows=(*rows, back))


def card_screen(
    card: UserCard, subscription: SubscriptionView | None, viewer: Viewer, *, role: Role, notice: str = ""
) -> Screen:
    """`role`: the viewer's; `notice`: HTML."""
    tr = viewer.tr
    parts = [_who(card, tr), _money(card, tr), _when(card, tr)]
    if subscription is not None:
        head = tr.html("Plan: <b>{plan}</b>", plan=plan_title(subscription.plan, tr))
        parts.insert(2, Html("\n".join([head, *what_follows(subscription, tr)])))
    if card.predictions:
        lines = [_prediction(each, viewer.titles) for each in card.predictions]
        parts.append(Html("\n".join([tr.html("<b>Last predictions</b>"), *lines])))
    if card.payments:
        lines = [payment_line(each, tr) for each in card.payments]
        parts.append(Html("\n".join([tr.html("<b>Last payments</b>"), *lines])))
    rows = [*_actions(card, tr), (keyboards.back_button(tr, names.USERS), panel_button(tr))]
    if role is Role.MODERATOR:
        rows = rows[-1:]
    if role is Role.OWNER and card.role is not Role.OWNER and card.telegram_id is not None:
        rows.insert(-1, (Button(text=tr.gettext("🔑 Role"), action=names.action(names.ROLE, card.telegram_id)),))
    if role is Role.OWNER and card.factor_on:
        turn_off = names.action(names.USER, card.id, names.FACTOR)
        rows.insert(-1, (Button(text=tr.gettext("🔓 Second factor lost"), action=turn_off),))
    return Screen(text=notice_first(notice, *parts), rows=tuple(rows))


def payment_line(payment: PaymentView, tr: Translator) -> Html:
    return tr.html(
        "{mark} {moment} · {amount}",
        mark=PAYMENT_MARKS[payment.status],
        moment=tr.short_moment(payment.created_at),
        amount=tr.money(payment.amount),
    )


def _actions(card: UserCard, tr: Translator) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.USER, card.id, verb))

    switch = (
        button(tr.gettext("✅ Open the shop to them"), names.ON)
        if card.disabled
        else button(tr.gettext("⛔ Disable"), names.OFF)
    )
    audit_log = Button(text=tr.gettext("📜 What was done"), action=names.action(names.AUDIT_LOG, 0, card.id))
    return [
        (button(tr.gettext("➕ Give credits"), names.GIVE), button(tr.gettext("➖ Take credits"), names.TAKE)),
        (button(tr.gettext("✉️ Write"), names.WRITE), switch) if card.can_be_told else (switch,),
        (audit_log,),
    ]


def _button(user: UserLine, tr: Translator) -> str:
    mark = "⛔ " if user.disabled else ""
    called = f" @{user.username}" if user.username else ""
    return cut_plain(f"{mark}#{user.id} {plain_name(user, tr)}{called} · {tr.amount(user.balance)}", BUTTON)


def _who(card: UserCard, tr: Translator) -> Html:
    lines = [
        Html(f"👤 {name_of(card, tr)}"),
        Html(f"{number_of(card, tr)} · {tr.escape(card.language)}"),
    ]
    addresses = dict.fromkeys(each for each in (card.login, card.email) if each)
    lines += [tr.html("E-mail: {email}", email=address) for address in addresses]
    if card.role is not None:
        lines.append(tr.html("Role: <b>{role}</b>", role=tr.gettext(ROLE_NAMES[card.role])))
    return Html("\n".join(lines))


def _money(card: UserCard, tr: Translator) -> Html:
    return Html(
        "\n".join(
            [
                tr.html("Balance: <b>{credits}</b>", credits=tr.credits(card.balance)),
                tr.html("Spent: {credits}", credits=tr.credits(card.spent)),
                tr.html("Paid: {amount}", amount=money_list(card.paid, tr)),
            ]
        )
    )


def _when(card: UserCard, tr: Translator) -> Html:
    lines = [
        tr.html("First seen: {moment}", moment=tr.moment(card.created_at)),
        tr.html("Last seen: {moment}", moment=tr.moment(card.last_seen_at)),
    ]
    if card.blocked_at is not None:
        lines.append(tr.html("🚫 Has blocked the bot since {moment}", moment=tr.moment(card.blocked_at)))
    if card.disabled_at is not None:
        lines.append(tr.html("⛔ Disabled since {moment}", moment=tr.moment(card.disabled_at)))
    return Html("\n".join(lines))


def _prediction(line: PredictionLine, titles: Titles) -> Html:
    tr = titles.tr
    mark, _ = MARKS[line.status]
    return tr.html(
        "{mark} {moment} · {model} · {price}",
        mark=mark,
        moment=tr.short_moment(line.created_at),
        model=titles.of(line.model_slug),
        price=tr.amount(line.price),
    )
