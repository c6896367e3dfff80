"""A year of a thousand subscribers, against a plain calculation, in less than a minute."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Transaction, TransactionKind
from db.tables.plans import SubscriptionPeriod
from services.payments.providers.base import NewPayment, RemotePayment, SavedMethod
from services.plans.months import end_of_months
from services.plans.reports import PlanReports
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.tills import open_cashier, renewals_of
from tests.support.yookassa import FakeYooKassa

PEOPLE = 1000
START = datetime(2026, 1, 31, 8, tzinfo=UTC)
YEAR = timedelta(days=365)
STEP = timedelta(hours=6)
PRICE, CREDITS = 30_000, 10_00
MOST_SECONDS = 60  # of the processor, whatever else the machine does


@dataclass(slots=True, kw_only=True)
class Bank(FakeYooKassa):
    """A card that dies with its n-th charge."""

    dies: dict[int, int] = field(default_factory=dict)
    charges: Counter[int] = field(default_factory=Counter)

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        self.charges[method.kept_for] += 1
        dead = self.charges[method.kept_for] >= self.dies.get(method.kept_for, 1_000)
        self.declines.append("permission_revoked" if dead else None)
        return await super(Bank, self).charge(payment, method)


@dataclass(slots=True, kw_only=True)
class Subscriber:
    """What the calculation knows: when it began, after how many months it is cancelled, or the card dies."""

    user_id: int
    began: datetime
    cancels_in: int | None
    dies_at: int | None

    def periods(self, until: datetime) -> int:
        """Those whose money has come by then: half a day before the one before ends, seen within a step."""
        most = min(each for each in (self.cancels_in, self.dies_at, 1_000) if each is not None)
        count, ends = 1, end_of_months(self.began, 1, anchor_day=self.began.day)
        while count < most and ends - timedelta(hours=12) <= until:
            count, ends = count + 1, end_of_months(ends, 1, anchor_day=self.began.day)
        return count


@pytest.mark.slow
async def test_a_year_of_a_thousand(sqlite_database: Database, clock: FakeClock) -> None:
    began = process_time()
    shop = PlanShop(cashier=open_cashier(sqlite_database, clock))
    bank = Bank(clock=clock)
    shop.cashier.yookassa = bank
    shop.cashier.restart()
    plus = await shop.sells(kopecks=PRICE, credits=CREDITS)
    people = await subscribe(shop, bank, plus)
    until = START + YEAR
    while clock() < until:
        clock.advance(seconds=STEP.total_seconds())
        for each in people:
            if each.cancels_in and clock() - STEP < middle(each, each.cancels_in) <= clock():
                await shop.subscriptions.cancel(each.user_id)
        await renewals_of(shop.cashier.till).round()
    took = process_time() - began
    print(f"a year of {PEOPLE}: {took:.0f} s, {1000 * took / len(bank.payments):.1f} ms a payment")  # noqa: T201 - measured
    expected = {each.user_id: each.periods(clock()) for each in people}
    served, credits_ = await sqlite_database.read(sums)
    assert served == expected
    assert credits_ == sum(expected.values()) * CREDITS
    taken = [each.amount.minor for each in bank.payments.values() if each.status == "succeeded"]
    assert sum(taken) == sum(expected.values()) * PRICE
    alive = sum(not each.cancels_in and not each.dies_at for each in people)
    numbers = await PlanReports(sqlite_database, clock).numbers()
    assert [money.minor for money in numbers.monthly] == [alive * PRICE]
    await shop.cashier.is_sound()
    assert took < MOST_SECONDS


def middle(each: Subscriber, number: int) -> datetime:
    """Of the period of that number."""
    return end_of_months(each.began, number, anchor_day=each.began.day) - timedelta(days=5)


async def subscribe(shop: PlanShop, bank: Bank, plan_id: int) -> list[Subscriber]:
    """Over the first weeks; every tenth thinks better of it, of every eleventh the card dies."""
    people = []
    for number in range(PEOPLE):
        shop.clock.now = START + timedelta(minutes=number * 28)
        user_id = await shop.cashier.customer()
        cancels_in = 1 + number % 7 if number % 10 == 0 else None
        dies_at = 1 + number % 9 if number % 11 == 0 and not cancels_in else None
        if dies_at:
            bank.dies[user_id] = dies_at
        await shop.pays(await shop.begins(user_id, plan_id))
        people.append(Subscriber(user_id=user_id, began=shop.clock(), cancels_in=cancels_in, dies_at=dies_at))
    return people


def sums(session: Session) -> tuple[dict[int, int], int]:
    """Periods by user; credits that they brought."""
    periods, lines = table_of(SubscriptionPeriod), table_of(Transaction)
    rows = session.execute(select(periods.c.user_id, func.count()).group_by(periods.c.user_id))
    brought = select(func.sum(lines.c.amount)).where(lines.c.kind == TransactionKind.PERIOD)
    return {row[0]: row[1] for row in rows}, session.scalar(brought) or 0
