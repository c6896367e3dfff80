"""What endpoints of customers are told: written in the transaction whose news it is, where its message is put into the
outbox. Bodies are small and hold no texts: whoever wants more asks the API."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.chats import ChatMessage
from db.tables.payments import Payment, Refund
from db.tables.predictions import Prediction
from db.tables.scorings import Scoring
from db.tables.webhooks import DeliveryStatus, WebhookDelivery, WebhookEndpoint
from db.upsert import insert_into
from services.notifications.kinds.admins import CreditsChanged
from services.notifications.kinds.chats import AnswerReady
from services.notifications.kinds.news import News
from services.notifications.kinds.payments import PaymentNews, RefundSucceeded
from services.notifications.kinds.predictions import PredictionEnded
from services.notifications.kinds.scorings import ScoringEnded
from services.predictions.error_codes import written

_endpoints, _deliveries = table_of(WebhookEndpoint), table_of(WebhookDelivery)
_predictions, _messages = table_of(Prediction), table_of(ChatMessage)
_scorings = table_of(Scoring)
_payments, _refunds = table_of(Payment), table_of(Refund)
LONGEST_KEY: Final = 95
PAID: Final = "succeeded"


class WebhookEvent(StrEnum):
    PREDICTION_SUCCEEDED = "prediction.succeeded"
    PREDICTION_FAILED = "prediction.failed"
    PREDICTION_CANCELED = "prediction.canceled"
    SCORING_SUCCEEDED = "scoring.succeeded"
    SCORING_FAILED = "scoring.failed"
    SCORING_CANCELED = "scoring.canceled"
    MESSAGE_COMPLETED = "message.completed"
    PAYMENT_SUCCEEDED = "payment.succeeded"
    REFUND_SUCCEEDED = "refund.succeeded"
    CREDITS_CHANGED = "credits.changed"


TEST: Final = "webhook.test"
"""Sent when its owner asks for it, to whatever endpoint."""

Told = tuple[str, JsonObject]  # the event and its data


def note(session: Session, told: Sequence[tuple[int, News]], now: datetime) -> None:
    """Part of a caller's transaction: of these news, those that somebody wants to be told of."""
    wanted = [(user_id, news) for user_id, news in told if type(news) in _TELL]
    if not wanted:
        return
    endpoints = _of_users(session, {user_id for user_id, _ in wanted})
    rows: list[dict[str, Any]] = []  # Any: the columns' values
    for user_id, news in wanted:
        if not (mine := endpoints.get(user_id)):
            continue
        if (found := _TELL[type(news)](session, news)) is None:
            continue
        event, data = found
        key = news.key[:LONGEST_KEY]
        rows += [delivery(each, event, data, key=key, now=now) for each, events in mine if event in events]
    if rows:
        session.execute(insert_into(session, _deliveries).values(rows).on_conflict_do_nothing(index_elements=["key"]))


def delivery(
    endpoint_id: UUID, event: str, data: JsonObject, *, key: str, now: datetime
) -> dict[str, Any]:  # Any: the columns' values
    """The row of one that is due."""
    return {
        "id": uuid4(),
        "endpoint_id": endpoint_id,
        "event": event,
        "key": f"{endpoint_id.hex}:{key}",
        "payload": {"type": event, "timestamp": now.isoformat(), "data": data},
        "status": DeliveryStatus.PENDING,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }


_open = select(_endpoints.c.id, _endpoints.c.user_id, _endpoints.c.events).where(
    _endpoints.c.user_id.in_(bindparam("users", expanding=True)),
    _endpoints.c.disabled_at.is_(None),
    _endpoints.c.deleted_at.is_(None),
)


def _of_users(session: Session, users: Iterable[int]) -> Mapping[int, list[tuple[UUID, Collection[str]]]]:
    found: dict[int, list[tuple[UUID, Collection[str]]]] = defaultdict(list)
    for row in session.connection().execute(_open, {"users": list(users)}):
        found[row.user_id].append((row.id, row.events.get("events", ())))
    return found


def _prediction(session: Session, news: News) -> Told | None:
    assert isinstance(news, PredictionEnded)
    if news.look or news.returned:
        return None
    row = session.execute(select(_predictions).where(_predictions.c.id == news.prediction_id)).one()
    return f"prediction.{row.status}", {
        "id": str(row.id),
        "model": row.model_slug,
        "status": row.status,
        "price": row.price,
        "error": row.error_code and written(row.error_code),
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at and row.finished_at.isoformat(),
    }


def _scoring(session: Session, news: News) -> Told | None:
    assert isinstance(news, ScoringEnded)
    if news.look or news.returned:
        return None
    row = session.execute(select(_scorings).where(_scorings.c.id == news.scoring_id)).one()
    return f"scoring.{row.status}", {
        "id": str(row.id),
        "model": row.model_slug,
        "status": row.status,
        "price": row.price,
        "rows": row.all_rows,
        "bad_rows": row.bad_rows,
        "done_rows": row.done_rows,
        "failed_rows": row.failed_rows,
        "error": row.error_code and written(row.error_code),
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at and row.finished_at.isoformat(),
    }


def _message(session: Session, news: News) -> Told | None:
    assert isinstance(news, AnswerReady)
    if news.part or news.returned:
        return None
    row = session.execute(select(_messages).where(_messages.c.id == news.message_id)).one()
    return WebhookEvent.MESSAGE_COMPLETED, {
        "id": str(row.id),
        "chat_id": str(row.session_id),
        "reply_to": str(row.reply_to),
        "status": row.status,
        "finish": row.finish,
        "price": row.price,
        "error": row.error_code and written(row.error_code),
        "created_at": row.created_at.isoformat(),
        "finished_at": row.finished_at and row.finished_at.isoformat(),
    }


def _payment(session: Session, news: News) -> Told | None:
    assert isinstance(news, PaymentNews)
    if news.look or news.fact != PAID:
        return None
    row = session.execute(select(_payments).where(_payments.c.id == news.payment_id)).one()
    return WebhookEvent.PAYMENT_SUCCEEDED, {
        "id": str(row.id),
        "provider": row.provider,
        "price": {"amount": row.amount_kopecks, "currency": row.currency},
        "credits": row.credits,
        "test": row.test,
        "paid_at": row.paid_at and row.paid_at.isoformat(),
    }


def _refund(session: Session, news: News) -> Told | None:
    assert isinstance(news, RefundSucceeded)
    row = session.execute(select(_refunds).where(_refunds.c.id == news.refund_id)).one()
    return WebhookEvent.REFUND_SUCCEEDED, {
        "id": str(row.id),
        "payment_id": str(row.payment_id),
        "price": {"amount": row.amount_kopecks, "currency": row.currency},
        "credits_taken": row.credits_taken,
    }


def _credits(session: Session, news: News) -> Told | None:
    assert isinstance(news, CreditsChanged)
    return WebhookEvent.CREDITS_CHANGED, {
        "amount": news.amount,
        "balance": news.balance,
        "reason": news.reason[:1_000],
    }


_TELL: Final[Mapping[type[News], Callable[[Session, News], Told | None]]] = {
    PredictionEnded: _prediction,
    ScoringEnded: _scoring,
    AnswerReady: _message,
    PaymentNews: _payment,
    RefundSucceeded: _refund,
    CreditsChanged: _credits,
}
