"""The table `webhook_deliveries` as the owner of an endpoint sees it; `claims.py` is how it is sent."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, insert, select, tuple_, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.webhooks import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from services.errors import N_, ShopError
from services.slices import Slice, first_of
from services.webhooks.endpoint_rows import EndpointOff, row_of
from services.webhooks.events import TEST, delivery

_deliveries, _endpoints = table_of(WebhookDelivery), table_of(WebhookEndpoint)


class DeliveryNotFound(ShopError):
    message = N_("There is no such delivery any more.")


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


def after(
    session: Session,
    endpoint_id: UUID,
    user_id: int,
    last: UUID | None,
    limit: int,
    *,
    status: DeliveryStatus | None,
) -> Slice[DeliveryView]:
    row_of(session, endpoint_id, user_id)
    query = select(_deliveries).where(_deliveries.c.endpoint_id == endpoint_id)
    if status is not None:
        query = query.where(_deliveries.c.status == status)
    if last is not None:
        before = _row(session, endpoint_id, last)
        place = tuple_(_deliveries.c.created_at, _deliveries.c.id)
        query = query.where(place < tuple_(before.created_at, before.id))
    newest = _deliveries.c.created_at.desc(), _deliveries.c.id.desc()
    return first_of(session, query.order_by(*newest), limit).of(_view)


def resend(session: Session, endpoint_id: UUID, delivery_id: UUID, user_id: int, now: datetime) -> DeliveryView:
    if row_of(session, endpoint_id, user_id, lock=True).disabled_at is not None:
        raise EndpointOff()
    _row(session, endpoint_id, delivery_id)
    again = {"status": DeliveryStatus.PENDING, "attempts": 0, "available_at": now, "finished_at": None}
    ended = _deliveries.c.status != DeliveryStatus.PENDING  # what waits, or is in somebody's hands, comes anyway
    session.execute(update(_deliveries).where(_deliveries.c.id == delivery_id, ended).values(**again))
    return _view(_row(session, endpoint_id, delivery_id))


def send_test(session: Session, endpoint_id: UUID, user_id: int, now: datetime) -> DeliveryView:
    if row_of(session, endpoint_id, user_id, lock=True).disabled_at is not None:
        raise EndpointOff()
    row = delivery(endpoint_id, TEST, {"webhook_id": str(endpoint_id)}, key=f"test:{uuid4().hex}", now=now)
    session.execute(insert(_deliveries), row)
    return _view(_row(session, endpoint_id, row["id"]))


def forget(session: Session, before: datetime) -> int:
    """Deliveries that ended, and endpoints that were deleted before; how many deliveries there were."""
    old = delete(_deliveries).where(_deliveries.c.finished_at < before)
    forgotten = len(session.execute(old.returning(_deliveries.c.id)).all())
    used = exists().where(_deliveries.c.endpoint_id == _endpoints.c.id)
    session.execute(delete(_endpoints).where(_endpoints.c.deleted_at < before, ~used))
    return forgotten


def _row(session: Session, endpoint_id: UUID, delivery_id: UUID) -> AnyRow:
    here = _deliveries.c.id == delivery_id, _deliveries.c.endpoint_id == endpoint_id
    row = session.execute(select(_deliveries).where(*here)).first()
    if row is None:
        raise DeliveryNotFound(delivery_id=delivery_id)
    return row


def _view(row: AnyRow) -> DeliveryView:
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
