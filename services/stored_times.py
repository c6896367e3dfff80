"""Times that the database holds, against a clock that may have been wrong when they were written down."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, select, update
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.billing import Transaction
from db.tables.chats import ChatMessage, MessageStatus
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import Payment, PaymentEvent, Refund
from db.tables.predictions import Prediction, PredictionStatus

HORIZON: Final = timedelta(days=2)  # nothing is put off for longer

_lines, _outbox, _predictions = table_of(Transaction), table_of(OutboxMessage), table_of(Prediction)
_messages = table_of(ChatMessage)
_payments, _refunds, _events = table_of(Payment), table_of(Refund), table_of(PaymentEvent)
_PUT_OFF: Final = (
    (_outbox.c.available_at, _outbox.c.status == constant(OutboxStatus.PENDING)),
    (_predictions.c.available_at, _predictions.c.status == constant(PredictionStatus.QUEUED)),
    (_predictions.c.leased_until, _predictions.c.status == constant(PredictionStatus.RUNNING)),
    (_messages.c.available_at, _messages.c.status == constant(MessageStatus.QUEUED)),
    (_messages.c.leased_until, _messages.c.status == constant(MessageStatus.RUNNING)),
    (_payments.c.next_check_at, _payments.c.next_check_at.is_not(None)),
    (_refunds.c.next_check_at, _refunds.c.next_check_at.is_not(None)),
    (_events.c.next_attempt_at, _events.c.handled_at.is_(None)),
)


def last_written(session: Session) -> datetime | None:
    """When the last operation or message was written down; None in a new shop."""
    latest = (
        session.scalar(select(table.c.created_at).order_by(table.c.id.desc()).limit(1)) for table in (_lines, _outbox)
    )
    return max((moment for moment in latest if moment is not None), default=None)


def bring_forward(session: Session, now: datetime) -> int:
    """What a clock that was ahead put off for years is due now. Returns how many rows that was."""
    count = 0
    for column, waits in _PUT_OFF:
        assert isinstance(column, Column)
        late = update(column.table).where(waits, column > now + HORIZON).values({column: now})
        count += session.connection().execute(late).rowcount
    return count
