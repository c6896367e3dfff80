"""What the demo's shop sells beside models: packages and plans."""

import asyncio
from typing import Final

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from services.features import PlanShelf
from services.money import Money, rub
from services.payments.packages import PackageOffer, Packages
from services.plans.discounts import discount_of
from services.plans.manage import PlanManagement
from services.plans.plan_offer import PlanOffer
from services.plans.plans import AllowanceView, Plans
from services.users.actor import Actor
from services.users.roles import Staff

DEMO_PACKAGES: Final = (
    PackageOffer(title={"ru": "Стартовый", "en": "Starter"}, credits=50_00, price=rub(450_00), valid_days=90),
    PackageOffer(title={"ru": "Большой", "en": "Big"}, credits=200_00, price=rub(1_600_00), valid_days=365),
)
DEMO_PLANS: Final = (
    PlanOffer(
        name="light",
        title={"ru": "Лёгкий", "en": "Light"},
        description={"ru": "Для тех, кто спрашивает иногда.", "en": "For an occasional question."},
        credits=30_00,
        trial_days=3,
        prices={Currency.RUB: rub(290_00), Currency.XTR: Money(220, Currency.XTR)},
        allowances=(AllowanceView(unit=AllowanceUnit.REQUESTS, amount=10, slugs=("digit", "wine")),),
    ),
    PlanOffer(
        name="plus",
        title={"ru": "Плюс", "en": "Plus"},
        description={"ru": "Для тех, кто спрашивает каждый день.", "en": "For a question a day."},
        credits=100_00,
        discount_percent=10,
        prices={Currency.RUB: rub(790_00), Currency.XTR: Money(600, Currency.XTR)},
        allowances=(AllowanceView(unit=AllowanceUnit.REQUESTS, amount=100, slugs=()),),
    ),
)


def fill_shelves(database: str, owner: int) -> None:
    """In a new shop; where there are any, what was made of them stays."""
    from db.engine import Database
    from db.migrate import upgrade
    from services.clock import system_clock

    async def fill() -> None:
        db, staff, actor = Database(database), Staff((owner,)), Actor.system()
        try:
            packages, plans = Packages(db, system_clock, staff, discount_of), PlanManagement(db, system_clock, staff)
            if not await packages.all():
                for package in DEMO_PACKAGES:
                    await packages.create(package, actor=actor)
            if not await Plans(db, PlanShelf()).all():
                for plan in DEMO_PLANS:
                    await plans.create(plan, actor=actor)
        finally:
            await db.close()

    upgrade(database)
    asyncio.run(fill())
