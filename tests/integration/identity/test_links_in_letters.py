"""A link in a letter leads whoever asked for it, and nobody else."""

from sqlalchemy import select

from db.base import table_of
from db.engine import Database
from db.tables.identities import LetterPurpose
from db.tables.outbox import OutboxMessage
from services.identity.letter_requests import ask_to_sign_up
from services.identity.mail_tokens import MailLinks, issue_link, void_links
from tests.support.clock import FakeClock
from tests.support.shop import add_outsider

VERA, BORIS = "vera@example.com", "boris@example.com"


async def test_who_asks_again_is_written_to_again(database: Database, clock: FakeClock) -> None:
    """SQLite gives the number of a row that is gone to the next one."""
    for unknown in ("one", "two"):
        await database.write(ask_to_sign_up, VERA, "ru", unknown * 8, clock())
    table = table_of(OutboxMessage)
    assert len(await database.read(lambda session: session.execute(select(table)).all())) == 2


async def test_a_letter_that_waits_gets_no_link_of_another_address(database: Database, clock: FakeClock) -> None:
    links, vera = MailLinks(database, clock), await database.write(add_outsider)

    async def asks(address: str, unknown: str) -> int:
        return await database.write(
            issue_link, LetterPurpose.RESET, address, unknown_hash=unknown, user_id=vera, now=clock()
        )

    waiting = await asks(VERA, "one")
    await database.write(void_links, vera)
    await asks(BORIS, "two")
    assert await links.token_for(waiting, address=VERA) is None
