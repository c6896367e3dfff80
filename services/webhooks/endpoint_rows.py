"""The table `webhook_endpoints`: of each row its owner alone sees and changes anything."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.users import User
from db.tables.webhooks import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from services.errors import N_, ShopError
from services.webhooks.events import WebhookEvent

_endpoints, _deliveries, _users = table_of(WebhookEndpoint), table_of(WebhookDelivery), table_of(User)
MOST: Final = 10
OLD_SECRET: Final = timedelta(hours=24)  # that it signs beside the new one


class DisabledBecause(StrEnum):
    OWNER = "owner"
    """They switched it off."""
    GONE = "gone"
    """It answered 410."""
    FAILURES = "failures"
    """Nothing arrived there for days."""


class EndpointNotFound(ShopError):
    message = N_("There is no such webhook.")


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


def all_of(session: Session, user_id: int) -> list[EndpointView]:
    mine = _endpoints.c.user_id == user_id, _endpoints.c.deleted_at.is_(None)
    rows = session.execute(select(_endpoints).where(*mine).order_by(_endpoints.c.created_at, _endpoints.c.id))
    return [_view(row) for row in rows]


def row_of(session: Session, endpoint_id: UUID, user_id: int, *, lock: bool = False) -> AnyRow:
    query = select(_endpoints).where(
        _endpoints.c.id == endpoint_id, _endpoints.c.user_id == user_id, _endpoints.c.deleted_at.is_(None)
    )
    row = session.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise EndpointNotFound(endpoint_id=endpoint_id)
    return row


def get(session: Session, endpoint_id: UUID, user_id: int) -> EndpointView:
    return _view(row_of(session, endpoint_id, user_id))


def create(
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
    return get(session, endpoint_id, user_id)


def change(
    session: Session, endpoint_id: UUID, user_id: int, values: dict[str, Any], now: datetime
) -> EndpointView:  # Any: the columns' values
    before = _view(row_of(session, endpoint_id, user_id, lock=True))
    if values:
        session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**values))
    after = get(session, endpoint_id, user_id)
    if after.disabled_at is not None:
        give_up_pending(session, endpoint_id, now)
    elif unwanted := set(before.events) - set(after.events):
        give_up_pending(session, endpoint_id, now, *unwanted)
    return after


def rotate(session: Session, endpoint_id: UUID, user_id: int, secret: str, now: datetime) -> EndpointView:
    row = row_of(session, endpoint_id, user_id, lock=True)
    values = {"secret": secret, "old_secret": row.secret, "old_secret_until": now + OLD_SECRET}
    session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**values))
    return get(session, endpoint_id, user_id)


def delete_endpoint(session: Session, endpoint_id: UUID, user_id: int, now: datetime) -> None:
    row_of(session, endpoint_id, user_id, lock=True)
    gone = {"deleted_at": now, "secret": "", "old_secret": None, "old_secret_until": None}
    session.execute(update(_endpoints).where(_endpoints.c.id == endpoint_id).values(**gone))
    give_up_pending(session, endpoint_id, now)


def give_up_pending(session: Session, endpoint_id: UUID, now: datetime, *events: str) -> None:
    """What waits for the endpoint is not sent; of these events alone, where some are named."""
    here = (_deliveries.c.endpoint_id == endpoint_id) & (_deliveries.c.status == DeliveryStatus.PENDING)
    if events:
        here &= _deliveries.c.event.in_(events)
    session.execute(update(_deliveries).where(here).values(status=DeliveryStatus.FAILED, finished_at=now))


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
