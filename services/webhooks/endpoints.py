"""Endpoints of customers: where they want to be told of what happens, and what was told there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.users import User
from db.tables.webhooks import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from services.clock import Clock
from services.errors import N_, ShopError
from services.slices import Slice, first_of
from services.webhooks.addresses import check_url
from services.webhooks.events import TEST, WebhookEvent, delivery
from services.webhooks.signatures import new_secret

_endpoints, _deliveries, _users = table_of(WebhookEndpoint), table_of(WebhookDelivery), table_of(User)
MOST: Final = 10
OLD_SECRET: Final = timedelta(hours=24)  # that it signs beside the new one
KEPT: Final = timedelta(days=90)


class DisabledBecause(StrEnum):
    OWNER = "owner"
    """They switched it off."""
    GONE = "gone"
    """It answered 410."""
    FAILURES = "failures"
    """Nothing arrived there for days."""


class EndpointNotFound(ShopError):
    message = N_("There is no such webhook.")


class DeliveryNotFound(ShopError):
    message = N_("There is no such delivery any more.")


class TooManyEndpoints(ShopError):
    message = N_("There are {most} webhooks already, which is the most. Please delete one first.")

    def __init__(self) -> None:
        super().__init__(most=MOST)


class EndpointOff(ShopError):
    message = N_("This webhook is switched off. Please switch it on first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointView:
    """`disabled_because`: None where it is on. `failures`: deliveries that were given up in a row."""

    id: UUID
    url: str
    events: tuple[WebhookEvent, ...]
    disabled_because: DisabledBecause | None
    disabled_at: datetime | None
    failures: int
    old_secret_until: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """`last_answer`: its first bytes, or why there was none. `next_at`: of the next try, None where there is none."""

    id: UUID
    event: str
    payload: JsonObject
    status: DeliveryStatus
    attempts: int
    next_at: datetime | None
    last_status: int | None
    last_answer: str | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """What is None stays."""

    url: str | None = None
    events: Collection[WebhookEvent] | None = None
    enabled: bool | None = None


class Webhooks:
    """Of another user's there is none: `EndpointNotFound`. `loopback`: this machine's addresses may be named, which is
    for shops in the sandbox."""

    def __init__(self, db: Database, clock: Clock, *, loopback: bool) -> None:
        self._db, self._clock, self._loopback = db, clock, loopback

    async def all(self, user_id: int) -> list[EndpointView]:
        return await self._db.read(_all, user_id)

    async def get(self, endpoint_id: UUID, *, user_id: int) -> EndpointView:
        return await self._db.read(_get, endpoint_id, user_id)

    async def create(self, user_id: int, url: str, events: Collection[WebhookEvent]) -> tuple[EndpointView, str]:
        """With its secret, which is told once. Raises `BadEndpoint`, `TooManyEndpoints`."""
        url, secret = check_url(url, loopback=self._loopback), new_secret()
        return await self._db.write(_create, user_id, url, events, secret, now=self._clock()), secret

    async def change(self, endpoint_id: UUID, change: EndpointChange, *, user_id: int) -> EndpointView:
        """Of an event that is wanted no more nothing is sent from now on, nor anything to one that is switched off.
        Raises `BadEndpoint`."""
        values: dict[str, Any] = {}  # Any: the columns' values
        now = self._clock()
        if change.url is not None:
            values["url"] = check_url(change.url, loopback=self._loopback)
        if change.events is not None:
            values["events"] = {"events": sorted(change.events)}
        if change.enabled is True:
            values |= {"disabled_at": None, "disabled_because": None, "failures": 0}
        if change.enabled is False:
            values |= {"disabled_at": now, "disabled_because": DisabledBecause.OWNER}
        return await self._db.write(_change, endpoint_id, user_id, values, now)

    async def rotate(self, endpoint_id: UUID, *, user_id: int) -> tuple[EndpointView, str]:
        """A new secret; the old one signs too for a day."""
        secret = new_secret()
        return await self._db.write(_rotate, endpoint_id, user_id, secret, self._clock()), secret

    async def delete(self, endpoint_id: UUID, *, user_id: int) -> None:
        await self._db.write(_delete, endpoint_id, user_id, self._clock())

    async def deliveries(
        self,
        endpoint_id: UUID,
        last: UUID | None,
        limit: int,
        *,
        user_id: int,
        status: DeliveryStatus | None = None,
    ) -> Slice[DeliveryView]:
        """The newest, or those older than `last`. Raises `DeliveryNotFound`."""
        return await self._db.read(_after, endpoint_id, user_id, last, limit, status=status)

    async def resend(self, endpoint_id: UUID, delivery_id: UUID, *, user_id: int) -> DeliveryView:
        """The same once more, at once, with all its tries. Raises `DeliveryNotFound`, `EndpointOff`."""
        return await self._db.write(_resend, endpoint_id, delivery_id, user_id, self._clock())

    async def test(self, endpoint_id: UUID, *, user_id: int) -> DeliveryView:
        """An event that means nothing. Raises `EndpointOff`."""
        return await self._db.write(_test, endpoint_id, user_id, self._clock())

    async def forget_old(self) -> int:
        """Deliveries that ended long ago; how many there were."""
        return await self._db.write(_forget, self._clock() - KEPT)


def give_up_pending(session: Session, endpoint_id: UUID, now: datetime, *events: str) -> None:
    """What waits for the endpoint is not sent; of these events alone, where some are named."""
    here = (_deliveries.c.endpoint_id == endpoint_id) & (_deliveries.c.status == DeliveryStatus.PENDING)
    if events:
        here &= _deliveries.c.event.in_(events)
    session.execute(update(_deliveries).where(here).values(status=DeliveryStatus.FAILED, finished_at=now))


def _all(session: Session, user_id: int) -> list[EndpointView]:
    mine = _endpoints.c.user_id == user_id, _endpoints.c.deleted_at.is_(None)
    rows = session.execute(select(_endpoints).where(*mine).order_by(_endpoints.c.created_at, _endpoints.c.id))
    return [_view(row) for row in rows]


def _row(session: Session, endpoint_id: UUID, user_id: int, *, lock: bool = False) -> AnyRow:
    query = select(_endpoints).where(
        _endpoints.c.id == endpoint_id, _endpoints.c.user_id == user_id, _endpoints.c.deleted_at.is_(None)
    )
    row = session.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return row


def _get(session: Session, endpoint_id: UUID, user_id: int) -> EndpointView:
    return _view(_row(session, endpoint_id, user_id))


def _create(
    session: Session, user_id: int, url: str, events: Collection[WebhookEvent], secret: str, *, now: datetime
) -> EndpointView:
    session.execute(select(_users.c.id).where(_users.c.id == user_id).with_for_update(key_share=True))
    mine = _endpoints.c.user_id == user_id, _endpoints.c.deleted_at.is_(None)
    if (session.scalar(select(func.count()).select_from(_endpoints).where(*mine)) or 0) >= MOST:
        raise TooManyEndpoints()
    endpoint_id = uuid4()
    row = {
        "id": endpoint_id,
        "user_id": user_id,
        "url": url,
        "events": {"events": sorted(events)},
        "secret": secret,
        "failures": 0,
        "created_at": now,
    }
    session.execute(insert(_endpoints), row)
    return _get(session, endpoint_id, user_id)


def _change(
    session: Session, endpoint_id: UUID, user_id: int, values: dict[str, Any], now: datetime
) -> EndpointView:  # Any: the columns' values
    before = _view(_row(session, endpoint_id, user_id, lock=True))
    if values:
        session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**values))
    after = _get(session, endpoint_id, user_id)
    if after.disabled_at is not None:
        give_up_pending(session, endpoint_id, now)
    elif unwanted := set(before.events) - set(after.events):
        give_up_pending(session, endpoint_id, now, *unwanted)
    return after


def _rotate(session: Session, endpoint_id: UUID, user_id: int, secret: str, now: datetime) -> EndpointView:
    row = _row(session, endpoint_id, user_id, lock=True)
    values = {"secret": secret, "old_secret": row.secret, "old_secret_until": now + OLD_SECRET}
    session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**values))
    return _get(session, endpoint_id, user_id)


def _delete(session: Session, endpoint_id: UUID, user_id: int, now: datetime) -> None:
    _row(session, endpoint_id, user_id, lock=True)
    gone = {"deleted_at": now, "secret": "", "old_secret": None, "old_secret_until": None}
    session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**gone))
    give_up_pending(session, endpoint_id, now)


def _delivery(session: Session, endpoint_id: UUID, delivery_id: UUID) -> AnyRow:
    here = _deliveries.c.id == delivery_id, _deliveries.c.endpoint_id == endpoint_id
    row = session.execute(select(_deliveries).where(*here)).first()
    if row is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return row


def _after(
    session: Session,
    endpoint_id: UUID,
    user_id: int,
    last: UUID | None,
    limit: int,
    *,
    status: DeliveryStatus | None,
) -> Slice[DeliveryView]:
    _row(session, endpoint_id, user_id)
    query = select(_deliveries).where(_deliveries.c.endpoint_id == endpoint_id)
    if status is not None:
        query = query.where(_deliveries.c.status == status)
    if last is not None:
        before = _delivery(session, endpoint_id, last)
        place = tuple_(_deliveries.c.created_at, _deliveries.c.id)
        query = query.where(place < tuple_(before.created_at, before.id))
    newest = _deliveries.c.created_at.desc(), _deliveries.c.id.desc()
    return first_of(session, query.order_by(*newest), limit).of(_delivery_view)


def _resend(session: Session, endpoint_id: UUID, delivery_id: UUID, user_id: int, now: datetime) -> DeliveryView:
    if _row(session, endpoint_id, user_id, lock=True).disabled_at is not None:
        raise EndpointOff()
    _delivery(session, endpoint_id, delivery_id)
    again = {"status": DeliveryStatus.PENDING, "attempts": 0, "available_at": now, "finished_at": None}
    ended = _deliveries.c.status != DeliveryStatus.PENDING  # what waits, or is in somebody's hands, comes anyway
    session.execute(update(_deliveries).where(_deliveries.c.id == delivery_id, ended).values(**again))
    return _delivery_view(_delivery(session, endpoint_id, delivery_id))


def _test(session: Session, endpoint_id: UUID, user_id: int, now: datetime) -> DeliveryView:
    if _row(session, endpoint_id, user_id, lock=True).disabled_at is not None:
        raise EndpointOff()
    row = delivery(endpoint_id, TEST, {"webhook_id": str(endpoint_id)}, key=f"test:{uuid4().hex}", now=now)
    session.execute(insert(_deliveries), row)
    return _delivery_view(_delivery(session, endpoint_id, row["id"]))


def _forget(session: Session, before: datetime) -> int:
    old = delete(_deliveries).where(_deliveries.c.finished_at < before)
    return len(session.execute(old.returning(_deliveries.c.id)).all())


def _view(row: AnyRow) -> EndpointView:
    known = {each.value for each in WebhookEvent}
    return EndpointView(
        id=row.id,
        url=row.url,
        events=tuple(WebhookEvent(each) for each in row.events.get("events", ()) if each in known),
        disabled_because=None if row.disabled_because is None else DisabledBecause(row.disabled_because),
        disabled_at=row.disabled_at,
        failures=row.failures,
        old_secret_until=row.old_secret_until,
        created_at=row.created_at,
    )


def _delivery_view(row: AnyRow) -> DeliveryView:
    status = DeliveryStatus(row.status)
    return DeliveryView(
        id=row.id,
        event=row.event,
        payload=row.payload,
        status=status,
        attempts=row.attempts,
        next_at=row.available_at if status is DeliveryStatus.PENDING else None,
        last_status=row.last_status,
        last_answer=row.last_answer,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
