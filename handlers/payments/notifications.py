"""News of payments, refunds and credits that expire."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from db.tables.payments import PaymentStatus
from handlers.kit.unfinished import Unfinished
from handlers.payments import screens as view
from handlers.payments.outcome_screens import (
    canceled_screen,
    expiring_screen,
    paid_screen,
    plan_paid_screen,
    refunded_screen,
)
from handlers.payments.screens import payment_screen
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Translator
from services.clock import Clock
from services.container import Services
from services.notifications.kinds.credits import CreditsExpire
from services.notifications.kinds.payments import PaymentNews, RefundSucceeded
from services.notifications.message_ref import message_of, thread_of
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.payments.news import Fact
from services.payments.queries import PaymentView

IN_PLACE = timedelta(hours=1)  # as long as the link lives; later nobody looks so far up
Leaves = Callable[[Notification], Awaitable[Unfinished]]  # what its customer has left unfinished


def presenters(services: Services, clock: Clock, leaves: Leaves) -> dict[str, Present]:
    return {
        **_payment(services, clock, leaves),
        **_refund(services),
        **_expiring(services),
    }


def _payment(services: Services, clock: Clock, leaves: Leaves) -> dict[str, Present]:
    async def present(news: PaymentNews, notification: Notification, tr: Translator) -> Rendered | None:
        """What has been overtaken by other news is not told, and who left a payment does not miss it."""
        payment = await services.payment_queries.get(news.payment_id)
        left = await leaves(notification)
        if news.look:
            return await _look(services, payment, tr, left=left)
        screen: Screen
        match news.fact, payment.status:
            case Fact.READY, PaymentStatus.PENDING if payment.confirmation_url is not None:
                screen = payment_screen(payment, tr)
            case Fact.SUCCEEDED, PaymentStatus.SUCCEEDED:
                screen = await _paid(services, payment, notification.user_id, tr, left=left)
            case Fact.CANCELED, PaymentStatus.CANCELED if message_of(payment.shown_in) is not None:
                screen = canceled_screen(payment, tr, left=left)
            case _:
                return None
        late = clock() - payment.created_at > IN_PLACE
        place = payment.shown_in
        if view.is_invoice(payment):
            return Rendered(screen=screen, instead_of=message_of(place), thread_id=thread_of(place))
        return Rendered(screen=screen, into=message_of(place), aloud=late, thread_id=thread_of(place))

    return presenting(PaymentNews, present)


async def _look(services: Services, payment: PaymentView, tr: Translator, *, left: Unfinished) -> Rendered | None:
    """What its message should show, unless the news came as a message of its own."""
    if view.is_invoice(payment):
        return None
    if message_of(payment.shown_in) is None or (payment.paid_at or payment.created_at) - payment.created_at > IN_PLACE:
        return None
    screen = await standing_screen(services, payment, tr, left=left)
    return Rendered(screen=screen, into=message_of(payment.shown_in), told=True)


async def standing_screen(services: Services, payment: PaymentView, tr: Translator, *, left: Unfinished) -> Screen:
    """The payment as it stands."""
    if payment.is_open:
        return payment_screen(payment, tr)
    if payment.status is PaymentStatus.CANCELED:
        return canceled_screen(payment, tr, left=left)
    return await _paid(services, payment, payment.user_id, tr, left=left)


async def _paid(services: Services, payment: PaymentView, user_id: int, tr: Translator, *, left: Unfinished) -> Screen:
    if payment.plan_id is not None:
        return plan_paid_screen(payment, await services.subscriptions.of(user_id), tr, left=left)
    user = await services.users.get(user_id)
    return paid_screen(payment, tr, balance=user.balance, left=left)


def _refund(services: Services) -> dict[str, Present]:
    async def present(news: RefundSucceeded, notification: Notification, tr: Translator) -> Rendered | None:
        refund = await services.payment_queries.refund(news.refund_id)
        if refund is None:
            return None
        user = await services.users.get(notification.user_id)
        payment = await services.payment_queries.get(refund.payment_id)
        bought = await services.subscriptions.bought_by(payment)
        return Rendered(screen=refunded_screen(refund, bought, tr, balance=user.balance, ended=news.ended))

    return presenting(RefundSucceeded, present)


def _expiring(services: Services) -> dict[str, Present]:
    async def present(news: CreditsExpire, notification: Notification, tr: Translator) -> Rendered | None:
        lot = await services.reminders.lot(news.lot_id)
        return None if lot is None else Rendered(screen=expiring_screen(lot, tr))

    return presenting(CreditsExpire, present)
