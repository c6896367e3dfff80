"""From the outbox into chats: aiogram's real requests, Telegram's real refusals."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import SendMessage
from redis.exceptions import ConnectionError as RedisConnectionError

from db.engine import Database
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.users import User
from handlers.telegram import delivery as delivery_module
from handlers.telegram import pace, reach
from handlers.telegram.delivery import BUG_ATTEMPTS, OWN_PAUSE, Delivery, Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues, Translator
from services.coordination.memory import MemoryCoordination
from services.files.store import StoreAway
from services.notifications.claims import LEASE
from services.notifications.notification import Notification
from services.users.accounts import Users
from tests.support.clock import FakeClock
from tests.support.shop import add_user
from tests.support.waiting import until
from tests.support.wire import Wire, bot_on

from .mail import Mail, open_mail

PENDING, SENT, SKIPPED = OutboxStatus.PENDING, OutboxStatus.SENT, OutboxStatus.SKIPPED
FAILED = OutboxStatus.FAILED
AWAY: list[Exception] = []  # what a part of ours fails with
ASKED: list[int] = []
BLOCKED = (403, "Forbidden: bot was blocked by the user")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "ONE_CHAT", 0.0)
    monkeypatch.setattr(delivery_module, "POLL_SECONDS", 0.005)
    monkeypatch.setattr(reach, "PROBE_SECONDS", 0.005)
    monkeypatch.setattr(reach, "MAX_PROBE_SECONDS", 0.01)


@pytest.fixture
async def mail(sqlite_database: Database, clock: FakeClock) -> Mail:
    return await open_mail(sqlite_database, clock)


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def post(mail: Mail, wire: Wire) -> Delivery:
    users = Users(mail.db, mail.clock, welcome_credits=0)
    presenters: dict[str, Present] = {"note": _note, "into": _into, "late": _late, "bug": _bug, "nothing": _nothing}
    presenters["part"] = _with_a_part
    presenters["picture"] = _picture
    presenters["endless"] = _endless
    presenters["only"] = partial(_picture, speaks=False)
    AWAY.clear()
    ASKED.clear()
    memory = MemoryCoordination()
    return Delivery(bot_on(wire), mail.outbox, users, Catalogues(), presenters, coordination=memory)


async def _note(notification: Notification, tr: Translator) -> Rendered:
    return Rendered(screen=Screen(text=notification.payload["text"]))


async def _into(notification: Notification, tr: Translator) -> Rendered:
    return Rendered(screen=Screen(text=notification.payload["text"]), into=77)


async def _late(notification: Notification, tr: Translator) -> Rendered:
    return Rendered(screen=Screen(text=notification.payload["text"]), into=77, aloud=True)


async def _picture(notification: Notification, tr: Translator, *, speaks: bool = True) -> Rendered:
    return Rendered(screen=Screen(text=notification.payload["text"], photo=b"photo", speaks=speaks))


async def _bug(notification: Notification, tr: Translator) -> Rendered:
    raise KeyError("outputs")


async def _with_a_part(notification: Notification, tr: Translator) -> Rendered:
    ASKED.append(notification.attempts)
    for problem in AWAY:
        raise problem
    return Rendered(screen=Screen(text=notification.payload["text"]))


async def _endless(notification: Notification, tr: Translator) -> None:
    await asyncio.Event().wait()


async def _nothing(notification: Notification, tr: Translator) -> None:
    return None


async def test_notifications_arrive_in_order(mail: Mail, post: Delivery, wire: Wire) -> None:
    for text in ("one", "two", "three"):
        await mail.write(mail.anna, text)
    await mail.write(mail.boris, "four")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert [text for chat, text in wire.told if chat == 1] == ["one", "two", "three"]
    assert (2, "four") in wire.told
    assert [row.sent_at for row in await mail.rows(OutboxMessage)] == [mail.clock()] * 4


async def test_an_answer_becomes_the_progress_message(mail: Mail, post: Delivery, wire: Wire) -> None:
    await mail.write(mail.anna, "answer", kind="into")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert [(type(call).__name__, getattr(call, "message_id", None)) for call in wire.calls] == [
        ("EditMessageText", 77)
    ]


async def test_a_message_that_is_gone_is_sent_anew(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].append((400, "Bad Request: message to edit not found"))
    await mail.write(mail.anna, "answer", kind="into")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert [type(call).__name__ for call in wire.calls] == ["EditMessageText", "SendMessage"]


async def test_an_answer_that_is_there_already_is_not_sent_again(mail: Mail, post: Delivery, wire: Wire) -> None:
    """It had arrived before the crash, only nobody had written that down."""
    wire.refusals[1].append((400, "Bad Request: message is not modified: specified new message content is the same"))
    await mail.write(mail.anna, "answer", kind="into")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert len(wire.calls) == 1


async def test_who_blocked_the_bot_is_marked_and_skipped(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].append(BLOCKED)
    await mail.write(mail.anna, "one")
    await mail.write(mail.anna, "two")
    async with _delivering(post):
        await until(lambda: _all(mail, SKIPPED))
    assert [text for _, text in wire.told] == ["one"]  # the second is not even tried
    (anna,) = await mail.rows(User, User.id == mail.anna)
    assert anna.blocked_at == mail.clock()


async def test_a_chat_that_does_not_exist_is_skipped(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].append((400, "Bad Request: chat not found"))
    await mail.write(mail.anna, "one")
    async with _delivering(post):
        await until(lambda: _all(mail, SKIPPED))


async def test_telegram_is_asked_again_when_it_said(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].append((429, "Too Many Requests: retry after 35", 35))
    await mail.write(mail.anna, "one")
    async with _delivering(post):
        await until(lambda: _postponed(mail))
        (row,) = await mail.rows(OutboxMessage)
        assert (row.available_at - mail.clock(), row.attempts) == (timedelta(seconds=35), 0)
        mail.clock.advance(seconds=35)
        await until(lambda: _all(mail, SENT))
    assert wire.told == [(1, "one")] * 2


@pytest.mark.parametrize(
    "trouble",
    [
        (502, "Bad Gateway"),
        (500, "Internal Server Error"),
        TelegramNetworkError(method=SendMessage(chat_id=1, text="one"), message="connection reset"),
    ],
)
async def test_what_may_pass_is_tried_again(mail: Mail, post: Delivery, wire: Wire, trouble: object) -> None:
    wire.refusals[1].append(trouble)
    await mail.write(mail.anna, "one")
    await mail.write(mail.boris, "two")
    async with _delivering(post):
        await until(lambda: _postponed(mail))
        mail.clock.advance(seconds=2)
        await until(lambda: _all(mail, SENT))
    assert wire.told.count((1, "one")) == 2


@pytest.mark.parametrize("kind", ["bug", "unknown"])
async def test_a_poison_notification_does_not_stop_the_others(
    mail: Mail, post: Delivery, wire: Wire, kind: str
) -> None:
    """Neither those of other chats nor, after a few tries, those behind it in its own. It is not given up: the next
    version may be able to present it."""
    await mail.write(mail.anna, "poison", kind=kind)
    await mail.write(mail.anna, "behind it")
    await mail.write(mail.boris, "elsewhere")
    async with _delivering(post):
        await until(lambda: _told(wire, "elsewhere"))
        for attempt in range(1, BUG_ATTEMPTS + 1):
            await until(partial(_waits_after, mail, attempt))
            mail.clock.advance(seconds=5)
        await until(lambda: _told(wire, "behind it"))
    await mail.change(OutboxMessage, OutboxMessage.kind == kind, kind="note")  # as if it could
    async with _delivering(post):
        await until(lambda: _told(wire, "poison"))


@pytest.mark.parametrize("length", [timedelta(hours=1), timedelta(days=1)])
async def test_after_an_outage_everything_is_told_at_once(
    mail: Mail, post: Delivery, wire: Wire, length: timedelta
) -> None:
    """Though the pauses had grown long."""
    wire.away = (502, "Bad Gateway")
    people = [await mail.db.write(add_user, telegram_id=100 + number) for number in range(5)]
    for user in people:
        await mail.write(user, "paid")
    async with _delivering(post):
        end = mail.clock() + length
        while mail.clock() < end:
            await until(partial(_asked, wire, len(wire.calls)))
            mail.clock.advance(seconds=length.total_seconds() / 50)
        assert {row.status for row in await mail.rows(OutboxMessage)} == {PENDING}
        wire.away = None
        wire.calls.clear()
        await until(lambda: _all(mail, SENT))
    assert len(wire.calls) <= len(people) + 1
    assert mail.clock() == end


async def test_a_notification_that_alone_meets_trouble_waits_by_itself(mail: Mail, post: Delivery, wire: Wire) -> None:
    """Others get through at full speed, and it is not tried with each of them."""
    wire.refusals[1].extend([(500, "Internal Server Error")] * 50)
    await mail.write(mail.boris, "first")
    async with _delivering(post):
        await until(lambda: _told(wire, "first"))
        await mail.write(mail.anna, "poison")
        for number in range(10):
            await mail.write(mail.boris, f"notification {number}")
        await until(lambda: _told(wire, "notification 9"))
    assert 1 <= [chat for chat, _ in wire.told].count(1) <= 6


async def test_a_chat_that_is_never_answered_holds_up_nobody(
    mail: Mail, post: Delivery, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own notifications keep their order."""
    monkeypatch.setattr(delivery_module, "HELD_UP_SECONDS", 0.02)
    monkeypatch.setattr(delivery_module, "GRACE_SECONDS", 0.0)
    wire.silent.add(1)
    people = [await mail.db.write(add_user, telegram_id=100 + number) for number in range(20)]
    for user in (mail.anna, mail.anna, *people):
        await mail.write(user, f"to {user}")
    async with _delivering(post):
        await until(partial(_all_told, wire, {(100 + n, f"to {user}") for n, user in enumerate(people)}))
    assert [chat for chat, _ in wire.told].count(1) == 1


async def test_a_busy_chat_holds_up_nobody(
    mail: Mail, post: Delivery, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_module, "HELD_UP_SECONDS", 60.0)  # at once, not after that
    await mail.write(mail.anna, "paid")
    await mail.write(mail.boris, "one")
    async with _delivering(post):
        async with post.messages.hold(1):
            await until(lambda: _told(wire, "one"))
            await mail.write(mail.boris, "two")
            await until(lambda: _told(wire, "two"))
        await until(lambda: _all(mail, SENT))
    assert wire.told.count((1, "paid")) == 1


async def test_who_waits_for_a_busy_chat_comes_again(
    mail: Mail, post: Delivery, wire: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That costs no attempt, and is no outage."""
    monkeypatch.setattr(reach, "LATELY_SECONDS", 0.0)
    monkeypatch.setattr(delivery_module, "CHAT_SECONDS", 0.02)
    await mail.write(mail.boris, "one")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
        await mail.write(mail.anna, "paid")
        async with post.messages.hold(1):
            await until(lambda: _postponed(mail))
        (row,) = await mail.rows(OutboxMessage, OutboxMessage.user_id == mail.anna)
        assert (row.attempts, row.waits_for, row.available_at) == (0, None, mail.clock() + OWN_PAUSE)
        mail.clock.advance(seconds=OWN_PAUSE.total_seconds())
        await until(lambda: _all(mail, SENT))
    assert wire.told == [(2, "one"), (1, "paid")]
    assert "telegram_away" not in capsys.readouterr().out


async def test_what_is_not_ready_in_time_is_no_outage(
    mail: Mail, post: Delivery, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reach, "LATELY_SECONDS", 0.0)
    await mail.write(mail.boris, "one")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
        monkeypatch.setattr(delivery_module, "SEND_SECONDS", 0.02)
        await mail.write(mail.anna, "paid", kind="endless")
        await until(lambda: _postponed(mail))
    (row,) = await mail.rows(OutboxMessage, OutboxMessage.user_id == mail.anna)
    assert (row.error, row.waits_for) == ("not ready in time", None)
    assert "telegram_away" not in capsys.readouterr().out


async def test_a_telegram_that_says_nothing_is_asked_gently(
    mail: Mail, post: Delivery, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By one notification after another, and none arrives twice."""
    monkeypatch.setattr(delivery_module, "HELD_UP_SECONDS", pause := 0.1)
    answers = wire.gate = asyncio.Event()
    people = [await mail.db.write(add_user, telegram_id=100 + number) for number in range(20)]
    for user in people:
        await mail.write(user, "paid")
    begun = asyncio.get_running_loop().time()
    async with _delivering(post):
        await until(partial(_asked, wire, 2))
        assert len(wire.calls) <= 1 + (asyncio.get_running_loop().time() - begun) / pause
        answers.set()
        await until(lambda: _all(mail, SENT))
    assert len(wire.calls) == len(people)


async def test_a_clock_that_leaps_sends_nothing_twice(mail: Mail, post: Delivery, wire: Wire) -> None:
    """Hours pass while a notification is under way."""
    await mail.write(mail.boris, "one")
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
        answers = wire.gate = asyncio.Event()
        await mail.write(mail.anna, "paid")
        await until(partial(_asked, wire, 1))
        for _ in range(3):
            mail.clock.advance(seconds=3600)
            came_round = post.came_round
            post.wake()
            await until(partial(_came_round, post, came_round))
        answers.set()
        await until(lambda: _all(mail, SENT))
    assert wire.told == [(2, "one"), (1, "paid")]


async def test_what_arrived_is_not_sent_again_where_the_database_is_slow(
    mail: Mail, post: Delivery, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first that gets through has others released: that takes as long as it takes."""
    monkeypatch.setattr(delivery_module, "SEND_SECONDS", 4)  # a busy machine needs some to send
    answers = wire.gate = asyncio.Event()
    await mail.write(mail.anna, "paid")
    with mail.db.sync_engine().connect() as another:
        async with _delivering(post):
            await wire.called.wait()
            await asyncio.to_thread(another.exec_driver_sql, "BEGIN IMMEDIATE")
            answers.set()
            await asyncio.sleep(4.3)
            another.exec_driver_sql("ROLLBACK")
            await until(lambda: _none_waits(mail))
    assert wire.told == [(1, "paid")]


@pytest.mark.parametrize(
    "problem",
    [
        RedisConnectionError("Error 111 connecting to 127.0.0.1:6379"),
        StoreAway(problem="No space left on device"),  # an answer whose pictures are there would be paid back
    ],
)
async def test_what_our_own_parts_fail_at_is_no_bug(mail: Mail, post: Delivery, wire: Wire, problem: Exception) -> None:
    """A part is away for a day: nothing is given up, and it is told within seconds after the end."""
    AWAY.append(problem)
    await mail.write(mail.anna, "paid", kind="part")
    async with _delivering(post):
        for tries in range(1, 50):
            await until(partial(_presented, tries))
            await until(partial(_waits_since, mail, mail.clock()))
            mail.clock.advance(seconds=1800)
        AWAY.clear()
        await until(partial(_presented, 50))
        mail.clock.advance(seconds=5)
        await until(lambda: _all(mail, SENT))
    assert wire.told == [(1, "paid")]


async def test_what_became_of_notifications_is_counted(
    mail: Mail, post: Delivery, wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    """What Telegram refuses for good is an error in the log."""
    wire.refusals[1].append((400, "Bad Request: can't parse entities"))
    await mail.write(mail.anna, "refused")
    await mail.write(mail.boris, "fine")
    async with _delivering(post):
        await until(lambda: _none_waits(mail))
    counted = {s.labels["outcome"]: s.value for f in post.outcomes.collect() for s in f.samples if "total" in s.name}
    assert counted == {"sent": 1, "skipped": 0, "failed": 1}
    assert "notification_given_up" in capsys.readouterr().out


async def test_text_that_telegram_refuses_fails_at_once(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].append((400, "Bad Request: can't parse entities: unclosed start tag"))
    await mail.write(mail.anna, "<b>one")
    await mail.write(mail.anna, "two")
    async with _delivering(post):
        await until(lambda: _told(wire, "two"))
    assert [row.status for row in await mail.rows(OutboxMessage)] == [FAILED, SENT]


FORMS = ["SendPhoto", "SendDocument", "SendMessage"]


@pytest.mark.parametrize("refusals", range(4))
@pytest.mark.parametrize("refusal", [(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"), (413, "Request Entity Too Large")])
async def test_what_is_refused_is_sent_in_plainer_forms(
    mail: Mail, post: Delivery, wire: Wire, refusals: int, refusal: tuple[int, str]
) -> None:
    """In this order, each once, and no further than needed."""
    wire.refusals[1].extend([refusal] * refusals)
    await mail.write(mail.anna, "answer", kind="picture")
    await mail.write(mail.anna, "next")
    async with _delivering(post):
        await until(lambda: _told(wire, "next"))
    sent = [type(call).__name__ for call in wire.calls]
    assert sent == [*FORMS[: refusals + 1], "SendMessage"]
    first, _ = await mail.rows(OutboxMessage)
    assert first.status == (SENT if refusals < len(FORMS) else FAILED)


async def test_words_that_say_nothing_are_no_form(mail: Mail, post: Delivery, wire: Wire) -> None:
    wire.refusals[1].extend([(400, "Bad Request: IMAGE_PROCESS_FAILED")] * 2)
    await mail.write(mail.anna, "answer", kind="only")
    async with _delivering(post):
        await until(lambda: _all(mail, FAILED))
    assert [type(call).__name__ for call in wire.calls] == FORMS[:2]


async def test_what_is_not_worth_telling_is_skipped(mail: Mail, post: Delivery, wire: Wire) -> None:
    await mail.write(mail.anna, "one", kind="nothing")
    async with _delivering(post):
        await until(lambda: _all(mail, SKIPPED))
    assert wire.calls == []


async def test_a_notification_claimed_by_a_dead_sender_arrives(mail: Mail, post: Delivery, wire: Wire) -> None:
    await mail.write(mail.anna, "one")
    await mail.outbox.claim()  # and then the process was killed
    mail.clock.advance(seconds=61)
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert wire.told == [(1, "one")]


@pytest.mark.parametrize(("tries", "call"), [(0, "SendMessage"), (1, "EditMessageText")])
async def test_a_late_answer_makes_a_sound_unless_it_may_be_there(
    mail: Mail, post: Delivery, wire: Wire, tries: int, call: str
) -> None:
    """It may have been put in its place in time, by a process that died before it wrote that down."""
    await mail.write(mail.anna, "answer", kind="late")
    for _ in range(tries):
        await mail.outbox.claim()
        mail.clock.advance(seconds=61)
    async with _delivering(post):
        await until(lambda: _all(mail, SENT))
    assert [type(each).__name__ for each in wire.calls] == [call]


@pytest.mark.parametrize("others_get_through", [False, True])
async def test_what_waited_for_an_outage_to_end_makes_a_sound(
    mail: Mail, post: Delivery, wire: Wire, *, others_get_through: bool
) -> None:
    """However often it was tried meanwhile: all of Telegram is away, or only this chat's messages fail."""
    if others_get_through:
        wire.refusals[1].extend([(500, "Internal Server Error")] * 3)
    else:
        wire.away = (502, "Bad Gateway")
    await mail.write(mail.boris, "before")
    await mail.write(mail.anna, "answer", kind="late")
    async with _delivering(post):
        for tries in (1, 2, 3):
            await until(partial(_waits_after, mail, tries, text="answer"))
            mail.clock.advance(seconds=61)
        wire.away = None
        await until(lambda: _all(mail, SENT))
    assert {type(each).__name__ for each in wire.calls} == {"SendMessage"}


async def test_a_crowd_is_claimed_no_faster_than_it_is_sent(
    mail: Mail, post: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for Telegram's pace must not outlive its lease: it would be sent twice."""
    monkeypatch.setattr(delivery_module, "AT_ONCE", 3)
    monkeypatch.setattr(pace, "EVERYWHERE", 60.0)
    monkeypatch.setattr(delivery_module, "GRACE_SECONDS", 0.0)
    users = [await mail.db.write(add_user) for _ in range(10)]
    for user in users:
        await mail.write(user, "one")
    async with _delivering(post):
        await until(lambda: _under_way(mail, 4))
        await asyncio.sleep(0.1)
        attempts = [row.attempts for row in await mail.rows(OutboxMessage)]
    assert sum(attempts) == 4  # one was sent, three are under way


async def test_the_end_waits_for_what_is_being_sent(mail: Mail, post: Delivery, wire: Wire) -> None:
    """Cut off between Telegram's answer and the note of it, a notification would arrive twice."""
    await mail.write(mail.anna, "answer", kind="into")
    task = asyncio.get_running_loop().create_task(post.run())
    async with post.messages.hold(1):
        await until(lambda: _under_way(mail, 1))
        task.cancel()
        await asyncio.sleep(0.02)
        assert not task.done()
    await asyncio.wait([task])
    assert (wire.told, await _all(mail, SENT)) == ([(1, "answer")], True)


@asynccontextmanager
async def _delivering(post: Delivery) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(post.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()


async def _all(mail: Mail, status: OutboxStatus) -> bool:
    return {row.status for row in await mail.rows(OutboxMessage)} == {status}


async def _postponed(mail: Mail) -> bool:
    return any(row.error is not None for row in await mail.rows(OutboxMessage))


async def _under_way(mail: Mail, number: int) -> bool:
    return sum(int(row.attempts) for row in await mail.rows(OutboxMessage)) >= number


async def _told(wire: Wire, text: str) -> bool:
    return text in [told for _, told in wire.told]


async def _all_told(wire: Wire, expected: set[tuple[int, str]]) -> bool:
    return expected <= set(wire.told)


async def _none_waits(mail: Mail) -> bool:
    return all(row.status != PENDING for row in await mail.rows(OutboxMessage))


async def _waits_after(mail: Mail, attempts: int, *, text: str = "poison") -> bool:
    rows = await mail.rows(OutboxMessage, OutboxMessage.attempts >= attempts)
    return any(row.payload["text"] == text and row.available_at <= mail.clock() + LEASE / 2 for row in rows)


async def _waits_since(mail: Mail, moment: datetime) -> bool:
    (row,) = await mail.rows(OutboxMessage)
    return row.error is not None and row.available_at == moment + OWN_PAUSE


async def _asked(wire: Wire, before: int) -> bool:
    return len(wire.calls) > before


async def _came_round(post: Delivery, before: float | None) -> bool:
    return post.came_round != before


async def _presented(times: int) -> bool:
    return len(ASKED) >= times
