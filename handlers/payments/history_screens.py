"""A customer's payments: when, how much, and what became of each."""

from collections.abc import Mapping
from uuid import UUID

from db.tables.payments import PaymentStatus
from handlers.kit import buttons
from handlers.kit.context import Viewer
from handlers.telegram.screen import Button, Screen
from i18n.top_up import bought_words, payment_fate, payment_mark
from i18n.translator import Html, Translator
from services.money import Money
from services.pages import Page
from services.payments.queries import PaymentView


def payments_screen(page: Page[PaymentView], sent_back: Mapping[UUID, Money], viewer: Viewer) -> Screen:
    """`sent_back`: what was refunded, by payment. What can still be paid has a button that leads there."""
    tr = viewer.tr
    lines = [_line(payment, sent_back.get(payment.id), tr) for payment in page.items]
    body = "\n\n".join(lines) or tr.html("You have paid nothing yet.")
    rows: list[buttons.Row] = [
        (Button(text=_pay(payment, tr), url=payment.confirmation_url),)
        for payment in page.items
        if payment.status is PaymentStatus.PENDING and payment.confirmation_url is not None
    ]
    turn = buttons.pages_row(tr, page=page.page, pages=page.pages, action=lambda to: f"{buttons.PAYMENTS}:{to}")
    rows += [turn] if turn else []
    rows.append((*((buttons.topup_button(tr),) if viewer.features.payments else ()), buttons.menu_button(tr)))
    return Screen(text="\n\n".join([tr.html("<b>🧾 My payments</b>"), body]), rows=tuple(rows))


def _line(payment: PaymentView, sent_back: Money | None, tr: Translator) -> Html:
    """Two lines: how much and for what; when and what became of it."""
    head = _head(payment, tr)
    return Html(
        f"{head}\n<i>{tr.escape(tr.moment(payment.created_at))}: {tr.escape(payment_fate(payment, sent_back, tr))}</i>"
    )


def _head(payment: PaymentView, tr: Translator) -> Html:
    mark, amount = payment_mark(payment), tr.money(payment.amount)
    if payment.plan_id is not None:
        return tr.html("{mark} <b>{amount}</b>: {what}", mark=mark, amount=amount, what=bought_words(payment))
    return tr.html(
        "{mark} <b>{amount}</b> for {credits}", mark=mark, amount=amount, credits=tr.credits(payment.credits)
    )


def _pay(payment: PaymentView, tr: Translator) -> str:
    return tr.gettext("💳 Pay {amount}", amount=tr.money(payment.amount))
