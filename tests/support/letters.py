"""Letters as their readers get them: from the outbox, with the link that the mail part would put in."""

from sqlalchemy import select

from bot.app import App
from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.outbox import OutboxMessage
from services.identity.mail_tokens import MailLinks
from services.notifications.kinds.letters import LETTERS, LinkLetter

LETTERS_ON = {
    "smtp_url": "smtp://127.0.0.1:9",  # nobody listens there
    "mail_from": "shop@example.com",
    "public_url": "http://127.0.0.1",
}
"""Settings of a shop that sends letters."""


async def letters_to(db: Database, address: str) -> list[AnyRow]:
    """The oldest first."""
    outbox = table_of(OutboxMessage)
    mine = select(outbox).where(outbox.c.address == address).order_by(outbox.c.id)
    return await db.read(lambda session: list(session.execute(mine).all()))


async def kinds_to(db: Database, address: str) -> list[str]:
    return [row.kind for row in await letters_to(db, address)]


async def link_in(db: Database, links: MailLinks, letter: AnyRow) -> str:
    """The address that a letter's link leads to, without a host."""
    kind = LETTERS[letter.kind]
    assert issubclass(kind, LinkLetter)
    token = await links.token_for(letter.payload["token_id"], address=letter.address)
    return f"{kind.page}?token={token}"


async def last_link(app: App, address: str) -> str:
    letter = (await letters_to(app.core.db, address))[-1]
    return await link_in(app.core.db, app.services.mail_links, letter)
