"""One order paid in two windows, at a site where some payments are held and some are taken at once."""

from uuid import uuid4

import pytest
from sqlalchemy import select

from db.base import AnyRow, table_of
from db.tables.payments import PaymentStatus, StrayPayment
from services.money import rub
from services.payments.providers.cloudpayments.notifications import NotificationKind, event_of
from services.payments.queries import payments
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from tests.support.cloudpayments_site import CloudPaymentsSite, Json, open_till
from tests.support.faults import Fault
from tests.support.tills import RETURN_URL, Cashier


class Order:
    """Of 300.00, and what is told of its tries."""

    def __init__(self, quick: Cashier) -> None:
        self.quick, self.id = quick, uuid4()
        self.site = CloudPaymentsSite(clock=quick.clock)
        self.till: Payments = open_till(quick.db, quick.clock, self.site)

    async def begin(self) -> None:
        await self.till.topup.start(
            TopUpRequest(
                id=self.id,
                user_id=await self.quick.customer(),
                amount=rub(300_00),
                email="anna@example.com",
                return_url=RETURN_URL,
            )
        )

    def tried(self, *, held: bool = False, declined: bool = False) -> Json:
        self.site.holds = held
        return self.site.tries(str(self.id), declined=declined)

    async def told_of(self, transaction: Json) -> None:
        number = {"TransactionId": str(transaction["TransactionId"])}
        await self.till.events.keep(event_of(NotificationKind.PAY, number))
        await self.till.events.handle_due()

    async def rounds(self) -> None:
        for _ in range(3):
            self.quick.clock.advance(hours=2)
            await self.till.reconciler.round(everything=True)

    async def row(self) -> AnyRow:
        return await self.quick.db.read(
            lambda session: session.execute(select(payments).where(payments.c.id == self.id)).one()
        )

    async def outcome(self) -> tuple[str, str, list[str]]:
        """Its status, what paid it, and what was paid for nothing."""
        row, strays = await self.row(), select(table_of(StrayPayment).c.charge_id)
        kept = await self.quick.db.read(lambda session: list(session.scalars(strays)))
        return row.status, row.charge_id, kept


@pytest.fixture
async def order(quick: Cashier) -> Order:
    order = Order(quick)
    await order.begin()
    return order


async def test_what_was_taken_counts_after_a_hold_was_let_go(order: Order) -> None:
    taken, held = order.tried(), order.tried(held=True)
    order.site.faults.extend([None, Fault.LOST])
    await order.told_of(held)
    assert (await order.row()).status == PaymentStatus.WAITING_FOR_CAPTURE
    order.site.void(held)
    await order.told_of(held)
    await order.rounds()
    assert await order.outcome() == (PaymentStatus.SUCCEEDED, str(taken["TransactionId"]), [])


async def test_what_is_held_is_taken_after_a_try_in_vain(order: Order) -> None:
    held, _ = order.tried(held=True), order.tried(declined=True)
    await order.rounds()
    assert held["Status"] == "Completed"
    assert await order.outcome() == (PaymentStatus.SUCCEEDED, str(held["TransactionId"]), [])


async def test_of_two_that_are_held_one_counts(order: Order) -> None:
    first, second = order.tried(held=True), order.tried(held=True)
    await order.told_of(second)
    await order.told_of(first)
    await order.rounds()
    assert (first["Status"], second["Status"]) == ("Authorized", "Completed")
    assert await order.outcome() == (PaymentStatus.SUCCEEDED, str(second["TransactionId"]), [])
