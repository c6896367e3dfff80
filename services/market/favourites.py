"""Papers that a customer took last: transactions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.market import FavouriteInstrument
from db.upsert import insert_into
from services.manifests.live import LivePrices
from services.market.prices import Instrument

MOST: Final = 6  # of one customer and one source
_favourites = table_of(FavouriteInstrument)


def favourites_of(session: Session, user_id: int, source: LivePrices) -> Sequence[Instrument]:
    """Of this source, the newest first."""
    mine = (_favourites.c.user_id == user_id) & (_favourites.c.provider == source.key)
    rows = session.execute(select(_favourites).where(mine).order_by(_favourites.c.used_at.desc()).limit(MOST))
    whose = {"provider": source.provider, "address": source.address}
    return [Instrument(symbol=row.symbol, name=row.name, exchange=row.exchange, **whose) for row in rows]


def remember(session: Session, user_id: int, key: str, instrument: Instrument, now: datetime) -> None:
    values = {"name": instrument.name[:200], "exchange": instrument.exchange[:200], "used_at": now}
    whose = {"user_id": user_id, "provider": key, "symbol": instrument.symbol}
    unique = [_favourites.c.user_id, _favourites.c.provider, _favourites.c.symbol]
    row = insert_into(session, _favourites).values(whose | values)
    session.execute(row.on_conflict_do_update(index_elements=unique, set_=values))
    mine = (_favourites.c.user_id == user_id) & (_favourites.c.provider == key)
    newest = select(_favourites.c.id).where(mine).order_by(_favourites.c.used_at.desc(), _favourites.c.id.desc())
    session.execute(delete(_favourites).where(mine, _favourites.c.id.not_in(newest.limit(MOST).scalar_subquery())))


def hand_over(session: Session, old: int, heir: int) -> None:
    """What both took stays as the heir took it."""
    theirs = _favourites.alias()
    both = select(theirs.c.id).where(
        theirs.c.user_id == heir, theirs.c.provider == _favourites.c.provider, theirs.c.symbol == _favourites.c.symbol
    )
    session.execute(delete(_favourites).where(_favourites.c.user_id == old, both.exists()))
    session.execute(update(_favourites).where(_favourites.c.user_id == old).values(user_id=heir))
