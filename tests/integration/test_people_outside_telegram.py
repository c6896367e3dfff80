"""Somebody without a Telegram id is a customer like any other; what is for them waits until there is a way to them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.outbox import OutboxMessage
from db.tables.users import Role, User
from services.audit_log.history import AuditLog
from services.billing import ledger
from services.billing.reminders import Reminders
from services.bonuses import week_of
from services.payments.queries import PaymentNotFound
from services.users.accounts import Users, Visitor
from services.users.actor import Actor
from services.users.manage import CannotBeTold, CreditChange, NotInTelegram, UserManagement
from services.users.roles import Admins, NotAllowed, Staff
from tests.integration.billing.test_bonuses import MOSCOW, WEEK, Parish
from tests.support.backups import back_up
from tests.support.clock import FakeClock
from tests.support.counter import STORE, open_counter
from tests.support.shop import add_outsider, add_payment, add_user
from tests.support.tills import Cashier, open_cashier

OWNER, VERAS_CHAT = 77, 4242


async def notifications(db: Database) -> list[AnyRow]:
    return await db.read(lambda session: list(session.execute(select(table_of(OutboxMessage))).all()))


async def joins_telegram(db: Database, user_id: int) -> None:
    users = table_of(User)
    joined = update(users).where(users.c.id == user_id).values(telegram_id=VERAS_CHAT)
    await db.write(lambda session: session.execute(joined) and None)


async def test_admins_find_them_and_act(database: Database, clock: FakeClock) -> None:
    owner, vera = await database.write(add_user, telegram_id=OWNER), await database.write(add_outsider)
    another = await database.write(add_outsider)
    staff = Staff((OWNER,))
    users = UserManagement(database, clock, staff)
    gift = CreditChange(user_id=vera, amount=500, reason="welcome", nonce="n")
    assert await users.change(gift, actor=Actor(owner)) == 500
    card = await users.card(vera)
    assert (card.telegram_id, card.balance, card.role) == (None, 500, None)
    assert [line.id for line in await users.search(f"#{vera}")] == [vera]
    assert {line.id for line in await users.search("Anna")} == {owner, vera, another}
    await users.disable(vera, actor=Actor(owner))
    [disabled, given] = (await AuditLog(database).of_user(vera)).items
    assert (disabled.action, given.action) == ("user.disable", "credits.grant")
    assert given.actor is not None
    assert given.target is not None
    assert (given.actor.telegram_id, given.target.telegram_id, given.target.user_id) == (OWNER, None, vera)
    with pytest.raises(NotInTelegram):
        await users.telegram_id_of(f"#{vera}")
    with pytest.raises(CannotBeTold):
        await users.write_to(vera, "hello", nonce="n", actor=Actor(owner))
    with pytest.raises(NotAllowed):
        await users.change(gift, actor=Actor(another))


async def test_the_shop_itself_may_act(database: Database, clock: FakeClock) -> None:
    vera = await database.write(add_outsider)
    gift = CreditChange(user_id=vera, amount=500, reason="welcome", nonce="n")
    await UserManagement(database, clock, Staff(())).change(gift, actor=Actor.system())
    [entry] = (await AuditLog(database).latest()).items
    assert (entry.action, entry.actor) == ("credits.grant", None)


async def test_a_role_waits_for_its_holder(database: Database, clock: FakeClock) -> None:
    await database.write(add_outsider)  # whom the role must not reach
    admins = Admins(database, clock, Staff((OWNER,)))
    await admins.appoint(VERAS_CHAT, Role.ADMIN, actor=Actor.system())
    assert await admins.role_by_telegram(VERAS_CHAT) is Role.ADMIN
    visitor = Visitor(telegram_id=VERAS_CHAT, username=None, first_name="Vera", language="en")
    vera = await Users(database, clock, welcome_credits=0).enter(visitor)
    assert await admins.role_of(vera.id) is Role.ADMIN
    owner, view = await admins.all()
    assert (owner.telegram_id, owner.user_id, view.user_id, view.first_name) == (OWNER, None, vera.id, "Vera")
    assert await admins.appoint(VERAS_CHAT, None, actor=Actor.system()) is Role.ADMIN
    assert await admins.role_of(vera.id) is None


async def test_the_bonus_comes_and_nothing_is_told(database: Database, clock: FakeClock) -> None:
    parish = Parish(database, clock)
    [anna] = await parish.people(1)
    vera = await database.write(add_outsider)
    assert week_of(clock(), MOSCOW) == WEEK
    assert (await parish.bonuses().grant(WEEK)).users == 2
    assert await parish.got() == [anna, vera]
    assert [row.user_id for row in await notifications(database)] == [anna]
    await parish.audit()


async def test_of_credits_that_expire_they_hear_once_there_is_a_way(database: Database, clock: FakeClock) -> None:
    vera, soon = await database.write(add_outsider), clock() + timedelta(days=2)
    payment_id, reminders = await database.write(add_payment, user_id=vera, amount=100), Reminders(database, clock)
    await database.write(
        ledger.grant,
        user_id=vera,
        amount=100,
        kind=TransactionKind.TOPUP,
        key=f"topup:{payment_id}",
        payment_id=payment_id,
        expires_at=soon,
        now=clock(),
    )
    assert await reminders.tell_expiring() == 0
    await joins_telegram(database, vera)
    assert await reminders.tell_expiring() == 1


async def test_an_answer_waits_until_there_is_a_way(sqlite_database: Database, clock: FakeClock) -> None:
    counter = await open_counter(sqlite_database, clock, STORE)
    async with counter.exits:
        vera = await sqlite_database.write(add_outsider)
        await counter.give(vera, 1000)
        sold = await counter.buy(vera)
        await counter.worker().run_waiting()
        assert (await counter.view(sold)).status == "succeeded"
        clock.advance(days=30)
        assert await counter.outbox.claim() == []
        assert await counter.outbox.probe() == []
        assert await counter.outbox.backlog() == (0, 0.0)
        await joins_telegram(sqlite_database, vera)
        [notification, *_] = await counter.outbox.claim()
        assert (notification.user_id, notification.recipient.chat_id, notification.kind) == (
            vera,
            VERAS_CHAT,
            "prediction",
        )
        await counter.check()


@pytest.fixture
def cashier(database: Database, clock: FakeClock) -> Cashier:
    return open_cashier(database, clock)


async def test_they_pay_and_a_payment_of_a_lost_book_is_told_of(cashier: Cashier, database_url: str) -> None:
    await cashier.owner()
    vera = await cashier.db.write(add_outsider)
    await cashier.pays(vera)
    assert await cashier.balance(vera) == 3000
    put_back = back_up(database_url)
    payment = await cashier.pays(vera)
    put_back()
    cashier.restart()
    await cashier.till.reconciler.round()
    assert await cashier.problems() == ["unproven"]
    assert await cashier.balance(vera) == 3000
    with pytest.raises(PaymentNotFound):
        await cashier.payments.get(payment.id)
    await cashier.is_sound()
