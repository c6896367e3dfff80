"""Numbers of the last days, in the days of the shop's zone."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from db.base import table_of
from db.engine import Database
from db.tables.chats import ChatMessage, MessageStatus
from db.tables.outbox import OutboxKind
from db.tables.payments import Payment, Refund
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from services.money import rub
from services.notifications.outbox import enqueue
from services.notifications.sending import Outbox
from services.predictions.history import History
from services.reports.statistics import Day, ModelSales, Statistics, calendar
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.shop import add_answer, add_model, add_payment, add_prediction, add_refund, add_user

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # in Moscow 15:00
MIDNIGHT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)  # where today begins there
SECOND = timedelta(seconds=1)


class Books:
    def __init__(self, db: Database) -> None:
        self.db = db
        clock = FakeClock(NOW)
        history, outbox = History(db, files_of(db, clock)), Outbox(db, clock)
        self.statistics = Statistics(db, FakeClock(NOW), zone="Europe/Moscow", history=history, outbox=outbox)

    async def user(self, at: datetime) -> int:
        user_id = await self.db.write(add_user)
        await self._change(table_of(User), user_id, created_at=at, last_seen_at=at)
        return user_id

    async def sold(self, user: int, at: datetime, price: int, status: str = "succeeded", slug: str = "wine") -> None:
        made = await self.db.write(
            add_prediction, user_id=user, price=price, status=PredictionStatus(status), slug=slug
        )
        await self._change(table_of(Prediction), made, created_at=at, available_at=at)

    async def paid(self, user: int, at: datetime | None, roubles: int) -> UUID:
        status = "pending" if at is None else "succeeded"
        made = await self.db.write(add_payment, user_id=user, amount=roubles)
        await self._change(table_of(Payment), made, status=status, paid_at=at, created_at=at or NOW)
        return made

    async def sent_back(self, payment: UUID, at: datetime, status: str = "succeeded") -> None:
        """1 ₽."""
        refund = await self.db.write(add_refund, payment_id=payment, credits_taken=0)
        await self._change(table_of(Refund), refund, created_at=at, status=status)

    async def _change(self, table: object, row_id: object, **values: object) -> None:
        statement = update(table).where(table.c.id == row_id).values(values)  # type: ignore[arg-type,attr-defined]  # a table it is
        await self.db.write(lambda session: session.execute(statement) and None)


@pytest.fixture
async def books(database: Database) -> Books:
    await database.write(add_model)
    await database.write(add_model, slug="digit")
    return Books(database)


async def test_an_empty_shop(books: Books) -> None:
    numbers = await books.statistics.numbers(7)
    assert [day.date for day in numbers.days] == [date(2026, 11, day) for day in range(15, 22)]
    assert (numbers.users, numbers.spent, numbers.revenue, numbers.models) == (0, 0, (), [])


async def test_days_part_at_the_shops_midnight(books: Books) -> None:
    anna = await books.user(MIDNIGHT - SECOND)
    await books.sold(anna, MIDNIGHT - SECOND, 100)
    await books.sold(anna, MIDNIGHT, 200)
    await books.paid(anna, MIDNIGHT - SECOND, 300)
    await books.paid(anna, MIDNIGHT, 500)
    yesterday, today = (await books.statistics.numbers(7)).days[-2:]
    assert yesterday == Day(date=date(2026, 11, 20), predictions=1, spent=100, revenue=(rub(30_000),))
    assert today == Day(date=date(2026, 11, 21), predictions=1, spent=200, revenue=(rub(50_000),))


async def test_a_period_has_an_end_on_both_sides(books: Books) -> None:
    first = MIDNIGHT - timedelta(days=6)
    old, new = await books.user(first - SECOND), await books.user(first)
    for user, at in ((old, first - SECOND), (new, first)):
        await books.sold(user, at, 100)
        await books.sent_back(await books.paid(user, at, 10), at)
    week, month = await books.statistics.numbers(7), await books.statistics.numbers(30)
    assert (week.users, week.new_users, week.active_users) == (2, 1, 1)
    assert (week.predictions, week.spent, week.revenue, week.refunded) == (1, 100, (rub(1000),), (rub(100),))
    assert (month.new_users, month.active_users, month.spent, month.revenue) == (2, 2, 200, (rub(2000),))
    assert month.refunded == (rub(200),)


@pytest.mark.parametrize("status", ["pending", "canceled"])
async def test_what_did_not_go_back_is_not_refunded(books: Books, status: str) -> None:
    payment = await books.paid(await books.user(NOW), NOW, 300)
    await books.sent_back(payment, NOW)
    await books.sent_back(payment, NOW, status)
    numbers = await books.statistics.numbers(7)
    assert (numbers.revenue, numbers.refunded) == ((rub(30_000),), (rub(100),))


async def test_what_came_back_is_not_spent(books: Books) -> None:
    anna = await books.user(NOW)
    for status, price in (("succeeded", 100), ("failed", 70), ("canceled", 50), ("queued", 30), ("running", 20)):
        await books.sold(anna, NOW, price, status)
    numbers = await books.statistics.numbers(7)
    assert (numbers.predictions, numbers.failed, numbers.spent) == (5, 1, 150)


async def test_answers_of_assistants(books: Books) -> None:
    """What was held and not used is not spent; what nobody waited for is no answer."""
    anna = await books.user(NOW)
    for status, price in (("succeeded", 30), ("failed", 0), ("canceled", 0), ("running", None)):
        made = await books.db.write(add_answer, user_id=anna, hold=100, price=price, status=MessageStatus(status))
        await books._change(table_of(ChatMessage), made, created_at=NOW)
    await books.sold(anna, NOW, 200, slug="digit")
    numbers = await books.statistics.numbers(7)
    assert (numbers.predictions, numbers.answers, numbers.failed_answers, numbers.spent) == (1, 3, 1, 330)
    assert numbers.days[-1] == Day(date=date(2026, 11, 21), predictions=1, spent=330)
    digit, wine = ModelSales(slug="digit", predictions=1, spent=200), ModelSales(slug="wine", predictions=3, spent=130)
    assert numbers.models == [digit, wine]


async def test_models_the_best_first(books: Books) -> None:
    anna = await books.user(NOW)
    await books.sold(anna, NOW, 100)
    await books.sold(anna, NOW - timedelta(days=3), 100)
    await books.sold(anna, NOW, 500, slug="digit")
    assert (await books.statistics.numbers(30)).models == [
        ModelSales(slug="digit", predictions=1, spent=500),
        ModelSales(slug="wine", predictions=2, spent=200),
    ]


async def test_unpaid_is_no_revenue(books: Books) -> None:
    await books.paid(await books.user(NOW), None, 100)
    assert (await books.statistics.numbers(7)).revenue == ()


async def test_what_waits(books: Books) -> None:
    anna = await books.user(NOW)
    await books.sold(anna, NOW - timedelta(seconds=90), 100, "queued")
    at = NOW - timedelta(seconds=30)
    await books.db.write(enqueue, user_id=anna, kind=OutboxKind.BONUS, payload={}, key="k", now=at)
    waiting = await books.statistics.waiting()
    assert (waiting.predictions, waiting.predictions_age, waiting.notifications, waiting.notifications_age) == (
        1,
        90.0,
        1,
        30.0,
    )


def test_days_of_23_and_25_hours() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for day, hours in ((29, 23), (28, 24)):
        at = datetime(2026, 3, day, 12, tzinfo=berlin)
        ((_, since, until),) = calendar(at, berlin, 1)
        assert (until.astimezone(UTC) - since.astimezone(UTC)) == timedelta(hours=hours)
    ((_, since, until),) = calendar(datetime(2026, 10, 25, 12, tzinfo=berlin), berlin, 1)
    assert (until.astimezone(UTC) - since.astimezone(UTC)) == timedelta(hours=25)


def test_todays_date_is_the_shops() -> None:
    late = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
    assert [day for day, _, _ in calendar(late, ZoneInfo("Europe/Moscow"), 2)] == [
        date(2026, 11, 21),
        date(2026, 11, 22),
    ]
