"""Rows that many tests need before they begin."""

from itertools import count
from uuid import UUID, uuid4

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.models import Model
from db.predictions import Prediction, PredictionStatus
from db.users import User
from tests.support.clock import START

_telegram_ids = count(1000)


def add_user(session: Session, *, telegram_id: int | None = None) -> int:
    """Returns users.id; the balance is empty."""
    user = table_of(User)
    row = {
        "telegram_id": next(_telegram_ids) if telegram_id is None else telegram_id,
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
