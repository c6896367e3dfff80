"""Steps that conversations about plans share."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.plans import Subscription
from sandbox.client.person import Person
from services.money import Money
from services.plans.plan_offer import PlanOffer
from services.plans.subscriptions import SubscriptionView
from tests.conversations.stage import Stage

TITLES = {"light": ("Лайт", "Light"), "pro": ("Профи", "Pro"), "start": ("Старт", "Start"), "full": ("Полный", "Full")}


def plan(name: str, kopecks: int, **more: Any) -> PlanOffer:  # Any: as the keywords say
    given: dict[str, Any] = {
        "name": name,
        "title": dict(zip(("ru", "en"), TITLES[name], strict=True)),
        "prices": {Currency.RUB: Money(kopecks, Currency.RUB)},
    }
    return PlanOffer(**given | more)


async def mine(stage: Stage, person: Person) -> SubscriptionView:
    found = await stage.app.services.subscriptions.of(await stage.user_id(person))
    assert found is not None
    return found


async def subscribes(person: Person, title: str = "Профи", price: str = "490 ₽") -> None:
    await person.says("/plans")
    await person.presses(f"{title} · {price}")
    await person.presses("🔁")
    await person.pays("💳")
    await person.sees(f": {price}. ")


async def ends_soon(stage: Stage, person: Person, *, within: timedelta, warned: bool = False) -> None:
    """Its period ends so soon, and the clock has work to do. `warned`: of that end already."""
    ends, now = stage.app.clock() + within, stage.app.clock()
    values = {"starts_at": ends - timedelta(days=30), "ends_at": ends, "look_at": now}
    values |= {"warned_of": ends} if warned else {}
    await _change(stage, person, **values)
    await stage.app.services.renewals.round()


async def comes_to_be_tried(stage: Stage, person: Person) -> None:
    await _change(stage, person, look_at=stage.app.clock())
    await stage.app.services.renewals.round()


async def _change(stage: Stage, person: Person, **values: datetime) -> None:
    rows, subscription_id = table_of(Subscription), (await mine(stage, person)).id

    def change(session: Session) -> None:
        session.execute(update(rows).where(rows.c.id == subscription_id).values(**values))

    await stage.app.db.write(change)
