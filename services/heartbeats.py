"""Which work was last done when: written by the process that does it, read by the others and by the doctor."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.heartbeats import Heartbeat
from db.upsert import insert_into

_beats = table_of(Heartbeat)
WRITTEN: Final = "written"
MONEY_JOBS: Final = ("expire_lots", "reconcile", "weekly_bonus_catch_up")
LATE: Final = timedelta(minutes=15)
"""Each of them comes every minute."""


def note(session: Session, names: Collection[str], now: datetime) -> None:
    """That their work was done just now, and that something can be written."""
    for name in sorted({*names, WRITTEN}):
        insert = insert_into(session, _beats).values(name=name, at=now)
        session.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def last_done(session: Session) -> dict[str, datetime]:
    """By name."""
    rows = session.execute(select(_beats.c.name, _beats.c.at).where(_beats.c.name != WRITTEN))
    return {row.name: row.at for row in rows}


def late(done: Mapping[str, datetime], now: datetime) -> dict[str, timedelta]:
    """Jobs around money that were done before and not for a long time, with how long that is."""
    ages = {name: now - done[name] for name in MONEY_JOBS if name in done}
    return {name: age for name, age in ages.items() if age > LATE}
