"""Who blocks the bot and comes back gets what they waited for, once; the news of meanwhile are gone."""

import pytest

from db.engine import Database
from db.tables.outbox import OutboxMessage, OutboxStatus, Priority
from db.tables.users import User
from services.users.accounts import Users, Visitor
from tests.support.clock import FakeClock

from .mail import Mail, open_mail

ANNA = 1  # her chat


@pytest.fixture
async def mail(database: Database, clock: FakeClock) -> Mail:
    return await open_mail(database, clock)


@pytest.fixture
def users(mail: Mail) -> Users:
    return Users(mail.db, mail.clock, welcome_credits=0)


async def skip_all(mail: Mail) -> None:
    while notifications := await mail.outbox.claim():
        for notification in notifications:
            await mail.outbox.skip_blocked(notification, "blocked")


async def waiting(mail: Mail) -> list[str]:
    rows = await mail.rows(OutboxMessage, OutboxMessage.status == OutboxStatus.PENDING)
    return [row.payload["text"] for row in rows]


@pytest.mark.parametrize("how", ["unblocks", "writes"])
async def test_what_somebody_waited_for_comes_when_they_are_back(mail: Mail, users: Users, how: str) -> None:
    await users.mark_blocked(ANNA, blocked=True)
    await mail.write(mail.anna, "answer")
    await mail.write(mail.anna, "bonus", priority=Priority.NEWS)
    await mail.write(mail.boris, "to another")
    (told,) = [each for each in await mail.outbox.claim() if each.user_id == mail.boris]
    await mail.outbox.sent(told)
    mail.clock.advance(minutes=2)
    await skip_all(mail)
    assert await waiting(mail) == []
    mail.clock.advance(days=30)
    await users.mark_blocked(ANNA, blocked=True)  # noticed once more: it counts from the first time on
    if how == "unblocks":
        await users.mark_blocked(ANNA, blocked=False)
    else:
        await users.enter(Visitor(telegram_id=ANNA, username=None, first_name="Anna", language="ru"))
    assert await waiting(mail) == ["answer"]
    (notification,) = await mail.outbox.claim()
    assert not notification.blocked
    await mail.outbox.sent(notification)
    await users.mark_blocked(ANNA, blocked=True)
    await users.mark_blocked(ANNA, blocked=False)
    assert await waiting(mail) == []


async def test_what_was_skipped_for_another_reason_does_not_come(mail: Mail, users: Users) -> None:
    await mail.write(mail.anna, "nothing to tell any more")
    (notification,) = await mail.outbox.claim()
    await mail.outbox.skip(notification, "nothing to tell")
    mail.clock.advance(minutes=2)
    await users.mark_blocked(ANNA, blocked=True)
    await users.mark_blocked(ANNA, blocked=False)
    assert await waiting(mail) == []


async def test_who_is_back_before_it_is_skipped_misses_nothing(mail: Mail, users: Users) -> None:
    await users.mark_blocked(ANNA, blocked=True)
    await mail.write(mail.anna, "answer")
    (notification,) = await mail.outbox.claim()
    assert notification.blocked
    await users.mark_blocked(ANNA, blocked=False)
    assert await mail.outbox.skip_blocked(notification, "blocked") is OutboxStatus.PENDING
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["answer"]
    assert [row.blocked_at for row in await mail.rows(User, User.id == mail.anna)] == [None]
