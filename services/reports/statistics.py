"""How the shop does: numbers of the last days, in the days of the shop's time zone."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Date, column, func, select, values
from sqlalchemy.orm import Session

from db.base import AnyRow, UtcDateTime, table_of
from db.engine import Database
from db.tables.chats import ChatMessage, MessageStatus, Sender
from db.tables.currencies import Currency
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.scorings import Scoring, ScoringStatus
from services import heartbeats
from services.clock import Clock
from services.digits import whole_number
from services.money import Money, sums
from services.notifications.sending import Outbox
from services.predictions.history import History
from services.reports.customers import count_customers
from services.reports.speed import Speed, speed
from services.reports.workers import WorkerLoad, at_work

_predictions, _payments, _refunds = table_of(Prediction), table_of(Payment), table_of(Refund)
_messages, _scorings = table_of(ChatMessage), table_of(Scoring)
PERIODS: Final = (7, 30, 90)
Revenue = tuple[Money, ...]


def parse_period(text: str) -> int | None:
    """Days, as typed or pressed; None for a period that there is not."""
    days = whole_number(text, most=max(PERIODS))
    return days if days in PERIODS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """`spent` in hundredths of a credit, without what came back; `revenue` by currency."""

    date: date
    predictions: int = 0
    spent: int = 0
    revenue: Revenue = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSales:
    """`predictions`: or, of an assistant, answers; `spent` in hundredths."""

    slug: str
    predictions: int
    spent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Of the period, but for `users`, which are all there are. `active_users`: seen in it; `predictions`: sold in it,
    the failed ones too; `answers` of assistants likewise, without those that nobody waited for. Money by currency,
    credits in hundredths. `days`: each of the period, the last is today;
    `models`: the best first."""

    users: int
    new_users: int
    active_users: int
    predictions: int
    failed: int
    answers: int
    failed_answers: int
    refunded: Revenue
    days: Sequence[Day]
    models: Sequence[ModelSales]

    @property
    def spent(self) -> int:
        return sum(day.spent for day in self.days)

    @property
    def revenue(self) -> Revenue:
        """Currencies are never added up."""
        return sums(each for day in self.days for each in day.revenue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is due and not done yet; ages in seconds of the oldest."""

    predictions: int
    predictions_age: float
    notifications: int
    notifications_age: float


class Statistics:
    """`zone`: the shop's, whose midnights part the days."""

    def __init__(self, db: Database, clock: Clock, *, zone: str, history: History, outbox: Outbox) -> None:
        self._db = db
        self._clock = clock
        self._zone = ZoneInfo(zone)
        self._history = history
        self._outbox = outbox

    async def numbers(self, days: int) -> Numbers:
        """Of today and the days before it; `days` of them in all."""
        return await self._db.scan(_numbers, calendar(self._clock(), self._zone, days))

    async def speed(self, days: int) -> Speed:
        """Of predictions bought in that time."""
        return await self._db.scan(speed, calendar(self._clock(), self._zone, days)[0][1])

    async def at_work(self) -> Sequence[WorkerLoad]:
        return await self._db.read(at_work)

    async def jobs(self) -> dict[str, datetime]:
        """When the regular work was last done, by name."""
        return await self._db.read(heartbeats.last_done)

    async def waiting(self) -> Waiting:
        predictions, age = await self._history.queue(self._clock())
        notifications, notifications_age = await self._outbox.backlog()
        return Waiting(
            predictions=predictions,
            predictions_age=age,
            notifications=notifications,
            notifications_age=notifications_age,
        )


Calendar = Sequence[tuple[date, datetime, datetime]]
"""Days with their beginnings and ends."""


def calendar(now: datetime, zone: ZoneInfo, days: int) -> Calendar:
    """A day in which the clocks are moved has 23 or 25 hours."""
    today = now.astimezone(zone).date()
    dates = [today - timedelta(days=ago) for ago in range(days - 1, -2, -1)]  # tomorrow's midnight ends today
    midnights = [datetime.combine(each, time.min, zone) for each in dates]
    return list(zip(dates[:-1], midnights[:-1], midnights[1:], strict=True))


def _numbers(session: Session, days: Calendar) -> Numbers:
    since = days[0][1]
    customers = count_customers(session, since)
    table = _table(days)
    sold, answered = [*_sales(session, table), *_tables(session, table)], _answers(session, table)
    sales = [*sold, *answered]
    revenue = _revenue(session, table)
    by_day = {day: [sale for sale in sales if sale.day == day] for day in {sale.day for sale in sales}}
    return Numbers(
        users=customers.all,
        new_users=customers.new,
        active_users=customers.active,
        predictions=sum(sale.count for sale in sold),
        failed=sum(sale.count for sale in sold if sale.failed),
        answers=sum(sale.count for sale in answered),
        failed_answers=sum(sale.count for sale in answered if sale.failed),
        refunded=_refunded(session, since),
        days=[_day(each, by_day.get(each, []), tuple(revenue.get(each, ()))) for each, _, _ in days],
        models=_by_model(sales),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sale:
    """Predictions of one model, or answers of an assistant, sold on one day that have one status. `price`: of all, or
    what is held for them until it is known."""

    day: date
    slug: str
    status: str
    count: int
    price: int
    answers: bool = False

    @property
    def failed(self) -> bool:
        return self.status == PredictionStatus.FAILED

    @property
    def spent(self) -> int:
        returned = self.status in (PredictionStatus.FAILED, PredictionStatus.CANCELED)
        return 0 if returned else self.price


def _table(days: Calendar) -> CTE:
    """The days as a table: neither database needs to know a time zone, and indexes of times serve."""
    columns = (column("day", Date), column("since", UtcDateTime()), column("until", UtcDateTime()))
    return values(*columns, name="days").data(list(days)).cte("days")


def _sales(session: Session, days: CTE) -> list[_Sale]:
    p = _predictions.c
    rows = session.execute(
        select(days.c.day, p.model_slug, p.status, func.count(), func.sum(p.price))
        .join(_predictions, (p.created_at >= days.c.since) & (p.created_at < days.c.until))
        .group_by(days.c.day, p.model_slug, p.status)
    )
    return [
        _Sale(day=day, slug=slug, status=status, count=count, price=int(price))
        for day, slug, status, count, price in rows
    ]


def _tables(session: Session, days: CTE) -> list[_Sale]:
    """Each row of a table counts as a prediction."""
    s = _scorings.c
    rows = session.execute(
        select(days.c.day, s.model_slug, s.status, s.all_rows, s.bad_rows, s.done_rows, s.failed_rows, s.price).join(
            _scorings, (s.created_at >= days.c.since) & (s.created_at < days.c.until) & (s.status != "draft")
        )
    )
    return [sale for row in rows for sale in _sales_of_table(row)]


def _sales_of_table(row: AnyRow) -> list[_Sale]:
    good, answered = row.all_rows - row.bad_rows, row.done_rows - row.failed_rows
    if row.status != ScoringStatus.SUCCEEDED:
        return [_Sale(day=row.day, slug=row.model_slug, status=row.status, count=good, price=good * row.price)]
    sold = _Sale(day=row.day, slug=row.model_slug, status=row.status, count=answered, price=answered * row.price)
    failed = PredictionStatus.FAILED
    return [sold, _Sale(day=row.day, slug=row.model_slug, status=failed, count=row.failed_rows, price=0)]


def _answers(session: Session, days: CTE) -> list[_Sale]:
    m = _messages.c
    given = (m.sender == Sender.ASSISTANT) & (m.status != MessageStatus.CANCELED)
    rows = session.execute(
        select(days.c.day, m.model_slug, m.status, func.count(), func.sum(func.coalesce(m.price, m.hold)))
        .join(_messages, (m.created_at >= days.c.since) & (m.created_at < days.c.until) & given)
        .group_by(days.c.day, m.model_slug, m.status)
    )
    return [
        _Sale(day=day, slug=slug, status=status, count=count, price=int(price), answers=True)
        for day, slug, status, count, price in rows
    ]


def _revenue(session: Session, days: CTE) -> dict[date, list[Money]]:
    """What came, by day."""
    p = _payments.c
    rows = session.execute(
        select(days.c.day, p.currency, func.sum(p.amount_kopecks))
        .join(_payments, (p.paid_at >= days.c.since) & (p.paid_at < days.c.until))
        .where(p.status == PaymentStatus.SUCCEEDED)
        .group_by(days.c.day, p.currency)
        .order_by(p.currency)
    )
    came: dict[date, list[Money]] = defaultdict(list)
    for day, currency, minor in rows:
        came[day].append(Money(int(minor), Currency(currency)))
    return came


def _refunded(session: Session, since: datetime) -> Revenue:
    """Sent back."""
    r = _refunds.c
    sent = (r.status == RefundStatus.SUCCEEDED) & (r.created_at >= since)
    query = select(r.currency, func.sum(r.amount_kopecks)).where(sent).group_by(r.currency).order_by(r.currency)
    return tuple(Money(int(minor), Currency(currency)) for currency, minor in session.execute(query))


def _day(day: date, sales: Sequence[_Sale], revenue: Revenue) -> Day:
    return Day(
        date=day,
        predictions=sum(sale.count for sale in sales if not sale.answers),
        spent=sum(sale.spent for sale in sales),
        revenue=revenue,
    )


def _by_model(sales: Sequence[_Sale]) -> list[ModelSales]:
    slugs = {sale.slug for sale in sales}
    models = [
        ModelSales(
            slug=slug,
            predictions=sum(sale.count for sale in sales if sale.slug == slug),
            spent=sum(sale.spent for sale in sales if sale.slug == slug),
        )
        for slug in slugs
    ]
    return sorted(models, key=lambda model: (-model.spent, -model.predictions, model.slug))
