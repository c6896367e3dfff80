"""What comes by itself, in words: the same in the chat and in letters. Each item is a paragraph or a line."""

from datetime import timedelta
from typing import Final

from db.tables.currencies import Currency
from i18n.payments import what_refund_ended
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from services.billing.statement import Expiring
from services.errors import N_
from services.notifications.kinds.admins import CreditsChanged
from services.notifications.kinds.identity import AccountsMerged, EmailLinked, SecondFactorChanged, TelegramLinked
from services.notifications.kinds.payments import RefundEnds
from services.notifications.kinds.webhooks import WebhookOff
from services.payments.queries import PaymentView, RefundView
from services.plans.subscriptions import PlanBought


def credits_changed(news: CreditsChanged, tr: Translator) -> tuple[Html, ...]:
    given = news.amount > 0
    what = (
        tr.html("🎁 The shop gave you <b>{credits}</b>.", credits=tr.credits(news.amount))
        if given
        else tr.html("The shop took back <b>{credits}</b>.", credits=tr.credits(-news.amount))
    )
    return (what, tr.html("Reason: {reason}", reason=news.reason), balance_line(news.balance, tr))


def paid(payment: PaymentView, tr: Translator, *, balance: int) -> tuple[Html, ...]:
    what = tr.html(
        "✅ Paid: <b>{amount}</b>, {credits} added.",
        amount=tr.money(payment.amount),
        credits=tr.credits(payment.credits),
    )
    until: tuple[Html, ...] = ()
    if payment.valid_days is not None and payment.paid_at is not None:
        end = payment.paid_at + timedelta(days=payment.valid_days)
        until = (tr.html("They are valid until {date}.", date=tr.date(end)),)
    return (what, *until, balance_line(balance, tr))


SENT_BACK: Final = {
    Currency.RUB: N_("↩️ <b>{amount}</b> were sent back to you; the bank shows them within some days."),
    Currency.XTR: N_("↩️ <b>{amount}</b> were sent back to you: they are among your Stars again."),
}


def refunded(
    refund: RefundView, bought: PlanBought | None, tr: Translator, *, balance: int, ended: RefundEnds
) -> tuple[Html, ...]:
    """`bought`: of a plan."""
    what = tr.html(SENT_BACK[Currency(refund.amount.currency)], amount=tr.money(refund.amount))
    taken: tuple[Html, ...] = ()
    if refund.credits_taken:
        taken = (tr.html("{credits} went with them.", credits=tr.credits(refund.credits_taken)),)
    return (what, *taken, *what_refund_ended(bought, ended, tr), balance_line(balance, tr))


def expiring(lot: Expiring, tr: Translator) -> Html:
    return tr.html(
        "⏳ {credits} of your package can be used until {moment}.",
        credits=tr.credits(lot.remaining),
        moment=tr.moment(lot.expires_at),
    )


def balance_line(balance: int, tr: Translator) -> Html:
    return tr.html("💰 Balance: <b>{credits}</b>", credits=tr.credits(balance))


def accounts_merged(news: AccountsMerged, tr: Translator) -> tuple[Html, ...]:
    what = (
        tr.html("🔗 Your two accounts are one now.")
        if news.address is None
        else tr.html(
            "🔗 Your two accounts are one now: you come in by Telegram and by <b>{address}</b>.", address=news.address
        )
    )
    over = tr.html("{credits} came over, with all predictions and conversations.", credits=tr.credits(news.amount))
    return (what, over, balance_line(news.balance, tr))


def telegram_linked(news: TelegramLinked, tr: Translator) -> tuple[Html, ...]:
    what = tr.html(
        "🔗 From now on you come to your account by Telegram and by <b>{address}</b>. All that you have is in both "
        "places.",
        address=news.address,
    )
    return (what, balance_line(news.balance, tr), tr.html("If this was not you, write to the shop's owner at once."))


def second_factor_changed(news: SecondFactorChanged, tr: Translator) -> tuple[Html, ...]:
    if news.on:
        what = tr.html("🔐 The second factor of your account is on: {moment}.", moment=tr.moment(news.at))
    elif news.by_shop:
        what = tr.html(
            "🔐 The shop turned off the second factor of your account: {moment}. You were signed out on the web. "
            "Please set it up anew.",
            moment=tr.moment(news.at),
        )
    else:
        what = tr.html("🔐 The second factor of your account is off: {moment}.", moment=tr.moment(news.at))
    return (what, tr.html("If this was not you, write to the shop's owner at once."))


def webhook_off(news: WebhookOff, tr: Translator) -> tuple[Html, ...]:
    what = tr.html("🔌 Your webhook is switched off: <b>{url}</b>", url=cut_plain(news.url, 200))
    why = (
        tr.html("It answered that it is gone (410).")
        if news.gone
        else tr.html("Nothing that was sent there for days has arrived. Switch it on again when it answers.")
    )
    return what, why


def email_linked(news: EmailLinked, tr: Translator) -> tuple[Html, ...]:
    what = tr.html("🔗 From now on you can also sign in on the web by <b>{address}</b>.", address=news.address)
    return (what, tr.html("If this was not you, write to the shop's owner at once."))
