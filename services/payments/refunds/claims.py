"""Claims on the table `refunds`: what is asked for now, and by whom."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.payments.other_shop import askable
from services.payments.queries import RefundView, payments, refund_view, refunds

PAUSES = tuple(timedelta(seconds=s) for s in (20, 60, 120, 300, 900, 3600))


def claim(
    session: Session, now: datetime, limit: int, *, shops: Mapping[str, str], everything: bool
) -> list[RefundView]:
    """Those that a key of ours can ask for. Moves each on to its next look: two reconcilers do not ask for one."""
    due = refunds.c.next_check_at.is_not(None) if everything else refunds.c.next_check_at <= now
    rows = session.execute(
        select(refunds)
        .where(due, refunds.c.payment_id.in_(select(payments.c.id).where(askable(shops))))
        .order_by(refunds.c.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for row in rows:
        age = sum(now - row.created_at > pause for pause in PAUSES)
        values = {"next_check_at": now + PAUSES[min(age, len(PAUSES) - 1)]}
        session.execute(update(refunds).where(refunds.c.id == row.id).values(values))
    return [refund_view(row) for row in rows]
