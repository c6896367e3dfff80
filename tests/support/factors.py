"""A second factor that somebody has set up before."""

from datetime import UTC, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import SecondFactor


def add_factor(session: Session, user_id: int) -> None:
    now = datetime.now(UTC)
    row = {"user_id": user_id, "secret": "JBSWY3DPEHPK3PXP", "last_step": 0, "created_at": now, "confirmed_at": now}
    session.execute(insert(table_of(SecondFactor)), row)
