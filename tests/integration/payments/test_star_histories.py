"""Histories of Stars in any order: questions that were answered before somebody else paid, news that is lost, late,
repeated and overtaken by its refund, lost answers, crashes, two workers, a Telegram that says nothing. After each step
the audit holds and nobody has a credit that was not paid; when the dust has settled each Star that was taken is
credited once, kept as a stray, or went back. `PAYMENT_EXAMPLES=500` runs it longer."""

import asyncio
import os
from collections import deque
from contextlib import suppress
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule

from db.base import AnyRow
from db.tables.currencies import Currency
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus, StrayPayment, StrayStatus
from services.billing import ledger
from services.money import Money
from services.payments.providers.stars.gateway import NAME, StarTransaction
from services.payments.providers.stars.question import (
    InvoiceChanged,
    InvoiceOfAnother,
    InvoiceOver,
    InvoicePaid,
    PreCheckout,
)
from services.payments.providers.stars.service import StarsReceived
from services.payments.refunds.begin import RefundRequest
from services.payments.topup import TopUpRequest
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Fault
from tests.support.histories import NO_REFUND, History, live, on_databases
from tests.support.stars import GONE, FakeStars
from tests.support.stars_till import open_stars_till

EXAMPLES = int(os.environ.get("PAYMENT_EXAMPLES", "12"))
STEPS = 30
PEOPLE = (501, 502)
NOT_PAYABLE = (InvoiceChanged, InvoiceOfAnother, InvoiceOver, InvoicePaid)

FAULTS = st.sampled_from([None, None, None, *Fault])
WHICH = st.sampled_from([0, 1])
PLACES = st.integers(0, 10**6)


class StarHistories(History):
    wishes: Bundle[UUID] = Bundle("wishes")

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__(server)
        self.telegram = FakeStars(clock=self.clock)
        self.users = [self.run(self.cashier.customer(telegram_id=each)) for each in PEOPLE]
        self.run(self.cashier.owner())
        self.allowed: list[PreCheckout] = []
        """Who may pay: Telegram takes the Stars when it likes."""
        self.news: list[tuple[bool, StarsReceived]] = []
        """Of Stars that came, or went back."""
        self.told: list[tuple[bool, StarsReceived]] = []
        """News that may come again."""
        self.refund_orders: list[RefundRequest] = []
        self.elsewhere = self.telegram.pays(PEOPLE[1], "of another program", 50).charge_id
        self.clock.advance(days=40)
        self.restart()
        self.attempt(self.till.reconciler.round())  # Stars from before that may be of another program

    def restart(self) -> None:
        """Two workers over the same database."""
        self.till, self.stars, self.strays = open_stars_till(self.cashier, self.telegram)
        self.other, self.other_stars, _ = open_stars_till(self.cashier, self.telegram)

    @property
    def faults(self) -> deque[Fault | None]:
        return self.telegram.faults

    def payment(self, wish: UUID) -> AnyRow | None:
        return next((row for row in self.rows(Payment) if row.id == wish), None)

    @property
    def taken(self) -> list[StarTransaction]:
        return [each for each in self.telegram.ledger if each.incoming]

    @property
    def back(self) -> set[str]:
        return {each.id for each in self.telegram.ledger if not each.incoming}

    def begin(self, which: int, stars: int, fault: Fault | None = None, *, wish: UUID | None = None) -> UUID:
        order = TopUpRequest(
            id=wish or uuid4(),
            user_id=self.users[which],
            provider=NAME,
            amount=Money(stars, Currency.XTR),
            email=None,
            return_url="",
        )
        self.attempt(self.till.topup.start(order), fault=fault)
        return order.id

    @initialize(target=wishes)
    def open_with_a_payment(self) -> UUID:
        wish = self.begin(0, 100)
        self.ask_to_pay(wish, 0, 0)
        self.take(0)
        return wish

    @rule(target=wishes, which=WHICH, stars=st.integers(1, 400), fault=FAULTS)
    def begins(self, which: int, stars: int, fault: Fault | None) -> UUID:
        return self.begin(which, stars, fault)

    @rule(target=wishes, which=WHICH, stars=st.integers(8, 400), times=st.sampled_from([1, 1, 2]), told=st.booleans())
    def begins_and_pays(self, which: int, stars: int, times: int, told: bool) -> UUID:
        """`times`: that the link is pressed before there is news of the first."""
        wish, before = self.begin(which, stars), len(self.allowed)
        for _ in range(times):
            self.ask_to_pay(wish, which, 0)
        while len(self.allowed) > before:
            self.take(len(self.allowed) - 1)
            if told:
                self.tell(len(self.news) - 1, which, again=True)
        return wish

    @rule(wish=wishes, which=WHICH, more=st.sampled_from([0, 0, 0, 1]))
    def ask_to_pay(self, wish: UUID, which: int, more: int) -> None:
        """Telegram's last question; `more`: Stars than the invoice says."""
        if (row := self.payment(wish)) is None:
            return
        amount = Money(row.amount_kopecks + more, Currency.XTR)
        asked = PreCheckout(payload=str(wish), payer_id=PEOPLE[which], amount=amount)
        with suppress(*NOT_PAYABLE):
            self.run(self.stars.may_pay(asked))
            assert (row.user_id, more) == (self.users[which], 0)
            self.allowed.append(asked)

    @precondition(lambda self: self.allowed)
    @rule(place=PLACES)
    def take(self, place: int) -> None:
        """Also what somebody else, or the same person, has paid for meanwhile."""
        asked = self.allowed.pop(place % len(self.allowed))
        self.news.append((True, self.telegram.pays(asked.payer_id, asked.payload, asked.amount.minor)))

    @rule(which=WHICH, payload=st.sampled_from(["of nobody", "", "7c1d9e0b-3f1c-4c43-8c8e-6f1f4f5f0c11"]))
    def take_for_nothing(self, which: int, payload: str) -> None:
        """An invoice of the time before this shop."""
        self.news.append((True, self.telegram.pays(PEOPLE[which], payload, 50)))

    @precondition(lambda self: self.news)
    @rule(place=PLACES, which=WHICH, again=st.booleans())
    def tell(self, place: int, which: int, again: bool) -> None:
        """In any order; to either worker."""
        said = self.news.pop(place % len(self.news))
        self.hears(said, which)
        if again:
            self.told.append(said)

    @precondition(lambda self: self.told)
    @rule(place=PLACES, which=WHICH)
    def tell_again(self, place: int, which: int) -> None:
        self.hears(self.told[place % len(self.told)], which)

    def hears(self, said: tuple[bool, StarsReceived], which: int) -> None:
        came, money = said
        stars = (self.stars, self.other_stars)[which]
        self.attempt(stars.received(money) if came else stars.went_back(money))

    @precondition(lambda self: self.news)
    @rule(place=PLACES)
    def lose(self, place: int) -> None:
        self.news.pop(place % len(self.news))

    @precondition(lambda self: self.taken)
    @rule(place=PLACES, told=st.booleans())
    def give_back(self, place: int, told: bool) -> None:
        """Telegram's support; or, untold, whoever sold the Stars."""
        charge = self.taken[place % len(self.taken)]
        if charge.id in self.back:
            return
        self.telegram.sends_back(charge.id)
        if told:
            amount = Money(charge.stars, Currency.XTR)
            money = StarsReceived(
                charge_id=charge.id,
                payload=charge.payload or "",
                payer_id=charge.person or 0,
                amount=amount,
                at=self.clock(),
            )
            self.news.append((False, money))

    @rule(wish=wishes, fault=FAULTS)
    def refund(self, wish: UUID, fault: Fault | None) -> None:
        if (row := self.payment(wish)) is not None:
            order = RefundRequest(
                id=uuid4(),
                payment_id=wish,
                amount=Money(row.amount_kopecks, Currency.XTR),
                actor=self.run(self.cashier.owner()),
                confirmed=True,
            )
            self.refund_orders.append(order)
            self.attempt(self.till.refunds.start(order), *NO_REFUND, fault=fault)

    @precondition(lambda self: self.refund_orders)
    @rule(place=PLACES, fault=FAULTS)
    def refund_again(self, place: int, fault: Fault | None) -> None:
        order = self.refund_orders[place % len(self.refund_orders)]
        self.attempt(self.till.refunds.start(order), *NO_REFUND, fault=fault)

    @rule(place=PLACES, fault=FAULTS)
    def send_a_stray_back(self, place: int, fault: Fault | None) -> None:
        if strays := self.rows(StrayPayment):
            actor = self.run(self.cashier.owner())
            self.attempt(self.strays.send_back(strays[place % len(strays)].id, actor=actor), fault=fault)

    @rule(fault=FAULTS, everything=st.booleans())
    def reconcile(self, fault: Fault | None, everything: bool) -> None:
        self.attempt(self.till.reconciler.round(everything=everything), fault=fault)

    @rule()
    def two_workers(self) -> None:
        """At once, while news comes."""

        async def at_once() -> None:
            came = [self.other_stars.received(money) for is_money, money in self.news if is_money]
            rounds = [each.reconciler.round(everything=True) for each in (self.till, self.other)]
            await asyncio.gather(*came, *rounds)

        self.attempt(at_once())

    @rule(wish=wishes, fault=FAULTS)
    def ask(self, wish: UUID, fault: Fault | None) -> None:
        if self.payment(wish) is not None:
            self.attempt(self.till.settlement.ask(wish), fault=fault)

    @rule()
    def telegram_says_nothing(self) -> None:
        self.telegram.away = None if self.telegram.away else GONE

    @rule(which=WHICH, amount=st.integers(1, 3000))
    def spend(self, which: int, amount: int) -> None:
        key, now = f"spend:{uuid4()}", self.clock()
        user = self.users[which]
        self.run(self.db.write(ledger.take_back, user_id=user, amount=amount, key=key, now=now, partly=True))

    @rule(minutes=st.sampled_from([1, 1, 1, 10, 70, 24 * 60 + 1]))
    def time_passes(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @invariant()
    def nobody_has_what_was_not_paid(self) -> None:
        taken = {each.id: each for each in self.taken}
        for row in self.rows(Payment):
            if row.status == PaymentStatus.SUCCEEDED:
                assert taken[row.charge_id].payload == str(row.id)
                assert taken[row.charge_id].stars == row.amount_kopecks

    def come_to_rest(self) -> None:
        self.settle()
        self.everything_is_where_it_belongs()

    def settle(self) -> None:
        """What nobody has told so far is never told."""
        self.telegram.away = None
        for hours in (1, 1, 1, 24, 24, 24):
            self.clock.advance(hours=hours)
            done = self.run(self.till.reconciler.round(everything=hours > 1))
        assert done.listed.complete

    def everything_is_where_it_belongs(self) -> None:
        payments = {row.charge_id: row for row in self.rows(Payment) if row.status == PaymentStatus.SUCCEEDED}
        strays = {row.charge_id: row for row in self.rows(StrayPayment)}
        refunds = {row.payment_id for row in self.rows(Refund) if row.status == RefundStatus.SUCCEEDED}
        assert not [row for row in self.rows(Refund) if row.status == RefundStatus.PENDING]
        assert set(payments) | set(strays) <= {each.id for each in self.taken}
        for charge in [each for each in self.taken if each.id != self.elsewhere]:
            is_back = charge.id in self.back
            assert not (charge.id in payments and charge.id in strays), charge
            if (row := payments.get(charge.id)) is not None:
                assert self.run(self.cashier.credited(row.id)) == [row.credits]
                assert (row.id in refunds) == is_back, charge
            elif (stray := strays.get(charge.id)) is not None:
                assert (stray.status == StrayStatus.REFUNDED) == is_back, charge
            else:
                assert is_back, f"{charge} was taken for nothing"


@on_databases(EXAMPLES, few=3)
def test_any_history_of_stars(server: SqliteServer | PostgresServer, examples: int) -> None:
    live(StarHistories, server, examples=examples, steps=STEPS)
