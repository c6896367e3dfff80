"""A role that is taken away while a press of its holder is under way."""

import asyncio
from collections.abc import Awaitable
from uuid import uuid4

import pytest

from db.engine import Database
from db.tables.users import AuditEntry, Role
from services.money import rub
from services.payments.packages import PackageOffer
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest
from services.users.actor import Actor
from services.users.manage import CreditChange
from services.users.roles import Admins, NotAllowed, Staff
from tests.support.clock import FakeClock
from tests.support.tills import OWNER as TILLS_OWNER
from tests.support.tills import open_cashier

from .conftest import ADMIN, CUSTOMER, MODERATOR, OWNER, AdminServices

OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)


async def test_what_is_done_comes_before_the_end_of_the_role(services: AdminServices) -> None:
    for turn in range(12):
        gift = CreditChange(user_id=services.anna, amount=100, reason="because", nonce=str(turn))
        acts: tuple[Awaitable[object], ...] = (
            services.users.change(gift, actor=Actor(ADMIN)),
            services.admins.appoint(ADMIN, None, actor=Actor(OWNER)),
            services.packages.create(OFFER, actor=Actor(ADMIN)),
            services.users.write_to(services.anna, "hello", nonce=str(turn), actor=Actor(ADMIN)),
        )
        for result in await asyncio.gather(*acts, return_exceptions=True):
            assert not isinstance(result, BaseException) or isinstance(result, NotAllowed)
        await services.admins.appoint(ADMIN, Role.ADMIN, actor=Actor(OWNER))
    role: object = "admin"
    for row in await services.rows(AuditEntry):
        if row.action == "role.change" and row.subject == str(ADMIN):
            role = row.after["role"]
        elif row.actor_user_id == ADMIN:
            assert role == "admin", f"{row.action} after the role was gone"
    await services.audit()


async def test_a_refund_is_begun_by_those_who_may(database: Database, clock: FakeClock) -> None:
    cashier = open_cashier(database, clock)
    admins = Admins(database, clock, Staff((TILLS_OWNER,)))
    anna, admin, moderator = [await cashier.customer(telegram_id=each) for each in (CUSTOMER, ADMIN, MODERATOR)]
    payment = await cashier.pays(anna)
    await admins.appoint(MODERATOR, Role.MODERATOR, actor=Actor.system())
    await admins.appoint(ADMIN, Role.ADMIN, actor=Actor.system())
    await admins.appoint(ADMIN, None, actor=Actor.system())  # between the confirmation on the screen and its button
    for actor in (admin, moderator, anna):
        with pytest.raises(NotAllowed):
            await cashier.till.refunds.start(_wish(payment, actor))
    assert cashier.yookassa.refunds == {}
    assert await cashier.payments.refunds(payment.id) == []
    await admins.appoint(ADMIN, Role.ADMIN, actor=Actor.system())
    assert (await cashier.till.refunds.start(_wish(payment, admin))).credits_taken == payment.credits
    await cashier.is_sound()


def _wish(payment: PaymentView, actor: int) -> RefundRequest:
    return RefundRequest(id=uuid4(), payment_id=payment.id, amount=rub(300_00), actor=Actor(actor))
