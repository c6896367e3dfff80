"""An answer that its customer will never get, or not whole: paid back and told instead, and told to the owners."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.outbox import OutboxKind
from db.tables.predictions import ErrorCode, Prediction, PredictionStatus
from services.billing import ledger
from services.notifications import outbox
from services.notifications.kinds.models import AnswerUndelivered
from services.notifications.kinds.predictions import PredictionEnded
from services.notifications.notification import Notification
from services.notifications.owners import tell_owners
from services.plans.allowances import give_back

log = structlog.get_logger()
_p = table_of(Prediction)


def pay_back(
    session: Session, notification: Notification, reason: str, now: datetime, *, owners: Collection[int]
) -> bool:
    """Part of the transaction that gives up `notification`, the news of a prediction or what comes with it; whether it
    brought what was bought. A second look at an answer that is there already, and the news of a payment back, change
    nothing. `owners`: Telegram ids; they are told once of each version of a model."""
    if notification.payload.get("look") or (prediction_id := notification.payload.get("prediction_id")) is None:
        return False
    failed = _fail(session, UUID(prediction_id), reason)
    if failed is None:
        return False
    if failed.price:
        ledger.charge_refund(session, prediction_id=failed.id, now=now)
    else:
        give_back(session, prediction_id=failed.id)
    log.error("answer_undelivered", prediction_id=str(failed.id), model=failed.model_slug, reason=reason)
    news = PredictionEnded(prediction_id=failed.id, returned=True, below=notification.kind == OutboxKind.ENCLOSURE)
    outbox.put(session, news, user_id=notification.user_id, now=now)
    trouble = AnswerUndelivered(slug=failed.model_slug, problem=reason[:255], version=failed.model_version)
    tell_owners(session, owners, trouble, now=now)
    return True


def _fail(session: Session, prediction_id: UUID, reason: str) -> AnyRow | None:
    """None where it had not succeeded, or was paid back before."""
    answered = (_p.c.id == prediction_id) & (_p.c.status == PredictionStatus.SUCCEEDED)
    values = {
        "status": PredictionStatus.FAILED,
        "error_code": ErrorCode.NOT_DELIVERED,
        "error": outbox.short(reason),
    }
    changed = update(_p).where(answered).values(**values)
    return session.execute(changed.returning(_p.c.id, _p.c.model_slug, _p.c.model_version, _p.c.price)).first()
