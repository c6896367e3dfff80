"""Rows that many tests need before they begin."""

from datetime import date
from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.billing import BonusGrant
from db.tables.chats import ChatMessage, ChatSession, MessageStatus, Sender
from db.tables.models import Model
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.scorings import Scoring, ScoringStatus
from db.tables.users import User
from tests.support.clock import START

_telegram_ids = count(1000)


def add_user(session: Session, *, telegram_id: int | None = None) -> int:
    """Returns users.id; the balance is empty."""
    return _add_user(session, next(_telegram_ids) if telegram_id is None else telegram_id)


def add_outsider(session: Session) -> int:
    """A user whom Telegram does not know."""
    return _add_user(session, None)


def _add_user(session: Session, telegram_id: int | None) -> int:
    user = table_of(User)
    row = {
        "telegram_id": telegram_id,
        "first_name": "Anna",
        "language": "ru",
        "language_chosen": False,
        "balance": 0,
        "bonus_muted": False,
        "created_at": START,
        "last_seen_at": START,
    }
    user_id: int = session.execute(insert(user).values(row).returning(user.c.id)).scalar_one()
    return user_id


def add_model(session: Session, *, slug: str = "wine", price: int = 100) -> str:
    session.execute(
        insert(table_of(Model)).values(
            slug=slug,
            version="1",
            manifest={},
            manifest_price=price,
            manifest_position=1,
            sha256="0" * 64,
            present=True,
            created_at=START,
            updated_at=START,
        )
    )
    return slug


def add_prediction(
    session: Session,
    *,
    user_id: int,
    price: int,
    slug: str = "wine",
    status: PredictionStatus = PredictionStatus.QUEUED,
) -> UUID:
    """A row only: the charge is the caller's affair."""
    prediction_id = uuid4()
    row = {
        "id": prediction_id,
        "user_id": user_id,
        "model_slug": slug,
        "model_version": "1",
        "request_key": prediction_id.hex,
        "inputs": {},
        "price": price,
        "status": status,
        "attempts": 0,
        "available_at": START,
        "created_at": START,
    }
    session.execute(insert(table_of(Prediction)), row)
    return prediction_id


def add_answer(
    session: Session,
    *,
    user_id: int,
    hold: int,
    price: int | None = None,
    status: MessageStatus = MessageStatus.QUEUED,
    free: bool = False,
    slug: str = "wine",
) -> UUID:
    """A conversation of one message and its answer, for a fixed price; the charge and the day's count are the caller's
    affair."""
    ids = {"id": uuid4(), "user_id": user_id, "model_slug": slug}
    talk = ids | {"is_active": False, "started_at": START, "last_message_at": START}
    session.execute(insert(table_of(ChatSession)), talk)
    line = ids | {"session_id": ids["id"], "created_at": START}
    asked = line | {"number": 1, "sender": Sender.USER, "text": "Why?", "status": MessageStatus.SENT}
    session.execute(insert(table_of(ChatMessage)), asked)
    sold = {"hold": hold, "price": price, "status": status, "free": free, "day": date(2026, 11, 20)}
    sold["fixed_price"] = price or 0
    answer_id = uuid4()
    answer = line | sold | {"id": answer_id, "number": 2, "sender": Sender.ASSISTANT, "reply_to": ids["id"]}
    session.execute(insert(table_of(ChatMessage)), answer)
    return answer_id


def add_scoring(
    session: Session,
    *,
    user_id: int,
    price: int,
    rows: int,
    done: int = 0,
    failed: int = 0,
    status: ScoringStatus = ScoringStatus.QUEUED,
    slug: str = "wine",
) -> UUID:
    """A row only, none of whose rows is bad: the charge is the caller's affair."""
    scoring_id = uuid4()
    row = {
        "id": scoring_id,
        "user_id": user_id,
        "model_slug": slug,
        "model_version": "1",
        "status": status,
        "source": {},
        "source_file_id": uuid4(),
        "columns": {},
        "words": {},
        "all_rows": rows,
        "bad_rows": 0,
        "price": price,
        "done_rows": done,
        "failed_rows": failed,
        "attempts": 0,
        "available_at": START,
        "created_at": START,
    }
    session.execute(insert(table_of(Scoring)), row)
    return scoring_id


def add_payment(
    session: Session, *, user_id: int, amount: int, status: PaymentStatus = PaymentStatus.SUCCEEDED
) -> UUID:
    """A row only, for `amount` credits: the top-up is the caller's affair."""
    payment_id = uuid4()
    row = {
        "id": payment_id,
        "user_id": user_id,
        "provider": "yookassa",
        "provider_payment_id": payment_id.hex,
        "status": status,
        "amount_kopecks": amount * 100,
        "currency": "RUB",
        "credits": amount,
        "test": True,
        "description": "",
        "checks": 0,
        "created_at": START,
        "updated_at": START,
    }
    session.execute(insert(table_of(Payment)), row)
    return payment_id


def add_refund(session: Session, *, payment_id: UUID, credits_taken: int) -> UUID:
    refund_id = uuid4()
    row = {
        "id": refund_id,
        "payment_id": payment_id,
        "status": RefundStatus.SUCCEEDED,
        "amount_kopecks": 100,
        "currency": "RUB",
        "credits_taken": credits_taken,
        "credits_uncollected": 0,
        "created_at": START,
        "updated_at": START,
    }
    session.execute(insert(table_of(Refund)), row)
    return refund_id


def add_bonus(session: Session, *, user_id: int, week: str, amount: int, transaction_id: int) -> None:
    row = {"user_id": user_id, "week": week, "amount": amount, "transaction_id": transaction_id, "created_at": START}
    session.execute(insert(table_of(BonusGrant)), row)
