"""Revision 0042: the migration publishes what is on the public list, or was, behind what was published before."""

import datetime as dt
from types import SimpleNamespace

from sqlalchemy import create_engine, insert
from sqlalchemy.pool import NullPool

from db.base import table_of
from db.connections import sync_url
from db.engine import Database
from db.migrate import downgrade, upgrade
from db.tables.models import Model
from services.forecasts.chain import GENESIS, forecast_text, next_hash
from services.forecasts.verify import verify_chain
from tests.support.clock import START
from tests.support.forecasts import FIRST_DAY, evening, forecast
from tests.support.old_shop import reflected, rows


def fill(url: str) -> None:
    """A paper of the list with a forecast, and one that was taken off."""
    with create_engine(sync_url(url), poolclass=NullPool).begin() as connection:
        known = {"slug": "wine", "version": "1", "manifest": {}, "manifest_price": 0, "manifest_position": 1}
        stamps = {"sha256": "0" * 64, "present": True, "created_at": START, "updated_at": START}
        connection.execute(insert(table_of(Model)).values(known | stamps))
        tables, made = reflected(connection), forecast(last_day=FIRST_DAY, last_close=100.0)
        paper = {"model_slug": "wine", "source_key": "moex", "source": {"provider": "moex"}, "exchange": "MOEX"}
        on_list = paper | {"since": evening(FIRST_DAY), "name": "Сбербанк"}
        connection.execute(insert(tables["listed_instruments"]), [
            on_list | {"id": 1, "symbol": "SBER", "until": None},
            on_list | {"id": 2, "symbol": "GAZP", "until": evening(FIRST_DAY + dt.timedelta(days=9))},
        ])  # fmt: skip
        row = paper | {
            "id": 1,
            "origin": "list",
            "week": "2020-W02",
            "model_version": "1",
            "model_sha256": "0" * 64,
            "symbol": "SBER",
            "name": "Сбербанк",
            "last_day": FIRST_DAY,
            "last_close": 100.0,
            "horizon": 21,
            "said": {"outcomes": [each.dump() for each in made.said]},
            "made_at": evening(FIRST_DAY),
        }
        connection.execute(insert(tables["forecasts"]).values(row))
        due = {"due_on": dt.date(2020, 2, 5), "next_look_at": evening(FIRST_DAY)}
        connection.execute(insert(tables["open_forecasts"]).values(due | {"forecast_id": 1}))
        digest = next_hash(GENESIS, forecast_text(1, SimpleNamespace(**row)))
        entry = {"number": 1, "kind": "forecast", "forecast_id": 1, "hash": digest}
        connection.execute(insert(tables["chain_entries"]).values(entry))
        connection.execute(insert(tables["forecast_chain"]).values(id=1, length=1, hash=digest))


async def test_the_list_stands_behind_what_was_published(empty_url: str) -> None:
    upgrade(empty_url, "0041")
    fill(empty_url)
    upgrade(empty_url)
    found = sorted(rows(empty_url, "chain_entries")["chain_entries"], key=lambda row: int(str(row["number"])))
    assert [(row["kind"], row["forecast_id"], row["listed_id"]) for row in found] == [
        ("forecast", 1, None),
        ("listed", None, 1),
        ("listed", None, 2),
        ("unlisted", None, 2),
    ]
    database = Database(empty_url)
    proof = await database.scan(verify_chain)
    await database.close()
    assert (proof.entries, proof.wrong) == (4, None)


async def test_an_empty_list_publishes_nothing(empty_url: str) -> None:
    upgrade(empty_url, "0041")
    upgrade(empty_url)
    assert rows(empty_url, "chain_entries", "forecast_chain") == {"chain_entries": [], "forecast_chain": []}
    downgrade(empty_url, "0041")
