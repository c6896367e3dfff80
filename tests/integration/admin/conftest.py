"""A shop with an owner, an admin, a moderator and a customer, on either database."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import select, update

from db.base import AnyRow, Base, table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.models import Model
from db.tables.users import AuditEntry, Role
from services.billing import ledger
from services.billing.audit import run_audit
from services.models.manage import ModelManagement
from services.payments.packages import Packages
from services.plans.discounts import discount_of
from services.users.actor import Actor
from services.users.manage import UserManagement
from services.users.roles import Admins, Staff
from tests.support.clock import FakeClock
from tests.support.shop import add_user

OWNER, ADMIN, MODERATOR, CUSTOMER, STRANGER = 1, 2, 3, 4, 5  # Telegram ids


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminServices:
    """`anna` is the customer's users.id; she has 10.00 credits."""

    db: Database
    clock: FakeClock
    admins: Admins
    users: UserManagement
    models: ModelManagement
    packages: Packages
    anna: int

    async def rows(self, mapped: type[Base]) -> Sequence[AnyRow]:
        table = table_of(mapped)
        query = select(table).order_by(table.c.id)
        return await self.db.read(lambda session: session.execute(query).all())

    async def audit_log(self) -> list[str]:
        return [row.action for row in await self.rows(AuditEntry)]

    async def balance(self) -> int:
        return (await self.users.card(self.anna)).balance

    async def stop(self, slug: str) -> None:
        """As a model is that has failed too often."""
        models = table_of(Model)
        statement = update(models).where(models.c.slug == slug).values(failures=3, stopped_for="no")
        await self.db.write(lambda session: session.execute(statement) and None)

    async def audit(self) -> None:
        report = await run_audit(self.db)
        assert report.exit_code == 0, str(report)


@pytest.fixture
async def services(database: Database, clock: FakeClock) -> AdminServices:
    return await open_admin_services(database, clock)


async def open_admin_services(db: Database, clock: FakeClock) -> AdminServices:
    for telegram_id in (OWNER, ADMIN, MODERATOR):
        await db.write(add_user, telegram_id=telegram_id)
    anna = await db.write(add_user, telegram_id=CUSTOMER)
    await db.write(ledger.grant, user_id=anna, amount=1000, kind=TransactionKind.WELCOME, key="welcome", now=clock())
    staff = Staff((OWNER,))
    admins = Admins(db, clock, staff)
    await admins.appoint(ADMIN, Role.ADMIN, actor=Actor(OWNER))
    await admins.appoint(MODERATOR, Role.MODERATOR, actor=Actor(OWNER))
    return AdminServices(
        db=db,
        clock=clock,
        admins=admins,
        users=UserManagement(db, clock, staff),
        models=ModelManagement(db, clock, staff),
        packages=Packages(db, clock, staff, discount_of),
        anna=anna,
    )
