"""An answer that its customer will never get: what it cost comes back."""

from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.chats import MessageStatus
from db.tables.predictions import ErrorCode
from services.billing import ledger
from services.chats import usage
from services.chats.rows import messages
from services.notifications import outbox
from services.notifications.kinds.chats import AnswerReady
from services.notifications.notification import Notification

log = structlog.get_logger()


def pay_back_answer(session: Session, notification: Notification, reason: str, now: datetime) -> bool:
    """Part of the transaction that gives up `notification`; whether it brought what was bought."""
    news = AnswerReady.load(notification.payload)
    row = session.execute(select(messages).where(messages.c.id == news.message_id).with_for_update()).first()
    if news.returned or row is None or row.status != MessageStatus.SUCCEEDED:
        return False
    values = {
        "status": MessageStatus.FAILED,
        "price": 0,
        "text": None,  # who does not pay for it does not read it elsewhere
        "error_code": ErrorCode.NOT_DELIVERED,
        "error": outbox.short(reason),
    }
    session.execute(update(messages).where(messages.c.id == row.id).values(**values))
    if row.price:
        ledger.charge_refund(session, message_id=row.id, now=now)
    if row.free:
        usage.return_free(session, user_id=row.user_id, model_slug=row.model_slug, day=row.day)
    log.error("answer_undelivered", answer_id=str(row.id), model=row.model_slug, reason=reason)
    outbox.put(session, AnswerReady(message_id=row.id, returned=True), user_id=notification.user_id, now=now)
    return True
