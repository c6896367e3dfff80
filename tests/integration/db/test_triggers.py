"""The lines of the ledger stay as they were written, whoever asks."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.billing import TransactionKind
from services.billing import ledger
from tests.support.clock import START
from tests.support.shop import add_user


async def buy_credits(database: Database) -> None:
    user_id = await database.write(add_user)
    await database.write(
        ledger.grant, user_id=user_id, amount=500, kind=TransactionKind.WELCOME, key="welcome", now=START
    )


async def refuses(database: Database, statement: str) -> None:
    def meddle(session: Session) -> None:
        session.execute(text(statement))

    with pytest.raises(IntegrityError, match="are immutable: a line is corrected by another line"):
        await database.write(meddle)


@pytest.mark.parametrize("table", ["transactions", "lot_entries"])
async def test_lines_of_the_ledger_cannot_be_changed(database: Database, table: str) -> None:
    await buy_credits(database)
    await refuses(database, f"UPDATE {table} SET amount = amount")
    await refuses(database, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", ["transactions", "lot_entries"])
async def test_nor_emptied_at_once(postgres_database: Database, table: str) -> None:
    await buy_credits(postgres_database)
    await refuses(postgres_database, f"TRUNCATE {table} CASCADE")


async def test_insert_or_replace_is_a_change_too(sqlite_database: Database) -> None:
    await buy_credits(sqlite_database)
    await refuses(
        sqlite_database, "INSERT OR REPLACE INTO lot_entries SELECT id, transaction_id, lot_id, 1 FROM lot_entries"
    )


async def test_reads_cannot_write(database: Database) -> None:
    for read in (database.read, database.scan):
        with pytest.raises(Exception, match=r"readonly database|read-only transaction"):
            await read(add_user)
    assert await database.read(lambda session: session.execute(text("SELECT count(*) FROM users")).scalar()) == 0
