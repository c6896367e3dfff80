"""The end of the chain: entries are put behind it, one transaction after another, never back in time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.forecasts import ChainEntry, ChainHead, EntryKind
from db.upsert import insert_into
from services.errors import N_, ShopError
from services.forecasts.chain import GENESIS, next_hash

_entries, _head = table_of(ChainEntry), table_of(ChainHead)
CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""Those of two machines of a shop may."""

ChainText = Callable[[int], str]
"""The text of an entry by its number."""


class ClockBehind(ShopError):
    """What is published now would stand before what was published last; it waits until the clock is right."""

    message = N_("The clock of the server is behind what was published last. Please set it right and try again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    kind: EntryKind
    text: ChainText
    forecast_id: int | None = None
    listed_id: int | None = None

    @property
    def columns(self) -> JsonObject:
        return {"kind": self.kind, "forecast_id": self.forecast_id, "listed_id": self.listed_id}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEnd:
    """How long the chain is, and the hash of its last entry."""

    length: int
    hash: str


def lock_chain(session: Session, now: datetime) -> ChainEnd:
    """Until the transaction ends nobody else appends. A row of the list that is changed is locked before: who publishes
    a forecast of it does so too. Raises ClockBehind."""
    first = {"id": 1, "length": 0, "hash": GENESIS}
    session.execute(insert_into(session, _head).values(first).on_conflict_do_nothing())
    head = session.execute(select(_head.c.length, _head.c.hash).with_for_update()).one()
    last = session.scalar(select(_entries.c.at).where(_entries.c.number == head.length))
    if last is not None and now < last - CLOCKS_DIFFER:
        raise ClockBehind(last=last.isoformat(), now=now.isoformat())
    return ChainEnd(length=head.length, hash=head.hash)


def append(session: Session, end: ChainEnd, new: Sequence[NewEntry], now: datetime) -> int:
    """Behind its locked end; the number of the last one."""
    number, digest, rows = end.length, end.hash, []
    for entry in new:
        number += 1
        digest = next_hash(digest, entry.text(number))
        rows.append(entry.columns | {"number": number, "at": now, "hash": digest})
    session.execute(insert(_entries), rows)
    session.execute(update(_head).values(length=number, hash=digest))
    return number
