"""Steps that conversations about money share."""

from db.tables.payments import PaymentStatus
from sandbox.client.person import Person
from sandbox.client.screen import Message
from services.payments.queries import PaymentView
from services.payments.service import Payments
from tests.conversations.stage import Stage


def till_of(stage: Stage) -> Payments:
    till = stage.app.services.payments
    assert till is not None
    return till


async def chooses(person: Person, amount: str = "300 ₽") -> Message:
    """Up to the message with the link."""
    await person.says("/topup")
    await person.sees_button("₽ →")
    await person.presses(amount)
    return await person.sees_button(amount)


async def payments(stage: Stage, person: Person) -> list[PaymentView]:
    """Newest first."""
    return list((await stage.app.services.payment_queries.of_user(await stage.user_id(person))).items)


async def statuses(stage: Stage, person: Person) -> list[PaymentStatus]:
    return [payment.status for payment in await payments(stage, person)]


async def reconcile(stage: Stage) -> None:
    """A round over everything that is not finished, its time come or not."""
    await till_of(stage).reconciler.round(everything=True)
