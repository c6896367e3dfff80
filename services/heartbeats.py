"""Which work was last done when: written by the process that does it, read by the others and by the doctor."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.heartbeats import Heartbeat
from db.upsert import insert_into

_beats = table_of(Heartbeat)
WRITTEN: Final = "written"
EXPIRE_LOTS: Final = "expire_lots"  # every scheduler has this one
RECONCILE: Final = "reconcile"
BONUS: Final = "weekly_bonus_catch_up"
MONEY_JOBS: Final = (EXPIRE_LOTS, RECONCILE, BONUS)
LATE: Final = timedelta(minutes=15)
"""Each of them comes every minute."""


def note(session: Session, names: Collection[str], now: datetime) -> None:
    """That their work was done just now, and that something can be written."""
    for name in sorted({*names, WRITTEN}):
        insert = insert_into(session, _beats).values(name=name, at=now)
        session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def note_jobs(session: Session, done: Collection[str], scheduled: Collection[str], now: datetime) -> None:
    """By the process that has the `scheduled` jobs: which of them were done just now. Any other job is forgotten: one
    that the settings switched off is not late."""
    note(session, done, now)
    session.execute(delete(_beats).where(_beats.c.name.not_in({*scheduled, WRITTEN})))


def last_done(session: Session) -> dict[str, datetime]:
    """By name."""
    rows = session.execute(select(_beats.c.name, _beats.c.at).where(_beats.c.name != WRITTEN))
    return {row.name: row.at for row in rows}


def late(done: Mapping[str, datetime], now: datetime) -> dict[str, timedelta]:
    """Jobs around money that were done before and not for a long time, with how long that is."""
    ages = {name: now - done[name] for name in MONEY_JOBS if name in done}
    return {name: age for name, age in ages.items() if age > LATE}
