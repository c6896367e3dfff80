"""Subscriptions under anything that can happen, in any order, on a clock that is moved by hand: after each step the
audit holds, nobody is charged against their will, and money is a period or is on its way back.
`PLAN_EXAMPLES=300` runs it longer."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.payments import Payment, PaymentStatus
from db.tables.plans import AllowanceUnit, SubscriptionPeriod
from services.billing import audit
from services.errors import ShopError
from services.money import rub
from services.payments.providers.base import ProviderError
from services.payments.refunds.begin import RefundRequest
from services.plans.allowances import give_back, take_for_prediction
from services.plans.free import open_free
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Crash, Fault
from tests.support.plans import PlanShop
from tests.support.shop import add_model, add_prediction
from tests.support.tills import open_cashier, renewals_of

EXAMPLES = int(os.environ.get("PLAN_EXAMPLES", "20"))
STEPS = 40
REASONS = st.sampled_from(["permission_revoked", "3d_secure_failed", "insufficient_funds", "issuer_unavailable"])
PLANS = st.sampled_from(["lite", "plus", "pro", "year"])
FAULTS = st.sampled_from([Fault.LOST, Fault.LOST_ANSWER, Fault.KEY, Fault.CRASH, Fault.CRASH_AFTER])
STARTS = st.sampled_from(
    [
        datetime(2026, 11, 16, 9, tzinfo=UTC),
        datetime(2027, 1, 31, 23, 59, tzinfo=UTC),
        datetime(2027, 3, 27, 22, 30, tzinfo=UTC),  # before the change to summer time
        datetime(2028, 2, 29, 12, tzinfo=UTC),
    ]
)
_payments, _periods = table_of(Payment), table_of(SubscriptionPeriod)


GIVEN: list[tuple[AllowanceUnit, int, list[str]]] = [(AllowanceUnit.REQUESTS, 3, [])]
ON_SALE: dict[str, dict[str, Any]] = {  # Any: the columns' values
    "lite": {"kopecks": 10_000, "allowances": GIVEN},
    "plus": {"kopecks": 30_000, "credits": 50_00, "allowances": GIVEN},
    "pro": {"kopecks": 90_000, "credits": 200_00},
    "year": {"kopecks": 300_000, "credits": 100_00, "months": 12, "allowances": GIVEN},
}


class SubscriptionMachine(RuleBasedStateMachine):
    """One customer, one card, four plans and a free one; two processes of the shop over one database."""

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__()
        self.server, self.url = server, server.create()
        self.runner = asyncio.Runner()
        self.clock = FakeClock()
        self.shop = PlanShop(cashier=open_cashier(Database(self.url), self.clock))
        self.stopped_at: dict[UUID, int] = {}
        """Of each method that was taken back: how many charges the provider had seen."""
        self.predictions: list[UUID] = []

    def do(self, work: Awaitable[Any]) -> Any:  # Any: whatever it gives
        """What the shop refuses it refuses in words; where its process dies another goes on."""
        try:
            return self.runner.run(_await(work))
        except (ShopError, ProviderError):
            return None
        except Crash:
            self.shop.cashier.restart()
            return None

    def write(self, work: Callable[..., Any], *given: Any, **more: Any) -> Any:  # Any: as above
        return self.runner.run(self.shop.cashier.db.write(work, *given, **more))

    @initialize(start=STARTS, plan=PLANS)
    def open(self, start: datetime, plan: str) -> None:
        """Most of what can happen happens to who has a plan."""
        self.clock.now = start
        self.write(add_model)
        self.anna = self.runner.run(self.shop.cashier.customer())
        self.plans = {name: self.runner.run(self.shop.sells(name, **terms)) for name, terms in ON_SALE.items()}
        self.runner.run(self.shop.sells("free", kopecks=None, allowances=[(AllowanceUnit.REQUESTS, 1, [])]))
        self.trial = self.runner.run(self.shop.sells("trial", kopecks=20_000, trial_days=7, credits=5_00))
        self.buys(plan, consent=True, pages=1, pays=1)

    @rule(plan=PLANS, consent=st.sampled_from([True, True, False]), pages=st.integers(1, 2), pays=st.integers(0, 2))
    def buys(self, plan: str, consent: bool, pages: int, pays: int) -> None:
        """On one page or two, of which some are paid."""
        begun = [self.do(self.shop.begins(self.anna, self.plans[plan], consent=consent)) for _ in range(pages)]
        for payment in [each for each in begun if each is not None][:pays]:
            self.do(self.shop.pays(payment))

    @rule(which=st.integers(0, 5), late=st.booleans())
    def pays_an_old_page(self, which: int, late: bool) -> None:
        """Whatever page is still open, also one that the provider has given up."""
        status = "canceled" if late else "pending"
        pages = [each for each in self.shop.yookassa.payments.values() if each.status == status and not each.paid_at]
        mine = [each for each in pages if each.our_id in self.by_hand()]
        if mine:
            self.shop.yookassa.pay(mine[which % len(mine)].id)
            self.do(self.shop.cashier.notified())

    def by_hand(self) -> set[str]:
        query = select(_payments.c.id).where(_payments.c.method_id.is_(None))
        return {str(each) for each in self.write(lambda session: list(session.scalars(query)))}

    @rule(hours=st.sampled_from([1, 5, 13, 25, 24 * 7, 24 * 30, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.do(self.shop.lives(hours=hours))

    @rule(days=st.sampled_from([1, 4, 40, 100]))
    def the_shop_sleeps(self, days: int) -> None:
        self.clock.advance(days=days)
        self.do(self.shop.round())

    @rule(reasons=st.lists(REASONS, min_size=1, max_size=3))
    def the_card_will_decline(self, reasons: list[str]) -> None:
        self.shop.yookassa.declines.extend(reasons)

    @rule(faults=st.lists(FAULTS, min_size=1, max_size=3))
    def something_goes_wrong(self, faults: list[Fault]) -> None:
        self.shop.yookassa.faults.extend(faults)

    @rule(days=st.integers(1, 3))
    def the_provider_is_silent(self, days: int) -> None:
        self.shop.yookassa.faults.extend([Fault.LOST] * 500)
        self.do(self.shop.lives(days=days))
        self.shop.yookassa.faults.clear()

    @rule(what=st.sampled_from(["notified", "two_workers", "cancels", "thinks_better_of_it", "takes_the_card_back"]))
    def something_small(self, what: str) -> None:
        getattr(self, what)()

    def notified(self) -> None:
        """Of all that happened, once more."""
        self.do(self.shop.cashier.notified())

    def two_workers(self) -> None:
        async def both() -> None:
            await asyncio.gather(
                renewals_of(self.shop.cashier.till).round(), renewals_of(self.shop.cashier.till).round()
            )

        self.do(both())

    def cancels(self) -> None:
        self.do(self.shop.subscriptions.cancel(self.anna))

    def thinks_better_of_it(self) -> None:
        self.do(self.shop.subscriptions.resume(self.anna))

    def takes_the_card_back(self) -> None:
        for method in self.do(self.shop.methods.of(self.anna)) or []:
            self.do(self.shop.methods.unlink(self.anna, method.id))
            self.stopped_at[method.id] = self.charges_of(method.id)

    @rule(plan=PLANS)
    def chooses_for_later(self, plan: str) -> None:
        self.do(self.shop.subscriptions.schedule(self.anna, self.plans[plan]))

    @rule(tries=st.booleans())
    def predicts(self, tries: bool) -> None:
        if tries:
            self.do(self.shop.subscriptions.start_trial(self.anna, self.trial))

        def predict(session: Session) -> UUID | None:
            open_free(session, self.anna, self.clock())
            prediction_id = add_prediction(session, user_id=self.anna, price=0)
            taken = take_for_prediction(session, self.anna, "wine", prediction_id, self.clock())
            return prediction_id if taken else None

        if (prediction_id := self.write(predict)) is not None:
            self.predictions.append(prediction_id)

    @precondition(lambda self: self.predictions)
    @rule(which=st.integers(0, 50))
    def it_fails(self, which: int) -> None:
        prediction_id = self.predictions[which % len(self.predictions)]
        self.write(lambda session: give_back(session, prediction_id=prediction_id))

    @rule(which=st.integers(0, 5), part=st.sampled_from([2, 1]), in_cabinet=st.booleans())
    def is_refunded(self, which: int, part: int, in_cabinet: bool) -> None:
        paid = [each for each in self.payments() if each.status == PaymentStatus.SUCCEEDED]
        if not paid:
            return
        payment = paid[which % len(paid)]
        kopecks = payment.amount_kopecks // part
        if in_cabinet:
            try:
                self.shop.yookassa.refund_in_cabinet(payment.provider_payment_id, kopecks)
            except ProviderError:
                return
            self.do(self.shop.cashier.notified())
        else:
            self.do(self.refund(payment.id, kopecks))

    async def refund(self, payment_id: UUID, kopecks: int) -> None:
        actor = await self.shop.cashier.owner()
        wish = RefundRequest(id=uuid4(), payment_id=payment_id, amount=rub(kopecks), actor=actor, confirmed=True)
        await self.shop.cashier.till.refunds.start(wish)

    def payments(self) -> list[AnyRow]:
        query = select(_payments).order_by(_payments.c.created_at)
        rows: list[AnyRow] = self.write(lambda session: list(session.execute(query)))
        return rows

    def charges_of(self, method_id: UUID) -> int:
        """Made at the provider, whatever came of them."""
        query = select(_payments.c.id).where(_payments.c.method_id == method_id)
        ours = {str(each) for each in self.write(lambda session: list(session.scalars(query)))}
        return sum(each.our_id in ours for each in self.shop.yookassa.payments.values())

    @invariant()
    def the_audit_holds(self) -> None:
        if not hasattr(self, "anna"):
            return
        checks = self.write(audit.audit)
        wrong = [check for check in checks if not check.ok]
        assert not wrong, audit.format_report(wrong)

    @invariant()
    def nothing_is_paid_twice_or_served_for_nothing(self) -> None:
        if hasattr(self, "anna"):
            kept, open_time = self.write(books)
            assert all(count <= 1 for count in kept.values()), "a period is sold once"
            assert not open_time, "no period stands on a payment that did not succeed"

    @invariant()
    def a_card_taken_back_is_left_alone(self) -> None:
        for method_id, before in self.stopped_at.items():
            assert self.charges_of(method_id) == before

    def teardown(self) -> None:
        """Once all is quiet, whatever the provider took is a period or went back, and our books know it."""
        try:
            if hasattr(self, "anna"):
                self.come_to_rest()
        finally:
            self.runner.run(self.shop.cashier.db.close())
            self.runner.close()
            self.server.give_back(self.url)

    def come_to_rest(self) -> None:
        yookassa = self.shop.yookassa
        yookassa.faults.clear()
        self.do(self.shop.cashier.notified())
        self.do(self.shop.lives(days=8))  # money that could not go back is tried again after a week at the latest
        self.do(self.shop.cashier.till.reconciler.round(everything=True))
        self.do(self.shop.lives(hours=2))
        self.the_audit_holds()
        ours = {row.provider_payment_id: row for row in self.payments()}
        served = self.write(lambda session: set(session.scalars(select(_periods.c.payment_id))))
        for remote in yookassa.payments.values():
            if remote.status == "succeeded":
                assert ours[remote.id].status == PaymentStatus.SUCCEEDED
                assert ours[remote.id].id in served or remote.refunded == remote.amount


async def _await(work: Awaitable[Any]) -> Any:  # Any: whatever it gives
    return await work


def books(session: Session) -> tuple[dict[tuple[Any, int], int], int]:  # Any: ids
    """How many periods bear each number; how many stand on a payment that did not succeed."""
    numbers = select(_periods.c.subscription_id, _periods.c.number, func.count()).group_by(
        _periods.c.subscription_id, _periods.c.number
    )
    unpaid = select(func.count()).select_from(_periods).join(_payments, _payments.c.id == _periods.c.payment_id)
    wrong = session.scalar(unpaid.where(_payments.c.status != PaymentStatus.SUCCEEDED)) or 0
    return {(row[0], row[1]): row[2] for row in session.execute(numbers)}, wrong


@pytest.mark.parametrize(
    ("server", "examples"),
    [
        ("sqlite", min(EXAMPLES, 2)),
        pytest.param("sqlite", EXAMPLES, marks=pytest.mark.slow),
        pytest.param("postgresql", max(1, EXAMPLES // 2), marks=pytest.mark.slow),
    ],
    indirect=["server"],
    ids=["a few", "sqlite", "postgresql"],
)
def test_whatever_happens(server: SqliteServer | PostgresServer, examples: int) -> None:
    run_state_machine_as_test(
        lambda: SubscriptionMachine(server),  # type: ignore[arg-type]  # any factory does, whatever the hint says
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,  # the machine may be busy
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
