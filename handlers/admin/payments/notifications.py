"""What owners read when money needs them."""

from uuid import UUID

from handlers.admin import buttons as names
from handlers.telegram.delivery import Present, Rendered
from handlers.telegram.screen import Button, Screen
from i18n.payment_troubles import trouble_lines
from i18n.translator import Html, Translator
from services.container import Services
from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.notification import Notification
from services.notifications.presenting import presenting
from services.payments.alerts import PaymentProblem
from services.payments.queries import PaymentNotFound, PaymentView


def presenters(services: Services) -> dict[str, Present]:
    async def present(news: PaymentTrouble, notification: Notification, tr: Translator) -> Rendered:
        payment = await _named(services, news.payment_id)
        return Rendered(
            screen=problem_screen(
                PaymentProblem(news.problem),
                news.detail,
                payment,
                tr,
                provider=news.provider,
                stray_id=news.stray_id,
            )
        )

    return presenting(PaymentTrouble, present)


def problem_screen(
    problem: PaymentProblem,
    detail: str,
    payment: PaymentView | None,
    tr: Translator,
    *,
    provider: str = "",
    stray_id: int | None = None,
) -> Screen:
    """`payment`: the one that it is about, with the way to it; `provider`: whose trouble it is where there is none;
    `stray_id`: the money that can be sent back."""
    parts = trouble_lines(problem, detail, payment, tr, provider=provider)
    look = payment and Button(text=tr.gettext("💰 The payment"), action=names.action(names.PAYMENT, payment.id.hex))
    back = stray_id and Button(text=tr.gettext("↩️ Send back"), action=names.action(names.STRAY, stray_id))
    return Screen(text=Html("\n".join(parts)), rows=tuple((each,) for each in (look, back) if each))


async def _named(services: Services, payment_id: UUID | None) -> PaymentView | None:
    try:
        return None if payment_id is None else await services.payment_queries.get(payment_id)
    except PaymentNotFound:
        return None
