"""An answer that its customer will never get, or not whole: what did not arrive is paid back and told, to the owners,
too."""

from collections.abc import Collection
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.chats import FinishReason, MessageStatus
from db.tables.models import Model
from db.tables.predictions import ErrorCode
from services.billing import ledger
from services.chats import usage
from services.chats.rows import messages
from services.notifications import outbox
from services.notifications.kinds.chats import AnswerReady
from services.notifications.kinds.models import AnswerUndelivered
from services.notifications.notification import Notification
from services.notifications.owners import tell_owners
from services.plans.allowances import settle_answer

log = structlog.get_logger()
_models = table_of(Model)


def pay_back_answer(
    session: Session, notification: Notification, reason: str, now: datetime, *, owners: Collection[int]
) -> bool:
    """Part of the transaction that gives up `notification`; whether it brought what was bought. Where earlier messages
    of the answer have arrived, they stay, and stay paid for. `owners`: Telegram ids; they are told once of each version
    of an assistant."""
    news = AnswerReady.load(notification.payload)
    row = session.execute(select(messages).where(messages.c.id == news.message_id).with_for_update()).first()
    if news.returned or row is None or row.status != MessageStatus.SUCCEEDED or row.error_code is not None:
        return False
    if row.chat_id is None:  # it was asked for elsewhere, and is read there
        return False
    if news.shown and news.shown == news.whole:  # all of it has come; what is lost tells its price
        return False
    told = _keep_share(session, row, news, now) if news.shown else _take_back(session, row, now)
    changed = {"error_code": ErrorCode.NOT_DELIVERED, "error": outbox.short(reason)}
    session.execute(update(messages).where(messages.c.id == row.id).values(**changed))
    log.error(
        "answer_undelivered",
        answer_id=str(row.id),
        model=row.model_slug,
        reason=reason,
        shown=news.shown,
        whole=news.whole,
    )
    outbox.put(session, told, user_id=notification.user_id, now=now)
    version = session.scalar(select(_models.c.version).where(_models.c.slug == row.model_slug))
    trouble = AnswerUndelivered(slug=row.model_slug, problem=outbox.short(reason), version=version or "")
    tell_owners(session, owners, trouble, now=now)
    return True


def _take_back(session: Session, row: AnyRow, now: datetime) -> AnswerReady:
    """Nothing has arrived: nothing is paid, and who does not pay for it does not read it elsewhere."""
    values = {"status": MessageStatus.FAILED, "price": 0, "text": None}
    session.execute(update(messages).where(messages.c.id == row.id).values(**values))
    if row.price:
        ledger.charge_refund(session, message_id=row.id, now=now)
    elif row.free:
        usage.return_free(session, user_id=row.user_id, model_slug=row.model_slug, day=row.day)
    else:
        settle_answer(session, row.id, None)
    return AnswerReady(message_id=row.id, returned=True)


def _keep_share(session: Session, row: AnyRow, news: AnswerReady, now: datetime) -> AnswerReady:
    """The share that has arrived is kept, of the price, rounded down, as of the text. A place of the day's allowance
    has no parts: it is used up."""
    kept = row.price * news.shown // news.whole
    text = row.text and row.text[: len(row.text) * news.shown // news.whole]
    values = {"price": kept, "text": text, "finish": FinishReason.CUT}
    session.execute(update(messages).where(messages.c.id == row.id).values(**values))
    back = row.price - kept
    if back:
        ledger.charge_refund(session, message_id=row.id, amount=back, now=now)
    return AnswerReady(message_id=row.id, returned=True, shown=news.shown, whole=news.whole, back=back)
