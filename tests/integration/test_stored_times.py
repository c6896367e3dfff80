"""What a clock that was ahead for a minute put off for years."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Column, Table, Update, select, true, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.chats import ChatMessage, MessageStatus, Sender
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.payments import Payment, PaymentEvent, PaymentStatus, Refund
from db.tables.predictions import Prediction, PredictionStatus
from services.billing import ledger
from services.notifications import outbox
from services.stored_times import bring_forward, last_written
from tests.support.clock import START
from tests.support.shop import add_answer, add_model, add_payment, add_prediction, add_refund, add_user

YEARS, DAY = timedelta(days=400), timedelta(days=1)


def _notification(session: Session) -> None:
    outbox.enqueue(session, user_id=add_user(session), kind=OutboxKind.BONUS, payload={}, key="k", now=START)


def _prediction(session: Session) -> None:
    add_prediction(session, user_id=add_user(session), price=1, slug=add_model(session))


def _running(session: Session) -> None:
    user = add_user(session)
    add_prediction(session, user_id=user, price=1, slug=add_model(session), status=PredictionStatus.RUNNING)


def _answer(session: Session) -> None:
    add_answer(session, user_id=add_user(session), hold=1, slug=add_model(session))


def _answering(session: Session) -> None:
    user, slug = add_user(session), add_model(session)
    add_answer(session, user_id=user, hold=1, slug=slug, status=MessageStatus.RUNNING)


def _payment(session: Session) -> None:
    add_payment(session, user_id=add_user(session), amount=100, status=PaymentStatus.PENDING)


def _refund(session: Session) -> None:
    payment = add_payment(session, user_id=add_user(session), amount=100)
    add_refund(session, payment_id=payment, credits_taken=0)


def _event(session: Session) -> None:
    row = {"provider": "yookassa", "event": "payment.succeeded", "object_id": uuid4().hex, "body": {}}
    session.execute(table_of(PaymentEvent).insert().values(row | {"received_at": START, "next_attempt_at": START}))


def _set(session: Session, change: Update) -> None:
    session.execute(change)


@pytest.mark.parametrize(
    ("make", "mapped", "column"),
    [
        (_notification, OutboxMessage, "available_at"),
        (_prediction, Prediction, "available_at"),
        (_running, Prediction, "leased_until"),
        (_answer, ChatMessage, "available_at"),
        (_answering, ChatMessage, "leased_until"),
        (_payment, Payment, "next_check_at"),
        (_refund, Refund, "next_check_at"),
        (_event, PaymentEvent, "next_attempt_at"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
async def test_is_due_at_once(database: Database, make: object, mapped: type, column: str) -> None:
    assert callable(make)
    table: Table = table_of(mapped)
    when: Column[datetime] = table.c[column]
    waits = table.c.sender == Sender.ASSISTANT if mapped is ChatMessage else true()
    await database.write(make)
    for put_off, expected in ((YEARS, START), (DAY, START + DAY)):
        await database.write(_set, update(table).where(waits).values({column: START + put_off}))
        assert await database.write(bring_forward, START) == (put_off is YEARS)
        assert await database.read(lambda session: session.scalar(select(when).where(waits))) == expected


async def test_when_something_was_last_written(database: Database) -> None:
    assert await database.read(last_written) is None
    user = await database.write(add_user)
    kind, later = TransactionKind.GRANT, START + timedelta(hours=1)
    await database.write(ledger.grant, user_id=user, amount=1, kind=kind, key="a", now=START)
    assert await database.read(last_written) == START
    await database.write(outbox.enqueue, user_id=user, kind=OutboxKind.BONUS, payload={}, key="k", now=later)
    assert await database.read(last_written) == later
