"""Histories of CloudPayments in any order: tries that are declined, several payments of one order, notifications that
are lost, late, repeated and reordered, money that is held, refunds in parts, voids, chargebacks, lost answers, crashes,
two workers, a site that says nothing. After each step the audit holds and nobody has a credit that was not paid; when
the dust has settled what was taken is credited once, kept as a stray, or went back. `PAYMENT_EXAMPLES=500` runs it
longer."""

import asyncio
import os
from collections import deque
from contextlib import suppress
from decimal import Decimal
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule

from db.base import AnyRow
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus, StrayPayment, StrayStatus
from services.billing import ledger
from services.money import rub
from services.payments.providers.base import ResultUnknown
from services.payments.providers.cloudpayments.notifications import CheckCall, NotificationKind, event_of
from services.payments.providers.cloudpayments.question import CheckCode, LastQuestion
from services.payments.refunds.begin import NotRefundable, RefundRequest
from services.payments.service import Payments
from services.payments.strays import Strays
from services.payments.topup import TopUpRequest
from services.users.roles import Staff
from tests.support.cloudpayments_site import CloudPaymentsSite, Json, open_till
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Fault
from tests.support.histories import NO_REFUND, History, live, on_databases
from tests.support.tills import OWNER, RETURN_URL

EXAMPLES = int(os.environ.get("PAYMENT_EXAMPLES", "12"))
STEPS = 30
GONE = ResultUnknown(code="no_answer")

FAULTS = st.sampled_from([None, None, None, *Fault])
WHICH = st.sampled_from([0, 1])
PLACES = st.integers(0, 10**6)
PARTS = st.sampled_from([1, 2, 3, 7])


class CloudPaymentsHistories(History):
    wishes: Bundle[UUID] = Bundle("wishes")

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__(server)
        self.site = CloudPaymentsSite(clock=self.clock)
        self.users = [self.run(self.cashier.customer()) for _ in range(2)]
        self.run(self.cashier.owner())
        self.allowed: list[str] = []
        """Invoices that may be paid: who pays answers the bank's questions as slowly as they like."""
        self.told: list[tuple[NotificationKind, int]] = []
        """Notifications that may come again."""
        self.refund_orders: list[RefundRequest] = []
        self.elsewhere: list[int] = []
        """Transactions of another program."""
        self.tills: list[Payments] = []
        self.restart()

    def restart(self) -> None:
        """Two workers over the same database."""
        for till in self.tills:
            till.accounts.close()
        self.tills = [open_till(self.db, self.clock, self.site) for _ in range(2)]

    @property
    def till(self) -> Payments:
        return self.tills[0]

    @property
    def faults(self) -> deque[Fault | None]:
        return self.site.faults

    def payment(self, wish: UUID) -> AnyRow | None:
        return next((row for row in self.rows(Payment) if row.id == wish), None)

    def chosen(self, place: int) -> Json:
        """A payment there."""
        return self.site.payments[place % len(self.site.payments)]

    def begin(self, which: int, kopecks: int, fault: Fault | None = None) -> UUID:
        order = TopUpRequest(
            id=uuid4(),
            user_id=self.users[which],
            amount=rub(kopecks),
            email="anna@example.com",
            return_url=RETURN_URL,
        )
        self.attempt(self.till.topup.start(order), fault=fault)
        return order.id

    @initialize(target=wishes)
    def open_with_a_payment(self) -> UUID:
        wish = self.begin(0, 300_00)
        self.check(wish, 0)
        self.pay(0, False)
        return wish

    @rule(target=wishes, which=WHICH, kopecks=st.integers(1_00, 400_00), fault=FAULTS)
    def begins(self, which: int, kopecks: int, fault: Fault | None) -> UUID:
        return self.begin(which, kopecks, fault)

    @rule(target=wishes, kopecks=st.integers(1_00, 400_00), windows=st.sampled_from([1, 1, 2]), known=st.booleans())
    def begins_and_pays(self, kopecks: int, windows: int, known: bool) -> UUID:
        """`windows`: in which the page is open."""
        wish = self.begin(1, kopecks)
        for _ in range(windows):
            self.check(wish, 0)
        while str(wish) in self.allowed:
            self.pay(self.allowed.index(str(wish)), False)
        if known:
            self.attempt(self.till.settlement.ask(wish))
        return wish

    @rule(wish=wishes, more=st.sampled_from([0, 0, 0, 1]))
    def check(self, wish: UUID, more: int) -> None:
        """The last question; `more`: kopecks than the order says."""
        if (order := self.site.orders.get(str(wish))) is None:
            return
        amount = rub(int(order["Amount"] * 100) + more)
        asked = CheckCall(invoice=str(wish), account=order["AccountId"], amount=amount)
        code = self.run(LastQuestion(self.till.ctx).answer(asked))
        assert not (more and code is CheckCode.FINE)
        if code is CheckCode.FINE:
            self.allowed.append(str(wish))

    @precondition(lambda self: self.allowed)
    @rule(place=PLACES, declined=st.booleans())
    def pay(self, place: int, declined: bool) -> None:
        """Also what was paid in another window meanwhile."""
        self.site.tries(self.allowed.pop(place % len(self.allowed)), declined=declined)

    @rule(invoice=st.sampled_from(["1234", "", "order 7", "7c1d9e0b-3f1c-4c43-8c8e-6f1f4f5f0c11"]))
    def another_program_sells(self, invoice: str) -> None:
        self.elsewhere.append(self.site.sells_elsewhere(invoice, Decimal("50.00"))["TransactionId"])

    @rule()
    def other_terms_of_capture(self) -> None:
        self.site.holds = not self.site.holds

    @precondition(lambda self: self.site.payments)
    @rule(place=PLACES)
    def void(self, place: int) -> None:
        self.site.void(self.chosen(place))

    @precondition(lambda self: self.site.payments)
    @rule(place=PLACES, part=PARTS, told=st.booleans())
    def refund_in_cabinet(self, place: int, part: int, told: bool) -> None:
        """Untold: the payer's bank takes it back."""
        payment = self.chosen(place)
        amount = (self.site.left(payment) / part).quantize(Decimal("0.01"))
        self.site.refund_in_cabinet(payment, amount, told=told)

    @precondition(lambda self: self.site.notifications)
    @rule(place=PLACES, fault=FAULTS, at_once=st.booleans())
    def notify(self, place: int, fault: Fault | None, at_once: bool) -> None:
        """In any order."""
        news = self.site.notifications.pop(place % len(self.site.notifications))
        self.told.append(news)
        self.hears(news)
        if at_once:
            self.attempt(self.till.events.handle_due(), fault=fault)

    @precondition(lambda self: self.told)
    @rule(place=PLACES)
    def notify_again(self, place: int) -> None:
        self.hears(self.told[place % len(self.told)])

    @precondition(lambda self: self.site.notifications)
    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        self.site.notifications.pop(place % len(self.site.notifications))

    def hears(self, news: tuple[NotificationKind, int]) -> None:
        self.run(self.till.events.keep(event_of(news[0], {"TransactionId": str(news[1])})))

    @rule(fault=FAULTS)
    def handle(self, fault: Fault | None) -> None:
        self.attempt(self.till.events.handle_due(), fault=fault)

    @rule(wish=wishes, part=PARTS, fault=FAULTS)
    def refund(self, wish: UUID, part: int, fault: Fault | None) -> None:
        row = self.payment(wish)
        if row is None or row.status != PaymentStatus.SUCCEEDED:
            return
        with suppress(NotRefundable):
            quote = self.run(self.till.refunds.quote(wish))
            amount, actor = rub(quote.rest.minor // part), self.run(self.cashier.owner())
            order = RefundRequest(id=uuid4(), payment_id=wish, amount=amount, actor=actor, confirmed=True)
            self.refund_orders.append(order)
            self.attempt(self.till.refunds.start(order), *NO_REFUND, fault=fault)

    @precondition(lambda self: self.refund_orders)
    @rule(place=PLACES, fault=FAULTS)
    def refund_again(self, place: int, fault: Fault | None) -> None:
        order = self.refund_orders[place % len(self.refund_orders)]
        self.attempt(self.till.refunds.start(order), *NO_REFUND, fault=fault)

    @rule(place=PLACES, fault=FAULTS)
    def send_a_stray_back(self, place: int, fault: Fault | None) -> None:
        if found := self.rows(StrayPayment):
            strays, actor = Strays(self.till.ctx, Staff((OWNER,))), self.run(self.cashier.owner())
            self.attempt(strays.send_back(found[place % len(found)].id, actor=actor), fault=fault)

    @rule(fault=FAULTS, everything=st.booleans())
    def reconcile(self, fault: Fault | None, everything: bool) -> None:
        self.attempt(self.till.reconciler.round(everything=everything), fault=fault)

    @rule()
    def two_workers(self) -> None:
        async def at_once() -> None:
            await asyncio.gather(*(each.reconciler.round(everything=True) for each in self.tills))

        self.attempt(at_once())

    @rule(wish=wishes, fault=FAULTS)
    def ask(self, wish: UUID, fault: Fault | None) -> None:
        if self.payment(wish) is not None:
            self.attempt(self.till.settlement.ask(wish), fault=fault)

    @rule()
    def site_says_nothing(self) -> None:
        self.site.away = None if self.site.away else GONE

    @rule(which=WHICH, amount=st.integers(1, 3000))
    def spend(self, which: int, amount: int) -> None:
        key, now, user = f"spend:{uuid4()}", self.clock(), self.users[which]
        self.run(self.db.write(ledger.take_back, user_id=user, amount=amount, key=key, now=now, partly=True))

    @rule(minutes=st.sampled_from([1, 1, 1, 10, 70, 24 * 60 + 1]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @invariant()
    def nobody_has_what_was_not_paid(self) -> None:
        for row in self.rows(Payment):
            if row.status == PaymentStatus.SUCCEEDED:
                paid = self.site.transactions[int(row.charge_id)]
                assert (paid["InvoiceId"], paid["Status"]) == (str(row.id), "Completed")
                assert paid["Amount"] * 100 == row.amount_kopecks

    def close(self) -> None:
        for till in self.tills:
            till.accounts.close()

    def come_to_rest(self) -> None:
        self.settle()
        self.everything_is_where_it_belongs()

    def settle(self) -> None:
        """What nobody has told so far is never told."""
        self.site.away = None
        for hours in (1, 1, 1, 24, 24, 24):
            self.clock.advance(hours=hours)
            done = self.run(self.till.reconciler.round(everything=hours > 1))
        assert done.listed.complete

    def everything_is_where_it_belongs(self) -> None:
        payments = {row.charge_id: row for row in self.rows(Payment) if row.status == PaymentStatus.SUCCEEDED}
        strays = {row.charge_id: row for row in self.rows(StrayPayment)}
        refunds = self.rows(Refund)
        assert not [row for row in refunds if row.status == RefundStatus.PENDING]
        for charge in self.site.payments:
            number, left = str(charge["TransactionId"]), self.site.left(charge)
            if charge["TransactionId"] in self.elsewhere:
                assert number not in {*payments, *strays}
                continue
            if charge["Status"] == "Authorized":
                assert any(str(row.id) == charge["InvoiceId"] for row in payments.values()), f"{charge} is held"
            if charge["Status"] != "Completed":
                assert number not in {*payments, *strays}
                continue
            assert not (number in payments and number in strays), charge
            if (row := payments.get(number)) is not None:
                assert self.run(self.cashier.credited(row.id)) == [row.credits]
                done = [each for each in refunds if each.payment_id == row.id and each.status == RefundStatus.SUCCEEDED]
                assert sum(each.amount_kopecks for each in done) == (charge["Amount"] - left) * 100, charge
            elif (stray := strays.get(number)) is not None:
                assert (stray.status == StrayStatus.REFUNDED) == (left == 0), charge
            else:
                assert left == 0, f"{charge} was taken for nothing"


@on_databases(EXAMPLES, few=3)
def test_any_history_of_cloudpayments(server: SqliteServer | PostgresServer, examples: int) -> None:
    live(CloudPaymentsHistories, server, examples=examples, steps=STEPS)
