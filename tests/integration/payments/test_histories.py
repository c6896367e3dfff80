"""Histories of payments in any order: lost answers, crashes, notifications that are lost, forged, early, repeated and
reordered, late payers, refunds of all kinds, back-ups that are put back, copied marks. After each step the audit holds
and nobody has a credit that was not paid; when the dust has settled every rouble is credited exactly once.
`PAYMENT_EXAMPLES=500` runs it longer."""

import os
from contextlib import suppress
from dataclasses import replace
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule
from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.predictions import Prediction
from services.billing import ledger
from services.billing.ledger import InsufficientBalance
from services.money import rub
from services.payments.providers.base import Refused
from services.payments.providers.yookassa.notifications import SUBJECTS
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest, credits_due
from tests.integration.payments.test_uncollected import buy, fail
from tests.support.backups import back_up
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Fault
from tests.support.histories import NO_REFUND, History, live, on_databases
from tests.support.shop import add_model
from tests.support.tills import OWNER

EXAMPLES = int(os.environ.get("PAYMENT_EXAMPLES", "12"))
STEPS = 30

FAULTS = st.sampled_from([None, None, None, *Fault])
AMOUNTS = st.integers(1_00, 400_00)
PLACES = st.integers(0, 10**6)
PARTS = st.sampled_from([1, 2, 3, 7])


class Histories(History):
    wishes: Bundle[UUID] = Bundle("wishes")

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__(server)
        self.yookassa = self.cashier.yookassa
        self.users = [self.run(self.cashier.customer()) for _ in range(2)]
        self.run(self.cashier.customer(telegram_id=OWNER))
        self.run(self.db.write(add_model))
        self.spenders: set[int] = set()
        self.spoilt: set[str] = set()
        self.copies: set[str] = set()
        """Payments that somebody else made under our marks."""
        self.put_back = back_up(self.url)
        self.bought: list[UUID] = []
        self.refund_orders: list[RefundRequest] = []
        self.told: list[tuple[str, str]] = []
        """Notifications that were delivered once: they may come again."""

    def payments(self) -> list[PaymentView]:
        return list(self.run(self.cashier.payments.latest(size=10_000)).items)

    @initialize(target=wishes, late=st.booleans())
    def open_with_a_payment(self, late: bool) -> UUID:
        """So that there is something to refund, to repeat and to forge from the beginning."""
        return self.begin_and_pay(0, 300_00, late, known=True)

    @rule(target=wishes, user=st.sampled_from([0, 1]), kopecks=AMOUNTS, fault=FAULTS)
    def begin(self, user: int, kopecks: int, fault: Fault | None) -> UUID:
        wish = uuid4()
        self.attempt(self.cashier.begins(self.users[user], kopecks, id=wish), fault=fault)
        return wish

    @rule(target=wishes, user=st.sampled_from([0, 1]), kopecks=AMOUNTS, late=st.booleans(), known=st.booleans())
    def begin_and_pay_it(self, user: int, kopecks: int, late: bool, known: bool) -> UUID:
        return self.begin_and_pay(user, kopecks, late, known=known)

    def begin_and_pay(self, user: int, kopecks: int, late: bool, *, known: bool) -> UUID:
        """The usual way; `late`: after its link has run out, and we know that; `known`: that it is paid, too."""
        wish = uuid4()
        self.attempt(self.cashier.begins(self.users[user], kopecks, id=wish))
        remote_id = self.yookassa.by_our_id(wish).id
        if late:
            self.yookassa.cancel(remote_id)
            self.attempt(self.cashier.till.settlement.ask(wish))
        self.yookassa.pay(remote_id)
        if known:
            self.attempt(self.cashier.till.settlement.ask(wish))
        return wish

    @rule(wish=wishes, fault=FAULTS)
    def begin_again(self, wish: UUID, fault: Fault | None) -> None:
        for row in self.payments():
            if row.id == wish:
                self.attempt(self.cashier.begins(row.user_id, row.amount.minor, id=wish), fault=fault)

    @precondition(lambda self: self.yookassa.payments)
    @rule(place=PLACES)
    def pay(self, place: int) -> None:
        """In time or late."""
        self.yookassa.pay(self._chosen(list(self.yookassa.payments), place))

    @precondition(lambda self: self.yookassa.payments)
    @rule(place=PLACES)
    def decline(self, place: int) -> None:
        self.yookassa.cancel(self._chosen(list(self.yookassa.payments), place))

    @precondition(lambda self: self.yookassa.payments)
    @rule(place=PLACES)
    def change_amount(self, place: int) -> None:
        """Somebody meddles at the provider's: whatever becomes of such a payment, it brings nothing."""
        remote = self.yookassa.payments[self._chosen(list(self.yookassa.payments), place)]
        if remote.status == "pending":
            self.yookassa.payments[remote.id] = replace(remote, amount=rub(remote.amount.minor + 1))
            self.spoilt.add(remote.id)

    @precondition(lambda self: self.yookassa.payments)
    @rule(place=PLACES, kopecks=st.sampled_from([-1, 1]))
    def copy_a_mark(self, place: int, kopecks: int) -> None:
        """Onto a payment of another amount, which is paid."""
        remote = self.yookassa.payments[self._chosen(list(self.yookassa.payments), place)]
        copy = replace(remote, id=str(uuid4()), amount=rub(remote.amount.minor + kopecks), refunded=rub(0))
        if copy.amount.minor > 0 and remote.id not in self.copies | self.spoilt:
            self.copies.add(copy.id)
            self.yookassa.payments[copy.id] = replace(copy, status="succeeded")
            self.yookassa.notifications.append(("payment.succeeded", copy.id))

    @rule()
    def make_a_back_up(self) -> None:
        self.put_back = back_up(self.url)

    @rule(at_once=st.booleans())
    def restore(self, at_once: bool) -> None:
        """The process ends, and the next one finds older books."""
        self.put_back()
        self.cashier.restart()
        self.bought = [each for each in self.bought if self.run(self.db.read(find_prediction, each))]
        if at_once:
            self.attempt(self.cashier.till.reconciler.round())

    @rule()
    def other_terms_of_capture(self) -> None:
        self.yookassa.holds = not self.yookassa.holds

    @rule()
    def refunds_take_time(self) -> None:
        self.yookassa.refunds_wait = not self.yookassa.refunds_wait

    @precondition(lambda self: self.yookassa.notifications)
    @rule(place=PLACES, fault=FAULTS, at_once=st.booleans())
    def notify(self, place: int, fault: Fault | None, at_once: bool) -> None:
        """In any order."""
        news = self.yookassa.notifications.pop(place % len(self.yookassa.notifications))
        self.told.append(news)
        self.run(self.cashier.delivers(*news))
        if at_once:
            self.attempt(self.cashier.till.events.handle_due(), fault=fault)

    @precondition(lambda self: self.told)
    @rule(place=PLACES)
    def notify_again(self, place: int) -> None:
        self.run(self.cashier.delivers(*self.told[place % len(self.told)]))

    @rule(place=PLACES, event=st.sampled_from(sorted(SUBJECTS)))
    def forge(self, place: int, event: str) -> None:
        ids = [*self.yookassa.payments, *self.yookassa.refunds, str(uuid4())]
        self.run(self.cashier.delivers(event, self._chosen(ids, place)))

    @rule(fault=FAULTS)
    def handle(self, fault: Fault | None) -> None:
        self.attempt(self.cashier.till.events.handle_due(), fault=fault)

    @rule(fault=FAULTS, everything=st.booleans())
    def reconcile(self, fault: Fault | None, everything: bool) -> None:
        self.attempt(self.cashier.till.reconciler.round(everything=everything), fault=fault)

    @rule(wish=wishes, fault=FAULTS)
    def ask(self, wish: UUID, fault: Fault | None) -> None:
        if any(row.id == wish for row in self.payments()):
            self.attempt(self.cashier.till.settlement.ask(wish), fault=fault)

    @rule(wish=wishes, part=PARTS, confirmed=st.booleans(), fault=FAULTS)
    def refund(self, wish: UUID, part: int, confirmed: bool, fault: Fault | None) -> None:
        for row in self.payments():
            if row.id == wish and row.status is PaymentStatus.SUCCEEDED:
                quote = self.run(self.cashier.till.refunds.quote(wish))
                assert 0 <= quote.covered.minor <= quote.rest.minor
                order = RefundRequest(
                    id=uuid4(),
                    payment_id=wish,
                    amount=rub(quote.rest.minor // part),
                    actor=self.run(self.cashier.owner()),
                    confirmed=confirmed,
                )
                self.refund_orders.append(order)
                self.attempt(self.cashier.till.refunds.start(order), *NO_REFUND, fault=fault)

    @precondition(lambda self: self.refund_orders)
    @rule(place=PLACES, fault=FAULTS)
    def refund_again(self, place: int, fault: Fault | None) -> None:
        order = self.refund_orders[place % len(self.refund_orders)]
        self.attempt(self.cashier.till.refunds.start(order), *NO_REFUND, fault=fault)

    @precondition(lambda self: self.yookassa.payments)
    @rule(place=PLACES, part=PARTS)
    def refund_in_cabinet(self, place: int, part: int) -> None:
        remote = self.yookassa.payments[self._chosen(list(self.yookassa.payments), place)]
        try:
            self.yookassa.refund_in_cabinet(remote.id, (remote.amount.minor - remote.refunded.minor) // part)
        except Refused:
            return

    @precondition(lambda self: self.yookassa.refunds)
    @rule(place=PLACES, status=st.sampled_from(["succeeded", "canceled"]))
    def finish_refund(self, place: int, status: str) -> None:
        self.yookassa.finish_refund(self._chosen(list(self.yookassa.refunds), place), status)

    @rule(user=st.sampled_from([0, 1]), amount=st.integers(1, 3000))
    def spend(self, user: int, amount: int) -> None:
        self.spenders.add(self.users[user])
        key, now = f"spend:{uuid4()}", self.clock()
        self.run(
            self.db.write(ledger.take_back, user_id=self.users[user], amount=amount, key=key, now=now, partly=True)
        )

    @rule(user=st.sampled_from([0, 1]), amount=st.integers(1, 1500))
    def buy(self, user: int, amount: int) -> None:
        """A prediction, if the balance covers it."""
        self.spenders.add(self.users[user])
        with suppress(InsufficientBalance):
            self.bought.append(self.run(self.db.write(buy, self.users[user], amount, self.cashier)))

    @precondition(lambda self: self.bought)
    @rule(place=PLACES)
    def prediction_fails(self, place: int) -> None:
        """Its credits come back, perhaps to a payment that was refunded meanwhile."""
        prediction = self.bought.pop(place % len(self.bought))
        self.run(self.db.write(fail, prediction, self.cashier))

    @rule(minutes=st.sampled_from([1, 1, 1, 10, 70, 24 * 60 + 1]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @staticmethod
    def _chosen(ids: list[str], place: int) -> str:
        return ids[place % len(ids)]

    @invariant()
    def nobody_has_what_was_not_paid(self) -> None:
        for row in self.payments():
            if row.status is PaymentStatus.SUCCEEDED:
                assert row.provider_payment_id is not None
                assert row.provider_payment_id not in self.spoilt | self.copies
                assert self.yookassa.payments[row.provider_payment_id].status == "succeeded"

    def come_to_rest(self) -> None:
        self.settle()
        self.everything_is_where_it_belongs()

    def settle(self) -> None:
        """YooKassa repeats its notifications until they are heard; the reconciler goes on for two days."""
        self.yookassa.faults.clear()
        self.yookassa.refunds_wait = False
        for refund_id in self.yookassa.refunds:
            self.yookassa.finish_refund(refund_id, "succeeded")
        for _ in range(4):
            self.run(self.cashier.notified())
            self.clock.advance(hours=1)
            self.run(self.cashier.till.reconciler.round())
        for _ in range(3):
            self.clock.advance(hours=24)
            self.run(self.cashier.till.reconciler.round(everything=True))
            self.run(self.cashier.notified())

    def everything_is_where_it_belongs(self) -> None:
        rows = {str(row.id): row for row in self.payments()}
        remotes = [remote for remote in self.yookassa.payments.values() if remote.id not in self.copies]
        assert len({remote.our_id for remote in remotes}) == len(remotes)
        for remote in remotes:
            row = rows.get(remote.our_id or "")
            if row is None:  # lost, and nothing came of it
                assert remote.status in ("pending", "canceled") or remote.id in self.spoilt, remote
                continue
            assert remote.status != "waiting_for_capture" or remote.id in self.spoilt, "held money was not taken"
            paid = remote.status == "succeeded" and remote.id not in self.spoilt
            assert (row.status is PaymentStatus.SUCCEEDED) == paid, (row, remote)
            assert self.run(self.cashier.credited(row.id)) == ([row.credits] if paid else [])
            self.refunds_are_where_they_belong(row, remote.refunded.minor if paid else 0)

    def refunds_are_where_they_belong(self, row: PaymentView, refunded: int) -> None:
        refunds = self.run(self.cashier.payments.refunds(row.id))
        assert all(refund.status is not RefundStatus.PENDING for refund in refunds), refunds
        done = [refund for refund in refunds if refund.status is RefundStatus.SUCCEEDED]
        assert sum(refund.amount.minor for refund in done) == refunded
        credits_ = sum(refund.credits_taken + refund.credits_uncollected for refund in done)
        assert credits_ == credits_due(row, before=0, amount=refunded)
        if row.user_id not in self.spenders:
            assert sum(refund.credits_uncollected for refund in done) == 0


def find_prediction(session: Session, prediction_id: UUID) -> bool:
    return session.get(Prediction, prediction_id) is not None


@on_databases(EXAMPLES, few=4)
def test_any_history(server: SqliteServer | PostgresServer, examples: int) -> None:
    live(Histories, server, examples=examples, steps=STEPS)
