"""A process that is killed between the mail server's word and its own."""

import asyncio
import os
import signal
import sys

from db.engine import Database
from services.notifications.claims import LEASE
from services.notifications.letters import Letters
from tests.support.clock import FakeClock
from tests.support.smtp import mail_server

from .conftest import PostOffice, send_all

SENDER = """
import asyncio, sys
from db.engine import Database
from tests.integration.mail.conftest import PostOffice, send_all
from services.notifications.letters import Letters
from tests.support.clock import FakeClock
from tests.support.smtp import MailServer

async def main():
    db, clock = Database(sys.argv[1]), FakeClock()
    office = PostOffice(db=db, clock=clock, server=MailServer(port=int(sys.argv[2])), letters=Letters(db, clock))
    await send_all(office.delivery())

asyncio.run(main())
"""


async def test_what_a_killed_process_sent_comes_again_under_its_name(sqlite_url: str) -> None:
    db, clock = Database(sqlite_url), FakeClock()
    async with mail_server() as server:
        office = PostOffice(db=db, clock=clock, server=server, letters=Letters(db, clock))
        await office.tell(await office.person("vera@example.com"), "hello")
        sender = await asyncio.create_subprocess_exec(sys.executable, "-c", SENDER, sqlite_url, str(server.port))
        server.on_taken = lambda: os.kill(sender.pid, signal.SIGKILL)
        assert await sender.wait() == -signal.SIGKILL
        server.on_taken = lambda: None
        assert await office.statuses() == ["pending"]
        clock.advance(seconds=LEASE.total_seconds())
        await send_all(office.delivery())
        first, second = server.letters
        assert first["message-id"] == second["message-id"]
        assert await office.statuses() == ["sent"]
    await db.close()
