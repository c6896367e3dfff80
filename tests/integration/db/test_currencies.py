"""Revision 0010: what was sold for roubles says so, and nothing can be sold for what the shop does not know."""

import pytest
from sqlalchemy import create_engine, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from db.connections import sync_url
from db.migrate import downgrade, upgrade
from tests.support.old_shop import load, reflected, rows

SOLD = ("payments", "refunds", "packages")


@pytest.fixture
def old_url(empty_url: str) -> str:
    """The old shop, where of each table one row says something else."""
    load(empty_url)
    upgrade(empty_url, "0009")
    for name in SOLD:
        say(empty_url, name, "rub")
    return empty_url


def say(url: str, name: str, currency: str) -> None:
    """In one row of a table."""
    with create_engine(sync_url(url), poolclass=NullPool).begin() as connection:
        table = reflected(connection)[name]
        one = connection.scalar(select(table.c.id).order_by(table.c.id).limit(1))
        connection.execute(update(table).where(table.c.id == one).values(currency=currency))


def apart_from_currency(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(({**row, "currency": None} for row in rows), key=lambda row: str(row["id"]))


def test_what_was_sold_was_sold_for_roubles(old_url: str) -> None:
    before = rows(old_url, *SOLD)
    upgrade(old_url, "0010")
    after = rows(old_url, *SOLD)
    for name in SOLD:
        assert {row["currency"] for row in before[name]} == {"RUB", "rub"}
        assert {row["currency"] for row in after[name]} == {"RUB"}
        assert apart_from_currency(after[name]) == apart_from_currency(before[name])
        say(old_url, name, "XTR")
        with pytest.raises(IntegrityError, match=f"ck_{name}_currency_known"):
            say(old_url, name, "USD")


def test_and_back(old_url: str) -> None:
    upgrade(old_url, "0010")
    known = rows(old_url, *SOLD)
    downgrade(old_url, "0009")
    assert rows(old_url, *SOLD) == known
    say(old_url, "payments", "USD")
    upgrade(old_url)
    assert {row["currency"] for row in rows(old_url, "payments")["payments"]} == {"RUB"}
