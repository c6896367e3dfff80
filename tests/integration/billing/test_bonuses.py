"""The weekly bonus: once a user an ISO week, whatever happens in between; the ledger stays right."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from bot.cron import next_fire
from db.base import AnyRow, Base, table_of
from db.engine import Database
from db.tables.billing import BonusGrant, Lot, Transaction, TransactionKind
from db.tables.outbox import OutboxMessage, Priority
from db.tables.users import AuditEntry, User
from services import bonuses as module
from services.billing import bulk, ledger
from services.billing.audit import run_audit
from services.bonuses import BadWeek, Bonuses, BonusTerms, Due, parse_week, week_of
from tests.support.clock import START, FakeClock
from tests.support.shop import add_user

MOSCOW = ZoneInfo("Europe/Moscow")
WEEK = "2026-W47"  # of START, a Monday, noon in Moscow


class Parish:
    """A shop with some users who were here lately."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        self.db, self.clock = db, clock

    def bonuses(self, *, amount: int = 200, cron: str = "0 10 * * mon", zone: ZoneInfo = MOSCOW) -> Bonuses:
        terms = BonusTerms(amount=amount, ttl=timedelta(days=7), zone=zone, next_fire=next_fire(cron, zone))
        return Bonuses(self.db, self.clock, terms)

    async def people(self, count: int, **values: object) -> list[int]:
        ids = [await self.db.write(add_user) for _ in range(count)]
        users, known = table_of(User), {"created_at": START - timedelta(days=10)}
        change = update(users).where(users.c.id.in_(ids)).values(known | values)
        await self.db.write(lambda session: session.execute(change) and None)
        return ids

    async def rows(self, mapped: type[Base]) -> Sequence[AnyRow]:
        query = select(table_of(mapped)).order_by(table_of(mapped).c.id)
        return await self.db.read(lambda session: session.execute(query).all())

    async def got(self) -> list[int]:
        return [row.user_id for row in await self.rows(BonusGrant)]

    async def audit(self) -> None:
        report = await run_audit(self.db)
        assert report.exit_code == 0, str(report)


@pytest.fixture
def parish(database: Database, clock: FakeClock) -> Parish:
    return Parish(database, clock)


@pytest.fixture
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 3)


@pytest.mark.usefixtures("_small_chunks")
async def test_everyone_once_a_week(parish: Parish) -> None:
    people = await parish.people(10)
    first = await parish.bonuses().grant(WEEK)
    again = await parish.bonuses().grant(WEEK)
    assert (first.users, first.finished, again.users) == (10, True, 0)
    assert await parish.got() == people
    assert {row.balance for row in await parish.rows(User)} == {200}
    lines = await parish.rows(Transaction)
    assert {(row.kind, row.amount, row.balance_after) for row in lines} == {("bonus", 200, 200)}
    assert lines[0].key == f"bonus:{WEEK}:{people[0]}"
    assert {row.expires_at for row in await parish.rows(Lot)} == {START + timedelta(days=7)}
    await parish.audit()


async def test_on_top_of_what_they_have(parish: Parish) -> None:
    (anna,) = await parish.people(1)
    kind = TransactionKind.GRANT
    await parish.db.write(ledger.grant, user_id=anna, amount=50, kind=kind, key="g", now=START)
    await parish.bonuses().grant(WEEK)
    parish.clock.advance(days=7)
    while await parish.db.write(ledger.expire, now=parish.clock()):
        pass
    await parish.bonuses().grant("2026-W48")
    assert [row.balance for row in await parish.rows(User)] == [250]
    assert [row.week for row in await parish.rows(BonusGrant)] == [WEEK, "2026-W48"]
    await parish.audit()


@pytest.mark.usefixtures("_small_chunks")
async def test_who_gets_nothing_and_who_hears_nothing(parish: Parish) -> None:
    here = await parish.people(1)
    edge = await parish.people(1, last_seen_at=START - timedelta(days=30))
    await parish.people(2, last_seen_at=START - timedelta(days=30, seconds=1))
    await parish.people(2, disabled_at=START)
    muted, blocked = await parish.people(2, bonus_muted=True), await parish.people(2, blocked_at=START)
    granted = await parish.bonuses().grant(WEEK)
    assert await parish.got() == [*here, *edge, *muted, *blocked]
    assert granted.users == 6
    notifications = await parish.rows(OutboxMessage)
    assert [each.user_id for each in notifications] == [*here, *edge]
    assert {(each.kind, each.priority) for each in notifications} == {("bonus", Priority.NEWS)}
    assert notifications[0].payload == {
        "amount": 200,
        "week": WEEK,
        "expires_at": (START + timedelta(days=7)).isoformat(),
    }
    await parish.audit()


@pytest.mark.usefixtures("_small_chunks")
async def test_two_runs_at_once(parish: Parish, database_url: str) -> None:
    """As two processes would: a database object each."""
    people = await parish.people(20)
    others = [Parish(Database(database_url), parish.clock) for _ in range(2)]
    try:
        runs = await asyncio.gather(*(each.bonuses().grant(WEEK) for each in (parish, *others) for _ in range(2)))
    finally:
        for other in others:
            await other.db.close()
    assert any(run.finished for run in runs)
    assert sum(run.users for run in runs) == 20
    assert sorted(await parish.got()) == people
    assert len(await parish.rows(OutboxMessage)) == 20
    await parish.audit()


@pytest.mark.usefixtures("_small_chunks")
async def test_goes_on_after_a_crash(parish: Parish, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two chunks, and in the middle of one."""
    people = await parish.people(10)
    real: Callable[..., Any] = bulk._tell  # Any: it is called as it was
    calls = 0

    def dies(*args: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyError("the process died")
        real(*args)

    monkeypatch.setattr(bulk, "_tell", dies)
    with pytest.raises(KeyError):
        await parish.bonuses().run_due()
    assert await parish.got() == people[:6]
    await parish.audit()
    rest = await parish.bonuses().run_due()
    assert rest is not None
    assert (rest.users, rest.finished) == (4, True)
    assert await parish.got() == people
    assert len(await parish.rows(OutboxMessage)) == 10
    await parish.audit()


async def test_a_sale_at_the_same_time(parish: Parish) -> None:
    """Grants and takings of the same users while the bonus runs."""
    people = await parish.people(12)

    async def shop(user_id: int) -> None:
        kind = TransactionKind.GRANT
        await parish.db.write(ledger.grant, user_id=user_id, amount=300, kind=kind, key=f"g{user_id}", now=START)
        await parish.db.write(ledger.take_back, user_id=user_id, amount=100, key=f"t{user_id}", now=START)

    await asyncio.gather(parish.bonuses().grant(WEEK), *(shop(each) for each in people))
    assert {row.balance for row in await parish.rows(User)} == {400}
    await parish.audit()


async def test_its_time_comes_once_a_week(parish: Parish) -> None:
    await parish.people(1)
    bonuses = parish.bonuses()
    parish.clock.now = datetime(2026, 11, 16, 9, 59, 59, tzinfo=MOSCOW)
    assert await bonuses.run_due() is None
    parish.clock.advance(seconds=1)
    assert await bonuses.run_due() is not None
    for _ in range(6):
        parish.clock.advance(days=1)
        assert await bonuses.run_due() is None
    parish.clock.advance(days=1)
    assert (await bonuses.run_due()) is not None
    assert [row.week for row in await parish.rows(BonusGrant)] == [WEEK, "2026-W48"]


async def test_missed_hours_are_made_good_within_the_week(parish: Parish) -> None:
    await parish.people(2)
    parish.clock.now = datetime(2026, 11, 22, 23, 59, tzinfo=MOSCOW)  # Sunday night
    run = await parish.bonuses().run_due()
    assert run is not None
    assert run.users == 2
    assert await parish.bonuses().run_due() is None  # another process knows from the database


async def test_who_came_later_waits_for_the_next_one(parish: Parish) -> None:
    """A shop that opens in the middle of a week has nothing to make good."""
    fire = datetime(2026, 11, 16, 10, 0, tzinfo=MOSCOW)
    early = await parish.people(1, created_at=fire, last_seen_at=fire)
    await parish.people(2, created_at=fire + timedelta(seconds=1), last_seen_at=fire + timedelta(days=1))
    parish.clock.now = fire + timedelta(days=2)
    await parish.bonuses().run_due()
    assert await parish.got() == early
    assert (await parish.bonuses().grant(WEEK)).users == 2  # by hand it is for all


async def test_a_missed_week_is_gone(parish: Parish) -> None:
    await parish.people(1)
    parish.clock.now = datetime(2026, 11, 23, 0, 0, tzinfo=MOSCOW)  # the next Monday, before ten
    assert await parish.bonuses().run_due() is None


async def test_granted_by_hand_is_granted(parish: Parish) -> None:
    await parish.people(1)
    parish.clock.now = datetime(2026, 11, 16, 8, 0, tzinfo=MOSCOW)
    await parish.bonuses().grant(WEEK)
    parish.clock.now = datetime(2026, 11, 16, 10, 0, tzinfo=MOSCOW)
    assert await parish.bonuses().run_due() is None
    assert [(row.action, row.subject, row.after) for row in await parish.rows(AuditEntry)] == [
        ("bonus.week_granted", WEEK, {"users": 1})
    ]


async def test_a_shop_without_a_bonus(parish: Parish) -> None:
    await parish.people(1)
    bonuses = parish.bonuses(amount=0)
    assert await bonuses.run_due() is None
    assert bonuses.next_date() is None
    assert (await bonuses.grant(WEEK)).users == 0
    assert await parish.got() == []


async def test_the_years_last_week(parish: Parish) -> None:
    """2026 has 53 weeks; the first days of 2027 belong to the last."""
    await parish.people(1)
    parish.clock.now = datetime(2026, 12, 28, 10, 0, tzinfo=MOSCOW)
    users = table_of(User)
    change = update(users).values(last_seen_at=parish.clock())
    await parish.db.write(lambda session: session.execute(change) and None)
    assert await parish.bonuses().run_due() is not None
    parish.clock.now = datetime(2027, 1, 3, 12, 0, tzinfo=MOSCOW)
    assert await parish.bonuses().run_due() is None
    parish.clock.now = datetime(2027, 1, 4, 10, 0, tzinfo=MOSCOW)
    assert await parish.bonuses().run_due() is not None
    assert [row.week for row in await parish.rows(BonusGrant)] == ["2026-W53", "2027-W01"]


async def test_the_next_date(parish: Parish) -> None:
    bonuses = parish.bonuses()
    for day, hour, expected in ((15, 12, 16), (16, 9, 16), (16, 10, 23), (22, 23, 23)):
        parish.clock.now = datetime(2026, 11, day, hour, 0, tzinfo=MOSCOW)
        assert bonuses.next_date() == datetime(2026, 11, expected, 10, 0, tzinfo=MOSCOW)


async def test_a_users_last_ones(parish: Parish) -> None:
    anna, boris = await parish.people(2)
    rows = [
        {"user_id": anna, "week": f"2026-W{number:02d}", "amount": number, "created_at": START}
        for number in range(1, 7)
    ]
    await parish.db.write(lambda session: session.execute(insert(table_of(BonusGrant)), rows) and None)
    last = await parish.bonuses().last(anna)
    assert [(view.week, view.amount) for view in last] == [(f"2026-W{n:02d}", n) for n in (6, 5, 4, 3)]
    assert await parish.bonuses().last(boris) == []


SUMMER = ZoneInfo("Europe/Berlin")  # clocks go forward on 2026-03-29 and back on 2026-10-25, both at night


@pytest.mark.parametrize(
    ("cron", "fires"),
    [
        (
            "30 2 * * sun",
            datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        ),  # there is no 2:30 that night: when the clock goes on
        ("0 10 * * sun", datetime(2026, 3, 29, 8, 0, tzinfo=UTC)),
        ("30 2 * * 7", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),  # there are two: the first
        ("0 10 * * 0", datetime(2026, 10, 25, 9, 0, tzinfo=UTC)),
    ],
)
def test_nights_when_the_clocks_change(cron: str, fires: datetime) -> None:
    bonuses = Bonuses(
        None,  # type: ignore[arg-type]  # it only looks at the calendar
        FakeClock(),
        BonusTerms(amount=1, ttl=timedelta(days=7), zone=SUMMER, next_fire=next_fire(cron, SUMMER)),
    )
    week = week_of(fires, SUMMER)
    assert bonuses.due(fires - timedelta(seconds=1)) is None
    assert bonuses.due(fires) == bonuses.due(fires + timedelta(hours=3)) == Due(week=week, at=fires)
    assert bonuses.due(fires + timedelta(days=1)) is None  # another week


@pytest.mark.parametrize(
    ("zone", "cron", "fires"),
    [
        ("Africa/Cairo", "0 0 * * fri", datetime(2026, 4, 23, 22, tzinfo=UTC)),
        ("Asia/Beirut", "30 0 * * sun", datetime(2026, 3, 28, 22, tzinfo=UTC)),
        ("Atlantic/Azores", "0 0 * * 0", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("America/Havana", "59 0 * * 7", datetime(2026, 3, 8, 5, tzinfo=UTC)),
    ],
)
def test_a_midnight_that_does_not_exist(zone: str, cron: str, fires: datetime) -> None:
    """The week's one moment falls into the gap: it comes when the clock goes on."""
    there = ZoneInfo(zone)
    terms = BonusTerms(amount=1, ttl=timedelta(days=7), zone=there, next_fire=next_fire(cron, there))
    clock = FakeClock()
    bonuses = Bonuses(None, clock, terms)  # type: ignore[arg-type]  # it only looks at the calendar
    clock.now = fires - timedelta(minutes=1)
    assert bonuses.due(clock()) is None
    assert bonuses.next_date() == fires
    assert bonuses.due(fires) == Due(week=week_of(fires, there), at=fires)


def test_weeks_begin_at_the_shops_midnight() -> None:
    sunday_night = datetime(2026, 11, 15, 22, 30, tzinfo=UTC)
    assert week_of(sunday_night, ZoneInfo("UTC")) == "2026-W46"
    assert week_of(sunday_night, MOSCOW) == WEEK
    assert week_of(datetime(2027, 1, 3, 12, tzinfo=UTC), MOSCOW) == "2026-W53"


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("2026-W47", WEEK),
        (" 2026-w46 ", "2026-W46"),
        ("٢٠٢٦-W47", WEEK),
        ("2020-W53", "2020-W53"),
        ("2026-W01", "2026-W01"),
    ],
)
def test_weeks_by_hand(text: str, week: str) -> None:
    assert parse_week(text, now=START, zone=MOSCOW) == week


@pytest.mark.parametrize(
    "text",
    ["", "47", "2026-47", "2026-W48", "2027-W01", "2025-W53", "2026-W00", "2026-W54", "0000-W01", "now"],
)
def test_weeks_that_are_none(text: str) -> None:
    with pytest.raises(BadWeek):
        parse_week(text, now=START, zone=MOSCOW)
