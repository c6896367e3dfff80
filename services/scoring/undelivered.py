"""A table that its customer will never get: paid back and told instead, and told to the owners."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.predictions import ErrorCode
from db.tables.scorings import ScoringStatus
from services.billing import ledger
from services.notifications import outbox
from services.notifications.kinds.models import AnswerUndelivered
from services.notifications.kinds.scorings import ScoringEnded
from services.notifications.notification import Notification
from services.notifications.owners import tell_owners
from services.plans.allowances import give_back
from services.scoring.queries import scorings

log = structlog.get_logger()


def pay_back_table(
    session: Session, notification: Notification, reason: str, now: datetime, *, owners: Collection[int]
) -> bool:
    """Part of the transaction that gives up `notification`; whether it brought what was bought. `owners`: Telegram
    ids."""
    if notification.payload.get("look") or (scoring_id := notification.payload.get("scoring_id")) is None:
        return False
    failed = _fail(session, UUID(scoring_id), reason)
    if failed is None:
        return False
    if failed.price:
        ledger.charge_refund(session, scoring_id=failed.id, now=now)
    else:
        give_back(session, scoring_id=failed.id)
    log.error("table_undelivered", scoring_id=str(failed.id), model=failed.model_slug, reason=reason)
    outbox.put(session, ScoringEnded(scoring_id=failed.id, returned=True), user_id=notification.user_id, now=now)
    trouble = AnswerUndelivered(slug=failed.model_slug, problem=reason[:255], version=failed.model_version)
    tell_owners(session, owners, trouble, now=now)
    return True


def _fail(session: Session, scoring_id: UUID, reason: str) -> AnyRow | None:
    """None where it had not succeeded, or was paid back before."""
    answered = (scorings.c.id == scoring_id) & (scorings.c.status == ScoringStatus.SUCCEEDED)
    values = {
        "status": ScoringStatus.FAILED,
        "error_code": ErrorCode.NOT_DELIVERED,
        "error": outbox.short(reason),
    }
    columns = (scorings.c.id, scorings.c.model_slug, scorings.c.model_version, scorings.c.price)
    return session.execute(update(scorings).where(answered).values(**values).returning(*columns)).first()
