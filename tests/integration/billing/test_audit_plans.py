"""Each invariant of plans is broken on purpose; the audit names what broke."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.chats import MessageStatus
from db.tables.plans import AllowanceUnit
from services.billing import ledger
from services.plans.allowances import claim_for_answer, note_use
from tests.support.audits import broken, meddle
from tests.support.clock import START, FakeClock
from tests.support.plans import PlanShop
from tests.support.shop import add_answer, add_model, add_prediction
from tests.support.tills import open_cashier

FIRST_BEGINNING = "(SELECT x.starts_at FROM (SELECT min(starts_at) AS starts_at FROM subscription_periods) x)"


@pytest.fixture
async def anna(database: Database, clock: FakeClock) -> int:
    """She has paid for two periods."""
    shop = PlanShop(cashier=open_cashier(database, clock))
    anna = await shop.cashier.customer()
    plus = await shop.sells(credits=500, allowances=[(AllowanceUnit.REQUESTS, 5, [])])
    await shop.subscribes(anna, plus)
    await shop.lives(days=30)
    assert len(await shop.periods(anna)) == 2
    assert await broken(database) == {}
    return anna


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("payments for plans", "UPDATE payments SET status = 'canceled' WHERE period_number = 2"),
        ("credits of periods", "UPDATE subscription_periods SET credits = 501 WHERE number = 2"),
        (
            "periods in their order",
            f"UPDATE subscription_periods SET starts_at = {FIRST_BEGINNING} WHERE number = 2",
        ),
        ("subscriptions and periods", "UPDATE subscriptions SET number = 3"),
        ("allowances and uses", "UPDATE period_allowances SET used = 1"),
    ],
)
@pytest.mark.usefixtures("anna")
async def test_what_was_paid_is_served_once(database: Database, rule: str, change: str) -> None:
    await meddle(database, change)
    assert (await broken(database)).keys() == {rule}


@pytest.mark.parametrize("talks", [False, True], ids=["prediction", "answer"])
async def test_what_the_plan_pays_for_costs_no_credits(database: Database, anna: int, talks: bool) -> None:
    cause = await database.write(_pay_twice, anna, talks)
    found = await broken(database)
    assert found.keys() == {"either plan or credits"}
    assert str(cause) in found["either plan or credits"][0]


def _pay_twice(session: Session, anna: int, talks: bool) -> UUID:
    add_model(session)
    now = START + timedelta(days=30)
    claim = claim_for_answer(session, anna, "wine", now, least=1, most=1)
    assert claim is not None
    if talks:
        cause = add_answer(session, user_id=anna, hold=40, status=MessageStatus.QUEUED)
        note_use(session, claim, now, message_id=cause)
        ledger.charge(session, user_id=anna, amount=40, message_id=cause, now=now)
    else:
        cause = add_prediction(session, user_id=anna, price=40)
        note_use(session, claim, now, prediction_id=cause)
        ledger.charge(session, user_id=anna, amount=40, prediction_id=cause, now=now)
    return cause
