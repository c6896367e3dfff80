"""Claims on the table `webhook_deliveries`: who sends what, until when, and what became of it.

To one endpoint goes one after the other, in the order of what happened; one that was tried twice in vain lets the
others pass."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, tuple_, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, constant, table_of
from db.tables.webhooks import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from services.notifications import outbox
from services.notifications.kinds.webhooks import WebhookOff
from services.webhooks.endpoint_rows import DisabledBecause, give_up_pending

log = structlog.get_logger()
_endpoints, _deliveries = table_of(WebhookEndpoint), table_of(WebhookDelivery)
LEASE: Final = timedelta(seconds=60)
PAUSES: Final = tuple(  # before the tries after the first one
    timedelta(seconds=each) for each in (5, 300, 1800, *(3600 * hours for hours in (2, 5, 10, 14, 20, 24)))
)
LONGEST_PAUSE: Final = timedelta(hours=24)
HOLDS_UP: Final = 2  # tries of one before the others pass it
OFF_AFTER: Final = 5  # deliveries in a row that were given up
KEPT_ANSWER: Final = 2048  # bytes of an answer
GONE: Final = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """`secrets`: the newest first. `attempts`: with this one. `lease`: its end, which tells whose it is."""

    id: UUID
    endpoint_id: UUID
    url: str
    secrets: Sequence[str]
    payload: JsonObject
    attempts: int
    lease: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointAnswer:
    """What came of one try. `status`: None where nobody answered; `text`: the beginning of the answer, or why there was
    none; `retry_after`: as it asked."""

    status: int | None
    text: str
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


_PENDING = _deliveries.c.status == constant(DeliveryStatus.PENDING)
_earlier = _deliveries.alias("earlier")
_held_up = (
    select(_earlier.c.id)
    .where(
        _earlier.c.endpoint_id == _deliveries.c.endpoint_id,
        _earlier.c.status == constant(DeliveryStatus.PENDING),
        _earlier.c.attempts <= HOLDS_UP,
        tuple_(_earlier.c.created_at, _earlier.c.id) < tuple_(_deliveries.c.created_at, _deliveries.c.id),
    )
    .exists()
)
_is_due = _PENDING & (_deliveries.c.available_at <= bindparam("now"))
_any_due = select(_deliveries.c.id).where(_is_due).limit(1)
_next = (
    select(_deliveries.c.id)
    .where(_is_due, ~_held_up)
    .order_by(_deliveries.c.available_at, _deliveries.c.created_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_claimed = (
    select(
        *(_deliveries.c[name] for name in ("id", "endpoint_id", "payload", "attempts")),
        _deliveries.c.available_at.label("lease"),
        *(_endpoints.c[name] for name in ("url", "secret", "old_secret", "old_secret_until")),
    )
    .join(_endpoints, _endpoints.c.id == _deliveries.c.endpoint_id)
    .where(_deliveries.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_deliveries.c.created_at)
)


def any_webhook_due(session: Session, now: datetime) -> bool:
    return session.execute(_any_due, {"now": now}).first() is not None


def claim_webhooks(session: Session, most: int, now: datetime) -> list[ClaimedDelivery]:
    ids = list(session.scalars(_next, {"now": now, "most": most}))
    if not ids:
        return []
    leased = {"attempts": _deliveries.c.attempts + 1, "available_at": now + LEASE}
    session.execute(update(_deliveries).where(_deliveries.c.id.in_(ids)).values(leased))
    return [_claim(row, now) for row in session.execute(_claimed, {"ids": ids})]


def _claim(row: AnyRow, now: datetime) -> ClaimedDelivery:
    old = row.old_secret if row.old_secret_until is not None and now < row.old_secret_until else None
    return ClaimedDelivery(
        id=row.id,
        endpoint_id=row.endpoint_id,
        url=row.url,
        secrets=(row.secret,) if old is None else (row.secret, old),
        payload=row.payload,
        attempts=row.attempts,
        lease=row.lease,
    )


def settle_webhook(
    session: Session, claimed: ClaimedDelivery, answered: EndpointAnswer, now: datetime
) -> DeliveryStatus | None:
    """How it stands now; None where it is somebody else's meanwhile, or was given up."""
    endpoint = session.execute(select(_endpoints).where(_endpoints.c.id == claimed.endpoint_id).with_for_update()).one()
    last = claimed.attempts > len(PAUSES) or answered.status == GONE
    status = DeliveryStatus.DELIVERED if answered.ok else DeliveryStatus.FAILED if last else DeliveryStatus.PENDING
    values: dict[str, object] = {"status": status, "last_status": answered.status, "last_answer": answered.text}
    if status is DeliveryStatus.PENDING:
        pause = max(PAUSES[claimed.attempts - 1], min(answered.retry_after or timedelta(), LONGEST_PAUSE))
        values["available_at"] = now + pause
    else:
        values["finished_at"] = now
    held = (
        (_deliveries.c.id == claimed.id)
        & (_deliveries.c.attempts == claimed.attempts)
        & (_deliveries.c.available_at == claimed.lease)
        & _PENDING
    )
    kept = update(_deliveries).where(held).values(**values).returning(_deliveries.c.id)
    if session.execute(kept).first() is None:
        return None
    _note_endpoint(session, endpoint, status, answered, now)
    return status


def _note_endpoint(
    session: Session, endpoint: AnyRow, status: DeliveryStatus, answered: EndpointAnswer, now: datetime
) -> None:
    if status is DeliveryStatus.PENDING:
        return
    failures = 0 if status is DeliveryStatus.DELIVERED else endpoint.failures + 1
    if failures != endpoint.failures:
        session.execute(update(_endpoints).where(_endpoints.c.id == endpoint.id).values(failures=failures))
    gone = answered.status == GONE
    if endpoint.disabled_at is not None or not (gone or failures >= OFF_AFTER):
        return
    because = DisabledBecause.GONE if gone else DisabledBecause.FAILURES
    off = {"disabled_at": now, "disabled_because": because}
    session.execute(update(_endpoints).where(_endpoints.c.id == endpoint.id).values(**off))
    give_up_pending(session, endpoint.id, now)
    log.warning("webhook_off", endpoint_id=str(endpoint.id), because=because)
    news = WebhookOff(endpoint_id=endpoint.id, url=endpoint.url, gone=gone, nonce=now.isoformat())
    outbox.put(session, news, user_id=endpoint.user_id, now=now)
