"""Letters go from the outbox to the mail server: whose, in which order, and what happens when they are not taken."""

import asyncio

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxKind, OutboxStatus, RefusedAddress
from db.tables.users import User
from mail.delivery import OK
from mail.server import SmtpServer
from services.notifications import outbox
from services.notifications.claims import LEASE
from services.notifications.kinds.credits import BonusGranted
from services.notifications.letters import GIVE_UP_AFTER
from services.notifications.sending import Outbox
from tests.support.ports import free_port
from tests.support.shop import add_outsider, add_user

from .conftest import PostOffice, send_all

VERA = "vera@example.com"


async def test_who_has_no_telegram_is_written_to(office: PostOffice) -> None:
    vera, boris = await office.person(VERA), await office.person("boris@example.com")
    for user, text in ((vera, "one"), (boris, "two"), (vera, "three")):
        await office.tell(user, text)
    await office.notify("new@example.com")
    await send_all(office.delivery())
    assert office.server.recipients == [VERA, "boris@example.com", VERA, "new@example.com"]
    assert office.texts() == ["one", "two", "three", "Changed"]
    assert set(await office.statuses()) == {OutboxStatus.SENT}
    assert await office.letters.backlog() == (0, 0.0)


async def test_each_goes_by_one_way_alone(office: PostOffice) -> None:
    """The chat's messages are not letters, letters are not the chat's, and who has neither waits."""
    anna, outsider = await office.db.write(add_user, telegram_id=1), await office.db.write(add_outsider)
    vera, chat = await office.person(VERA), Outbox(office.db, office.clock)
    for user in (anna, vera, outsider):
        await office.tell(user, "hello")
    to = outbox.Mailbox(address="anna@example.com", language="ru", user_id=anna)
    await office.db.write(outbox.put_letter, office.changed(), to=to, now=office.clock())
    assert [each.user_id for each in await chat.claim()] == [anna]
    assert await chat.backlog() == (1, 0.0)
    await send_all(office.delivery())
    assert office.server.recipients == [VERA, "anna@example.com"]
    await office.db.write(_joins_telegram, outsider)
    assert [each.user_id for each in await chat.claim()] == [outsider]


async def test_who_links_telegram_is_told_there(office: PostOffice) -> None:
    vera, chat = await office.person(VERA), Outbox(office.db, office.clock)
    await office.tell(vera, "hello")
    assert await chat.claim() == []
    await office.db.write(_joins_telegram, vera)
    await send_all(office.delivery())
    assert (office.server.letters, len(await chat.claim())) == ([], 1)


async def test_a_letter_of_ones_own_holds_up_no_chat(office: PostOffice) -> None:
    anna, chat = await office.db.write(add_user, telegram_id=1), Outbox(office.db, office.clock)
    to = outbox.Mailbox(address="anna@example.com", language="ru", user_id=anna)
    await office.db.write(outbox.put_letter, office.changed(), to=to, now=office.clock())
    await office.tell(anna, "hello")
    assert [each.kind for each in await chat.claim()] == [OutboxKind.FROM_OWNER]


async def test_one_bad_address_stops_nobody(office: PostOffice) -> None:
    lost, vera = await office.person("lost@example.com"), await office.person(VERA)
    office.server.on_recipient = ["550 5.1.1 There is no such mailbox here"]
    for user, text in ((lost, "to nobody"), (vera, "to Vera"), (lost, "again")):
        await office.tell(user, text)
    await send_all(office.delivery())
    assert office.texts() == ["to Vera"]
    assert await office.statuses() == [OutboxStatus.FAILED, OutboxStatus.SENT, OutboxStatus.SKIPPED]
    assert (await office.rows())[0].error == "550 5.1.1 There is no such mailbox here"
    assert office.server.recipients == ["lost@example.com", VERA]  # the second was not even tried


async def test_a_refused_address_may_ask_for_letters_and_come_back(office: PostOffice) -> None:
    lost = await office.person("lost@example.com")
    office.server.on_recipient = ["550 5.1.1 There is no such mailbox here"]
    await office.tell(lost, "to nobody")
    delivery = office.delivery()
    await send_all(delivery)
    await office.notify("lost@example.com")
    await office.tell(lost, "hello")
    await send_all(delivery)
    assert office.texts() == ["Changed", "hello"]
    refused = select(table_of(RefusedAddress))
    assert await office.db.read(lambda session: session.execute(refused).all()) == []


async def test_what_was_given_up_is_sent_once_more(office: PostOffice) -> None:
    """`kassandra outbox retry`."""
    vera = await office.person(VERA)
    office.server.on_letter = ["554 5.7.1 This looks like spam"]
    await office.tell(vera, "hello")
    await send_all(office.delivery())
    assert await office.statuses() == [OutboxStatus.FAILED]
    assert await Outbox(office.db, office.clock).reopen() == 1
    await send_all(office.delivery())
    assert office.texts() == ["hello"]


async def test_a_server_that_says_later_for_a_day(office: PostOffice) -> None:
    """Others are not held up, pauses grow to half an hour, and it arrives."""
    vera, boris = await office.person(VERA), await office.person("boris@example.com")
    await office.tell(vera, "late")
    office.server.on_recipient = ["451 4.7.1 Greylisted", "250"]
    await office.tell(boris, "at once")
    delivery = office.delivery()
    await send_all(delivery)
    assert (office.texts(), delivery.state) == (["at once"], OK)
    office.server.on_recipient, tries, begun = ["451 4.7.1 Greylisted"] * 1000, 0, office.clock()
    while (office.clock() - begun).total_seconds() < 24 * 3600:
        pause = (await office.rows())[0].available_at - office.clock()
        assert 0 < pause.total_seconds() <= 1800
        office.clock.advance(seconds=pause.total_seconds())
        await send_all(delivery)
        tries += 1
    assert tries < 70
    office.server.on_recipient.clear()
    office.clock.advance(seconds=1800)
    await send_all(delivery)
    assert office.texts() == ["at once", "late"]


async def test_it_is_given_up_after_days(office: PostOffice) -> None:
    await office.tell(await office.person(VERA), "never")
    office.server.on_recipient = ["451 4.7.1 Greylisted"] * 13
    delivery = office.delivery()
    for _ in range(13):
        await send_all(delivery)
        office.clock.advance(seconds=GIVE_UP_AFTER.total_seconds() / 10)
    assert await office.statuses() == [OutboxStatus.FAILED]


async def test_a_server_that_is_away_costs_no_attempt(office: PostOffice) -> None:
    for name in ("anna", "boris", "vera"):
        await office.notify(f"{name}@example.com")
    away = office.delivery(server=SmtpServer(host="127.0.0.1", port=free_port(), tls=False))
    await send_all(away)
    assert "smtp://127.0.0.1" in away.state
    assert [row.attempts for row in await office.rows()] == [0, 0, 0]
    assert not await away.send_next()  # one letter was tried, and then there is a pause
    office.clock.advance(seconds=5)
    await send_all(office.delivery())
    assert sorted(office.server.recipients) == ["anna@example.com", "boris@example.com", "vera@example.com"]


async def test_a_server_that_hangs_and_one_that_drops(office: PostOffice) -> None:
    await office.notify(VERA)
    delivery = office.delivery(seconds=0.5)
    office.server.on_recipient = ["", None]
    for words in ("did not answer in time", "ended the connection"):
        await send_all(delivery)
        assert words in delivery.state
        office.clock.advance(seconds=60)
    await send_all(delivery)
    assert (await office.statuses(), delivery.state) == ([OutboxStatus.SENT], OK)


async def test_what_chats_alone_tell_does_not_pile_up(office: PostOffice) -> None:
    vera = await office.person(VERA)
    bonus = BonusGranted(amount=200, week="2026-W48", expires_at=office.clock())
    await office.db.write(outbox.put, bonus, user_id=vera, now=office.clock())
    await send_all(office.delivery())
    assert (office.server.letters, await office.statuses()) == ([], [OutboxStatus.SKIPPED])


async def test_a_killed_sender_sends_again_under_the_same_name(office: PostOffice) -> None:
    """Between the server's word and ours: mailboxes know the second for the first."""
    await office.tell(await office.person(VERA), "hello")
    killed = office.delivery()
    task = asyncio.get_running_loop().create_task(killed.send_next())
    office.server.on_taken = task.cancel
    with pytest.raises(asyncio.CancelledError):
        await task
    office.server.on_taken = lambda: None
    assert await office.statuses() == [OutboxStatus.PENDING]
    await send_all(office.delivery())
    assert len(office.server.letters) == 1  # the lease holds
    office.clock.advance(seconds=LEASE.total_seconds())
    await send_all(office.delivery())
    first, second = office.server.letters
    assert first["message-id"] == second["message-id"]
    assert await office.statuses() == [OutboxStatus.SENT]


async def test_two_processes_send_nothing_twice(office: PostOffice) -> None:
    for number in range(30):
        await office.notify(f"reader{number}@example.com")
    await asyncio.gather(*(send_all(office.delivery()) for _ in range(2)))
    assert sorted(office.server.recipients) == sorted(f"reader{number}@example.com" for number in range(30))
    assert office.server.connections == 2


async def test_old_letters_are_forgotten(office: PostOffice) -> None:
    vera = await office.person(VERA)
    await office.notify("old@example.com")
    await office.tell(vera, "kept")
    await send_all(office.delivery())
    office.clock.advance(days=31)
    await office.notify("new@example.com")
    assert await office.letters.forget_old() == 1
    assert [row.address for row in await office.rows()] == [None, "new@example.com"]


def _joins_telegram(session: Session, user_id: int) -> None:
    users = table_of(User)
    session.execute(update(users).where(users.c.id == user_id).values(telegram_id=4242))
