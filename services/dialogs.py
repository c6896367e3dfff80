"""Where each customer stands in a dialog: its state and what it keeps, in the shop's database."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.dialogs import FsmState
from db.upsert import insert_into
from services.clock import Clock

_fsm = table_of(FsmState)

DialogRecord = tuple[str | None, dict[str, Any]]  # Any: what a dialog keeps is the dialog's affair


class Dialogs:
    """By a key of the chat's choice. A dialog without a state and without data is not kept."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def read(self, key: str) -> DialogRecord:
        return await self._db.read(_read, key)

    async def write(self, key: str, record: DialogRecord) -> None:
        await self._db.write(_write, key, record, self._clock())

    async def forget(self, before: datetime) -> int:
        """Drop dialogs that nobody touched since `before`."""
        return await self._db.write(_forget, before)


def _read(session: Session, key: str) -> DialogRecord:
    row = session.execute(select(_fsm.c.state, _fsm.c.data).where(_fsm.c.key == key)).first()
    return (None, {}) if row is None else (row.state, row.data)


def _write(session: Session, key: str, record: DialogRecord, now: datetime) -> None:
    state, data = record
    if state is None and not data:
        session.execute(delete(_fsm).where(_fsm.c.key == key))
        return
    values = {"state": state, "data": data, "updated_at": now}
    insert = insert_into(session, _fsm).values(key=key, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["key"], set_=values))


def _forget(session: Session, before: datetime) -> int:
    return len(session.execute(delete(_fsm).where(_fsm.c.updated_at < before).returning(_fsm.c.key)).all())
