"""The outbox by itself: told once, in order, until it is settled."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from db.engine import Database
from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus, Priority, Wait
from db.tables.users import User
from services.notifications.claims import LEASE
from services.notifications.notification import About, Notification
from services.notifications.outbox import enqueue
from services.notifications.sending import GIVE_UP_AFTER, LEAST_ATTEMPTS, Outbox
from services.notifications.settle import RECHECK_AFTER
from tests.support.clock import FakeClock
from tests.support.shop import add_user

from .mail import Mail, open_mail


@pytest.fixture
async def mail(database: Database, clock: FakeClock) -> Mail:
    return await open_mail(database, clock)


async def test_the_same_fact_is_told_once(mail: Mail) -> None:
    await mail.write(mail.anna, "one", key="fact")
    await mail.write(mail.anna, "one again", key="fact")
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["one"]


async def test_a_notification_knows_its_reader(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    (notification,) = await mail.outbox.claim()
    assert (notification.recipient.chat_id, notification.recipient.language) == (1, "ru")
    assert (notification.kind, notification.attempts) == ("note", 1)
    assert not notification.blocked


async def test_a_chats_notifications_come_one_after_another(mail: Mail) -> None:
    for text in ("first", "second", "third"):
        await mail.write(mail.anna, text)
    await mail.write(mail.boris, "other")
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["first", "other"]
    assert await mail.outbox.claim() == []  # Anna's second waits for her first
    await mail.settle("first")
    (second,) = await mail.outbox.claim()
    assert second.payload["text"] == "second"
    await mail.outbox.retry(second, "502")
    assert await mail.outbox.claim() == []  # the third does not overtake it
    mail.clock.advance(seconds=2)
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["second"]


async def test_who_waits_comes_before_news(mail: Mail) -> None:
    for text in ("news one", "news two"):
        await mail.write(mail.anna, text, priority=Priority.NEWS)
    await mail.write(mail.boris, "news", priority=Priority.NEWS)
    (first,) = await mail.outbox.claim(1)
    assert first.payload["text"] == "news one"
    await mail.write(mail.boris, "answer")
    await mail.write(mail.anna, "answer")
    claimed = await mail.outbox.claim()
    assert [(each.user_id, each.payload["text"]) for each in claimed] == [
        (mail.boris, "answer"),
        (mail.anna, "answer"),  # her news under way do not hold it up
        (mail.boris, "news"),
    ]
    await mail.settle("news one")
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["news two"]


async def test_what_is_not_settled_comes_again_after_the_lease(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    await mail.outbox.claim()
    mail.clock.advance(seconds=LEASE.total_seconds() - 1)
    assert await mail.outbox.claim() == []
    mail.clock.advance(seconds=1)
    (notification,) = await mail.outbox.claim()
    assert notification.attempts == 2


async def test_two_senders_never_take_the_same(mail: Mail) -> None:
    people = [await mail.db.write(add_user, telegram_id=100 + number) for number in range(40)]
    for user in people:
        for text in ("a", "b"):
            await mail.write(user, text)
    senders = [Outbox(mail.db, mail.clock) for _ in range(4)]
    claimed = [each for some in await asyncio.gather(*(s.claim(15) for s in senders)) for each in some]
    claimed += await mail.outbox.claim(100)
    assert len({notification.id for notification in claimed}) == len(claimed) == 40
    assert {notification.payload["text"] for notification in claimed} == {"a"}


async def test_pauses_grow_and_it_is_given_up_after_days(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    pauses: list[float] = []
    for _ in range(LEAST_ATTEMPTS):
        (notification,) = await mail.outbox.claim()
        await mail.outbox.retry(notification, "TelegramServerError: 502")
        row = await mail.row(notification)
        assert row.status == OutboxStatus.PENDING
        pauses.append((row.available_at - mail.clock()).total_seconds())
        mail.clock.advance(seconds=pauses[-1])
    assert pauses[:4] == [2, 4, 8, 16]
    assert max(pauses) == 1800
    mail.clock.advance(seconds=GIVE_UP_AFTER.total_seconds())
    (notification,) = await mail.outbox.claim()
    await mail.outbox.retry(notification, "TelegramServerError: 502")
    row = await mail.row(notification)
    assert (row.status, row.error) == (OutboxStatus.FAILED, "TelegramServerError: 502")
    assert await mail.outbox.claim() == []


async def test_a_shop_that_was_off_for_a_month_still_tries(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    mail.clock.advance(seconds=30 * 24 * 3600)
    for _ in range(LEAST_ATTEMPTS - 1):
        (notification,) = await mail.outbox.claim()
        await mail.outbox.retry(notification, "502")
        mail.clock.advance(seconds=1800)
    assert (await mail.row(notification)).status == OutboxStatus.PENDING


async def test_what_was_given_up_is_sent_once_more(mail: Mail) -> None:
    """For days again, though it was written long ago."""
    for text in ("given up", "arrived"):
        await mail.write(mail.anna, text)
    (notification,) = await mail.outbox.claim()
    await mail.outbox.fail(notification, "Bad Request")
    await mail.settle("arrived")
    mail.clock.advance(seconds=8 * 24 * 3600)
    assert await mail.outbox.reopen() == 1
    for _ in range(LEAST_ATTEMPTS + 1):
        (notification,) = await mail.outbox.claim()
        await mail.outbox.retry(notification, "502")
        mail.clock.advance(seconds=1800)
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["given up"]
    assert await mail.outbox.reopen() == 0


async def test_what_waits_for_telegram_is_due_when_something_gets_through(mail: Mail) -> None:
    """Not what another sender has in hand, nor what Telegram named a time for."""
    people = [await mail.db.write(add_user, telegram_id=10 + number) for number in range(3)]
    for user, text in zip(people, ("waits", "told to wait", "in hand"), strict=True):
        await mail.write(user, text)
    waits, told, _ = await mail.outbox.claim()
    await mail.outbox.retry(waits, "502", wait=Wait.TELEGRAM)
    await mail.outbox.retry(told, "429", after=timedelta(seconds=35))
    await mail.outbox.release(Wait.TELEGRAM)
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["waits"]


async def test_one_stands_for_all_that_wait(mail: Mail) -> None:
    """Each in turn, so that none which never gets through is taken for the others."""
    await mail.write(mail.anna, "one")
    await mail.write(mail.boris, "two")
    for notification in await mail.outbox.claim():
        await mail.outbox.retry(notification, "502", wait=Wait.TELEGRAM)
    told = []
    for _ in range(4):
        (notification,) = await mail.outbox.probe()
        told.append(notification.payload["text"])
        await mail.outbox.retry(notification, "502", wait=Wait.TELEGRAM)
    assert told == ["one", "two"] * 2


async def test_what_cannot_be_presented_is_passed(mail: Mail) -> None:
    await mail.write(mail.anna, "bug")
    await mail.write(mail.anna, "next")
    (bug,) = await mail.outbox.claim()
    await mail.outbox.retry(bug, "KeyError")
    assert await mail.outbox.claim() == []
    mail.clock.advance(seconds=2)
    (bug,) = await mail.outbox.claim()
    await mail.outbox.shelve(bug, "KeyError")
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["next"]


async def test_a_pause_that_telegram_names_costs_no_attempt(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    for _ in range(LEAST_ATTEMPTS * 2):
        (notification,) = await mail.outbox.claim()
        assert notification.attempts == 1
        await mail.outbox.retry(notification, "429", after=timedelta(seconds=35))
        assert await mail.outbox.claim() == []
        mail.clock.advance(seconds=35)


async def test_what_is_settled_stays_so(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    (notification,) = await mail.outbox.claim()
    await mail.outbox.sent(notification)
    await mail.outbox.retry(notification, "too late")
    await mail.outbox.fail(notification, "too late")
    row = await mail.row(notification)
    assert (row.status, row.sent_at, row.error) == (OutboxStatus.SENT, mail.clock(), None)


@pytest.mark.parametrize("reason", ["x" * 1000, "zero \x00 character"])
async def test_reasons_that_columns_refuse_are_cut(mail: Mail, reason: str) -> None:
    await mail.write(mail.anna, "one")
    (notification,) = await mail.outbox.claim()
    await mail.outbox.fail(notification, reason)
    assert (await mail.row(notification)).error == reason.replace("\x00", "")[:255]


async def test_a_message_is_looked_at_again(mail: Mail) -> None:
    """In a while, without holding up the chat's news; asked for anew while it is under way, it comes once more."""
    about = About(kind=OutboxKind.PAYMENT, id=uuid4(), user_id=mail.anna)
    await mail.outbox.recheck(about)
    await mail.write(mail.anna, "paid", priority=Priority.NEWS)
    (paid,) = await mail.outbox.claim()
    await mail.outbox.sent(paid)
    mail.clock.advance(seconds=RECHECK_AFTER.total_seconds())
    (look,) = await mail.outbox.claim()
    assert (look.about, look.payload["look"]) == (about, True)
    await mail.outbox.recheck(about)
    await mail.outbox.sent(look)
    assert await mail.outbox.claim() == []
    mail.clock.advance(seconds=RECHECK_AFTER.total_seconds())
    (again,) = await mail.outbox.claim()
    await mail.outbox.sent(again)
    assert again.id == look.id
    assert (await mail.row(look)).status == OutboxStatus.SENT


async def test_asked_for_many_times_a_look_waits_no_longer(mail: Mail) -> None:
    """Nor do the chat's looks behind it, when it fails once."""
    looks = [About(kind=OutboxKind.PAYMENT, id=uuid4(), user_id=mail.anna) for _ in range(2)]
    for about in [looks[0]] * 12 + looks:
        await mail.outbox.recheck(about)
    mail.clock.advance(seconds=RECHECK_AFTER.total_seconds())
    for notification in await mail.outbox.claim():
        await mail.outbox.retry(notification, "not sent in time")
    told = []
    for _ in range(3):
        mail.clock.advance(seconds=2)
        for notification in await mail.outbox.claim():
            await mail.outbox.sent(notification)
            told.append(notification.about)
    assert told == looks


async def test_tries_of_an_outage_do_not_make_a_later_pause_long(mail: Mail) -> None:
    await mail.write(mail.anna, "paid")
    for _ in range(20):
        (notification,) = await mail.outbox.probe()
        await mail.outbox.retry(notification, "502", wait=Wait.TELEGRAM)
    await mail.outbox.release(Wait.TELEGRAM)
    (notification,) = await mail.outbox.claim()
    await mail.outbox.retry(notification, "cut")
    mail.clock.advance(seconds=10)
    (again,) = await mail.outbox.claim()
    assert again.attempts > 1, "it may have arrived: told again, it is an edit"


async def test_an_outage_that_ends_meanwhile_makes_no_pause_long(mail: Mail) -> None:
    """It was tried once more when others got through, and alone did not."""
    await mail.write(mail.anna, "paid")
    for _ in range(20):
        (notification,) = await mail.outbox.probe()
        await mail.outbox.retry(notification, "502", wait=Wait.TELEGRAM)
    (notification,) = await mail.outbox.probe()
    await mail.outbox.release(Wait.TELEGRAM)
    await mail.outbox.retry(notification, "not sent in time")
    mail.clock.advance(seconds=2)
    (again,) = await mail.outbox.claim()
    assert again.id == notification.id


async def test_what_a_sender_has_in_hand_it_does_not_take_again(mail: Mail) -> None:
    """A clock that leaps has ended its lease. Nor does it take what comes after it in the chat."""
    for text in ("one", "two"):
        await mail.write(mail.anna, text)
    (one,) = await mail.outbox.claim()
    mail.clock.advance(seconds=3600)
    assert await mail.outbox.claim(in_hand=[one.id]) == []
    assert await mail.outbox.probe(in_hand=[one.id]) == []
    await mail.outbox.sent(one)
    assert (await mail.row(one)).status == OutboxStatus.SENT
    assert [each.payload["text"] for each in await mail.outbox.claim()] == ["two"]


async def test_a_slow_sender_does_not_settle_what_another_has_now(mail: Mail) -> None:
    about = About(kind=OutboxKind.PAYMENT, id=uuid4(), user_id=mail.anna)
    await mail.outbox.recheck(about)
    mail.clock.advance(seconds=RECHECK_AFTER.total_seconds())
    (slow,) = await mail.outbox.claim()
    await mail.outbox.recheck(about)
    mail.clock.advance(seconds=RECHECK_AFTER.total_seconds())
    (now,) = await mail.outbox.claim()
    await mail.outbox.sent(slow)
    await mail.outbox.retry(now, "away")
    assert (await mail.row(now)).status == OutboxStatus.PENDING


async def test_what_was_covered_is_told_again(mail: Mail) -> None:
    await mail.write(mail.anna, "paid", key="payment:1:succeeded")
    await mail.outbox.tell_again("payment:1:succeeded")  # it is not told yet
    (notification,) = await mail.outbox.claim()
    await mail.outbox.sent(notification)
    await mail.outbox.tell_again("payment:1:succeeded")
    assert [each.id for each in await mail.outbox.claim()] == [notification.id]


async def test_backlog(mail: Mail) -> None:
    """All that wait, whatever for; not what was told and is looked at again."""
    assert await mail.outbox.backlog() == (0, 0.0)
    await mail.write(mail.anna, "one")
    mail.clock.advance(seconds=90)
    await mail.write(mail.boris, "two")
    assert await mail.outbox.backlog() == (2, 90.0)
    one, two = await mail.outbox.claim()
    assert await mail.outbox.backlog() == (2, 90.0), "in hand"
    await mail.outbox.retry(one, "429", after=timedelta(hours=1))
    await mail.outbox.retry(two, "502", wait=Wait.TELEGRAM)
    assert await mail.outbox.backlog() == (2, 90.0)
    await mail.outbox.sent(one)
    await mail.outbox.recheck(About(kind=OutboxKind.PAYMENT, id=uuid4(), user_id=mail.anna))
    assert (await mail.outbox.backlog())[0] == 2


async def test_what_telegram_keeps_back(mail: Mail) -> None:
    """However often it is tried meanwhile, by whatever process; not the news, nor who waits by themselves."""
    await mail.write(mail.anna, "answer")
    await mail.write(mail.boris, "news", priority=Priority.NEWS)
    answer, news = await mail.outbox.claim()
    mail.clock.advance(minutes=5)
    assert await mail.outbox.kept_back() == 0.0
    await mail.outbox.retry(news, "502", wait=Wait.TELEGRAM)
    await mail.outbox.retry(answer, "500")
    assert await mail.outbox.kept_back() == 0.0
    mail.clock.advance(minutes=5)
    for claim in (mail.outbox.claim, mail.outbox.probe, mail.outbox.claim):
        (answer,) = [each for each in await claim() if each.user_id == mail.anna]
        await mail.outbox.retry(answer, "502", wait=Wait.TELEGRAM)
        mail.clock.advance(hours=1)
        assert await Outbox(mail.db, mail.clock).kept_back() > 3600
    (answer,) = [each for each in await mail.outbox.claim() if each.user_id == mail.anna]
    assert await mail.outbox.kept_back() > 3600, "it is being tried"
    await mail.outbox.sent(answer)
    assert await mail.outbox.kept_back() == 0.0
    assert (await mail.row(answer)).waits_for is None


async def test_a_fact_that_is_rolled_back_is_not_told(mail: Mail) -> None:
    def fail(session: object) -> None:
        enqueue(session, user_id=mail.anna, kind=OutboxKind.BONUS, payload={}, key="fact", now=mail.clock())  # type: ignore[arg-type]  # a session it is
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await mail.db.write(fail)
    assert await mail.outbox.claim() == []


async def test_blocked_readers_are_marked(mail: Mail) -> None:
    await mail.write(mail.anna, "one")
    await mail.change(User, User.id == mail.anna, blocked_at=mail.clock())
    notifications: list[Notification] = await mail.outbox.claim()
    assert [notification.blocked for notification in notifications] == [True]
    await mail.outbox.skip(notifications[0], "blocked")
    assert [row.status for row in await mail.rows(OutboxMessage)] == [OutboxStatus.SKIPPED]
