"""What must hold of plans is broken on purpose; the audit names what broke and the row."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.billing import TransactionKind
from services.billing import ledger
from services.billing.audit import run_audit
from services.billing.invariants import plans
from services.billing.invariants.rule import Rule
from tests.support.audits import broken, meddle
from tests.support.clock import START
from tests.support.plans import add_subscriber
from tests.support.shop import add_model, add_user


@pytest.fixture
async def payment_id(database: Database) -> UUID:
    def subscribe(session: Session) -> UUID:
        add_model(session)
        return add_subscriber(session, add_user(session))

    return await database.write(subscribe)


async def test_it_holds(database: Database, payment_id: UUID) -> None:
    report = await run_audit(database)
    assert report.ok, str(report)


async def test_i3_a_period_without_money(database: Database, payment_id: UUID) -> None:
    await meddle(database, "UPDATE payments SET status = 'canceled'")
    found = await broken(database)
    assert found.keys() == {"payments for plans"}
    assert f"payment_id={payment_id} " in found["payments for plans"][0]


async def test_i3_money_without_a_period(database: Database, payment_id: UUID) -> None:
    await meddle(database, "UPDATE subscription_periods SET payment_id = NULL, kind = 'free'")
    assert (await broken(database)).keys() == {"payments for plans"}


async def test_i3_a_period_whose_credits_never_came(database: Database, payment_id: UUID) -> None:
    await meddle(database, "UPDATE subscription_periods SET credits = 100")
    assert (await broken(database)).keys() == {"credits of periods"}


async def test_i8_two_periods_at_once(database: Database, payment_id: UUID) -> None:
    """The second is a free one of the same days."""
    shared = "subscription_id, user_id, plan_id, starts_at, ends_at, credits, created_at"
    copied = f"SELECT 2, 'free', {shared} FROM subscription_periods"
    await meddle(
        database,
        f"INSERT INTO subscription_periods (number, kind, {shared}) {copied}",
        "UPDATE subscriptions SET number = 2",
    )
    assert (await broken(database)).keys() == {"periods in their order"}


async def test_i8_a_subscription_that_lasts_longer_than_was_paid(database: Database, payment_id: UUID) -> None:
    await meddle(database, "UPDATE subscriptions SET number = 2")
    assert (await broken(database)).keys() == {"subscriptions and periods"}


async def test_i8_an_allowance_that_nobody_used(database: Database, payment_id: UUID) -> None:
    await meddle(database, "UPDATE period_allowances SET used = 2")
    assert (await broken(database)).keys() == {"allowances and uses"}


async def test_i8_a_prediction_that_was_paid_for_twice(database: Database, payment_id: UUID) -> None:
    def charge(session: Session) -> None:
        use = session.execute(text("SELECT user_id, id FROM predictions")).one()
        given = {"user_id": use.user_id, "amount": 100, "now": START}
        ledger.grant(session, kind=TransactionKind.GRANT, key="given", **given)
        ledger.charge(session, prediction_id=UUID(str(use.id)), **given)

    await database.write(charge)
    assert (await broken(database)).keys() == {"predictions and charges", "either plan or credits"}


def test_every_rule_of_plans_is_broken_by_a_test_above() -> None:
    source = Path(__file__).read_text()
    rules = [rule for rule in vars(plans).values() if isinstance(rule, Rule)]
    assert [rule.name for rule in rules if f'"{rule.name}"' not in source] == []
