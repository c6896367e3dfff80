"""Accounts by e-mail without pages: what links, throttles and passwords do as time passes."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, Table, event, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import ApiScope, LetterPurpose, MailToken, SessionKind
from db.tables.outbox import OutboxMessage
from services.billing.audit import run_audit
from services.coordination.memory import MemoryCoordination
from services.identity.api_keys import ApiKeys
from services.identity.arrivals import Arrival
from services.identity.email_accounts import EmailAccounts
from services.identity.entrance import Entrance, LoginRules
from services.identity.login_changes import WrongCurrentPassword, WrongPassword
from services.identity.mail_tokens import LinkNotValid, MailLinks
from services.identity.passwords import Passwords
from services.identity.sessions import Device, SignedIn, WebSessions
from services.identity.throttles import LetterJustSent, Throttles, TooManyLetters, TooManyTries
from services.users.accounts import BadEmail, UserDisabled
from services.users.actor import Actor
from services.users.manage import UserManagement
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.letters import kinds_to, letters_to, link_in

VERA, PASSWORD = "vera@example.com", "fourteen green boats"
HERE, THERE = "192.0.2.1", "198.51.100.7"
SECOND = timedelta(seconds=1)
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A shop's accounts; its limits run by the same clock."""

    db: Database
    clock: FakeClock
    accounts: EmailAccounts
    links: MailLinks
    sessions: WebSessions

    async def token(self, address: str) -> str:
        """Of the last letter to it, as it is sent."""
        letter = (await letters_to(self.db, address))[-1]
        return (await link_in(self.db, self.links, letter)).partition("token=")[2]

    async def sign_up(self, address: str = VERA, *, place: str = HERE) -> SignedIn:
        await self.accounts.sign_up(address, language="ru", place=place)
        opened = await self.accounts.confirm(
            await self.token(address), name="Vera", password=PASSWORD, language="ru", arrival=arrival(place)
        )
        return await self.who(opened.token)

    async def who(self, token: str) -> SignedIn:
        found = await self.sessions.find(token)
        assert found is not None
        return found


def arrival(place: str = HERE, device_token: str = "") -> Arrival:
    device = Device(address=place, agent="Firefox/150")
    return Arrival(kind=SessionKind.BROWSER, device=device, device_token=device_token)


def open_accounts(database: Database, clock: FakeClock, passwords: Passwords) -> EmailAccounts:
    began = clock()
    memory = MemoryCoordination(lambda: (clock() - began) / SECOND)
    rules = LoginRules(welcome_credits=1000, letters=True)
    return EmailAccounts(
        Entrance(
            db=database,
            clock=clock,
            passwords=passwords,
            throttles=Throttles(memory),
            rules=rules,
            on_news=lambda: None,
        )
    )


def rows_of(session: Session, table: Table) -> list[AnyRow]:
    return list(session.execute(select(table)).all())


def office_of(database: Database, clock: FakeClock, passwords: Passwords) -> Office:
    return Office(
        db=database,
        clock=clock,
        accounts=open_accounts(database, clock, passwords),
        links=MailLinks(database, clock),
        sessions=WebSessions(database, clock),
    )


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    return office_of(database, clock, Passwords(CHEAP))


async def test_an_account_begins_with_its_credits_and_the_books_are_right(office: Office) -> None:
    who = await office.sign_up()
    assert (who.user.telegram_id, who.user.email, who.user.balance) == (None, VERA, 1000)
    assert (await run_audit(office.db)).ok


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Vera@Example.COM ", "vera@example.com"),
        ("vera+shop@example.com", "vera+shop@example.com"),
        ("vera@почта.рф", "vera@xn--80a1acny.xn--p1ai"),
        ("v@" + ".".join(["a" * 61] * 4) + ".example", None),
        ("a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".ru", ""),
        ("a" * 65 + "@example.com", None),
        ("аdmin@example.com", None),
        ("vera@example.com\nbcc: all@example.com", None),
        ("vera@@example.com", None),
        ('"vera"@example.com', None),
        ("Vera <vera@example.com>", None),
        ("vera@localhost", None),
        ("vera@[127.0.0.1]", None),
        ("vera@mail.test", None),
        ("", None),
        ("@" * 100_000, None),
        ("vera\x00@example.com", None),
    ],
)
async def test_addresses(office: Office, written: str, kept: str | None) -> None:
    """An `а` that is a Cyrillic letter makes no second admin@."""
    if kept is None:
        with pytest.raises(BadEmail):
            await office.accounts.sign_up(written, language="ru", place=HERE)
        return
    await office.accounts.sign_up(written, language="ru", place=HERE)
    assert await kinds_to(office.db, kept or written) == ["confirm_sign_up"]


async def test_a_longest_address_makes_an_account(office: Office) -> None:
    longest = "a" * 64 + "@" + ".".join(["b" * 61, "c" * 61, "d" * 61]) + ".ru"
    assert len(longest) <= 254
    assert (await office.sign_up(longest)).user.email == longest


async def test_one_person_is_not_two_by_capitals(office: Office) -> None:
    await office.sign_up()
    office.clock.advance(minutes=2)
    await office.accounts.sign_up("VERA@EXAMPLE.COM", language="en", place=HERE)
    assert await kinds_to(office.db, VERA) == ["confirm_sign_up", "already_registered"]
    [*_, letter] = await letters_to(office.db, VERA)
    assert letter.language == "ru"  # the account's, not the page's


@pytest.mark.parametrize(("purpose", "hours"), [(LetterPurpose.SIGN_UP, 24), (LetterPurpose.RESET, 1)])
async def test_a_link_has_its_day(office: Office, purpose: LetterPurpose, hours: int) -> None:
    """Counted from when the letter was sent, however long it waited."""
    if purpose is LetterPurpose.RESET:
        await office.sign_up()
        office.clock.advance(minutes=2)
    await office.accounts.reset(VERA, language="ru", place=HERE)
    office.clock.advance(days=2)
    token = await office.token(VERA)
    office.clock.advance(hours=hours, seconds=-1)
    assert await office.accounts.address_of(token, purpose) == VERA
    office.clock.advance(seconds=1)
    with pytest.raises(LinkNotValid):
        await office.accounts.address_of(token, purpose)


async def test_a_newer_letter_voids_the_older(office: Office) -> None:
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    [first] = await letters_to(office.db, VERA)
    old = await office.token(VERA)
    office.clock.advance(minutes=2)
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    with pytest.raises(LinkNotValid):
        await office.accounts.address_of(old, LetterPurpose.SIGN_UP)
    assert await office.links.token_for(first.payload["token_id"], address=VERA) is None  # it is not sent any more
    assert await office.accounts.address_of(await office.token(VERA), LetterPurpose.SIGN_UP) == VERA


async def test_no_row_holds_a_way_in(office: Office) -> None:
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    token = await office.token(VERA)
    for table in map(table_of, (MailToken, OutboxMessage)):
        rows = await office.db.read(rows_of, table)
        assert rows
        assert token not in str(rows)


async def test_two_tabs_make_one_account(office: Office) -> None:
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    token = await office.token(VERA)

    async def confirm() -> object:
        return await office.accounts.confirm(token, name="", password=PASSWORD, language="ru", arrival=arrival())

    results = await asyncio.gather(*(confirm() for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["LinkNotValid"] * 3 + ["Opened"]
    assert (await run_audit(office.db)).ok


async def test_an_address_that_became_somebodys_meanwhile(office: Office) -> None:
    """They have changed theirs to it while a letter to it waited."""
    who = await office.sign_up()
    new = "vera.new@example.com"
    await office.accounts.sign_up(new, language="ru", place=HERE)
    waiting = await office.token(new)
    await office.accounts.change_address(who, new, password=PASSWORD, place=HERE)
    assert await office.accounts.confirm_address(await office.token(new), user_id=who.user.id) == new
    with pytest.raises(LinkNotValid):
        await office.accounts.confirm(waiting, name="", password=PASSWORD, language="ru", arrival=arrival())


async def asks_all_day(office: Office, address: str, place: str) -> None:
    """Until no more letters are written to it that day."""
    for _ in range(6):
        office.clock.advance(minutes=2)
        await office.accounts.reset(address, language="ru", place=place)
        with pytest.raises(LetterJustSent):
            await office.accounts.reset(address, language="ru", place=place)
    office.clock.advance(minutes=2)
    with pytest.raises(TooManyLetters):
        await office.accounts.reset(address, language="ru", place=place)


async def test_letters_to_one_address(office: Office) -> None:
    """One a minute, some a day; to somebody who has an account and to somebody who has none."""
    await office.sign_up()
    for address in (VERA, "nobody@example.com"):
        await asks_all_day(office, address, HERE)
    office.clock.advance(days=1)
    await office.accounts.reset(VERA, language="ru", place=HERE)


async def test_a_stranger_takes_no_letters_from_an_owner(office: Office) -> None:
    """A stranger's network has its own; what many networks use up a browser that was signed in before still gets."""
    await office.sign_up()
    opened = await office.accounts.sign_in(VERA, PASSWORD, arrival(HERE))
    await asks_all_day(office, VERA, THERE)
    await office.accounts.reset(VERA, language="ru", place=HERE)
    office.clock.advance(minutes=2)
    for number in range(17):  # of the 24 a day
        await office.accounts.reset(VERA, language="ru", place=f"203.0.113.{100 + number}")
    with pytest.raises(TooManyLetters):
        await office.accounts.reset(VERA, language="ru", place=HERE)
    known = opened.device_token
    await office.accounts.reset(VERA, language="ru", place=HERE, device_token=known)
    with pytest.raises(LetterJustSent):
        await office.accounts.reset(VERA, language="ru", place=HERE, device_token=known)
    with pytest.raises(TooManyLetters):
        await office.accounts.reset(VERA, language="ru", place="203.0.113.200", device_token="x" * 43)


async def test_letters_of_one_network(office: Office) -> None:
    """All of a /64 are one."""
    number = count()

    async def ask(place: str) -> None:
        await office.accounts.sign_up(f"n{next(number)}@example.com", language="ru", place=place)

    for each in range(30):
        await ask(f"2001:db8:1:1::{each:x}")
    with pytest.raises(TooManyLetters):
        await ask("2001:db8:1:1:ffff::1")
    await ask("2001:db8:1:2::1")
    office.clock.advance(hours=1)
    await ask("2001:db8:1:1::1")


async def test_guessing_is_slowed_and_the_owner_is_not_locked_out(office: Office) -> None:
    await office.sign_up()
    mine = await office.accounts.sign_in(VERA, PASSWORD, arrival())
    networks = (f"203.0.113.{number}" for number in range(100))

    async def guess(place: str) -> None:
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(VERA, "a guess", arrival(place))

    for _ in range(10):
        await guess(THERE)
    with pytest.raises(TooManyTries):
        await office.accounts.sign_in(VERA, PASSWORD, arrival(THERE))
    for _ in range(89):
        await guess(next(networks))
    with pytest.raises(TooManyTries):  # all of them together, by the hour
        await office.accounts.sign_in(VERA, PASSWORD, arrival(HERE))
    await office.accounts.sign_in(VERA, PASSWORD, arrival(HERE, mine.device_token))
    office.clock.advance(hours=1)
    await office.accounts.sign_in(VERA, PASSWORD, arrival(HERE))


async def test_guesses_at_many_accounts_from_one_network(office: Office) -> None:
    for number in range(40):
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(f"n{number}@example.com", "a guess", arrival(THERE))
    with pytest.raises(TooManyTries):
        await office.accounts.sign_in("n50@example.com", "a guess", arrival(THERE))


@pytest.mark.parametrize("odd", ["\x00", "vera\x00@example.com", "\ud800", "", "@" * 10_000])
async def test_what_no_database_takes_is_nobodys(office: Office, odd: str) -> None:
    with pytest.raises(WrongPassword):
        await office.accounts.sign_in(odd, odd, arrival(device_token=odd))
    with pytest.raises(BadEmail):
        await office.accounts.reset(odd, language="ru", place=HERE)
    with pytest.raises(LinkNotValid):
        await office.accounts.reset_password(odd, PASSWORD, arrival())
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    token = await office.token(VERA)
    password = f"a long one {odd[:9]}"
    await office.accounts.confirm(token, name=f"V{odd}", password=password, language="ru", arrival=arrival())
    await office.accounts.sign_in(VERA, password, arrival())


async def test_a_device_is_known_to_its_own_account_alone(office: Office) -> None:
    await office.sign_up()
    mine = await office.accounts.sign_in(VERA, PASSWORD, arrival())
    await office.sign_up("mallory@example.com", place=THERE)
    await office.accounts.sign_in("mallory@example.com", PASSWORD, arrival(THERE, mine.device_token))
    assert (await kinds_to(office.db, "mallory@example.com"))[-1] == "new_sign_in"


async def test_a_token_of_a_device_is_not_chosen_by_a_stranger(office: Office) -> None:
    await office.sign_up()
    for planted in ("", "x", "a b" * 20, "é" * 43):
        assert (await office.accounts.sign_in(VERA, PASSWORD, arrival(device_token=planted))).device_token != planted


async def test_who_is_disabled_learns_it_by_the_right_password(office: Office) -> None:
    who = await office.sign_up()
    await UserManagement(office.db, office.clock, Staff(())).disable(who.user.id, actor=Actor.system())
    with pytest.raises(WrongPassword):
        await office.accounts.sign_in(VERA, "a guess", arrival())
    with pytest.raises(UserDisabled):
        await office.accounts.sign_in(VERA, PASSWORD, arrival())


async def test_the_current_password_is_not_guessed_by_who_found_an_open_page(office: Office) -> None:
    who = await office.sign_up()
    for _ in range(10):
        with pytest.raises(WrongCurrentPassword):
            await office.accounts.change_password(who, current="a guess", new="a new long one")
    with pytest.raises(TooManyTries):
        await office.accounts.change_password(who, current=PASSWORD, new="a new long one")


async def test_a_password_is_hashed_anew_as_costs_rise(office: Office) -> None:
    await office.sign_up()
    dearer = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1)
    later = open_accounts(office.db, office.clock, Passwords(dearer))
    for _ in range(2):
        await later.sign_in(VERA, PASSWORD, arrival())
    with pytest.raises(WrongPassword):
        await later.sign_in(VERA, "a guess", arrival())


async def test_an_old_letter_leads_nowhere_after_a_new_password(office: Office) -> None:
    who = await office.sign_up()
    office.clock.advance(minutes=2)
    await office.accounts.reset(VERA, language="ru", place=HERE)
    reset = await office.token(VERA)
    await office.accounts.change_password(who, current=PASSWORD, new="a new long one")
    with pytest.raises(LinkNotValid):
        await office.accounts.reset_password(reset, "an even newer one", arrival())


async def test_a_new_password_leaves_keys_and_its_letter_says_how_many(office: Office) -> None:
    who, keys = await office.sign_up(), ApiKeys(office.db, office.clock)
    await keys.make(who, "a day", [ApiScope.READ], days=1)
    await keys.make(who, "a server", [ApiScope.READ])
    revoked, _ = await keys.make(who, "revoked", [ApiScope.READ])
    await keys.revoke(revoked.id, user_id=who.user.id)
    for days, good in ((0, 2), (1, 1)):
        office.clock.advance(days=days)
        current, new = (PASSWORD, "a new long one")[:: 1 - 2 * days]
        await office.accounts.change_password(who, current=current, new=new)
        assert (await letters_to(office.db, VERA))[-1].payload["keys"] == good


async def test_what_is_over_is_forgotten(office: Office) -> None:
    await office.accounts.sign_up(VERA, language="ru", place=HERE)
    office.clock.advance(days=15)
    await office.accounts.sweep()
    assert await office.db.read(rows_of, table_of(MailToken)) == []


class CountingHasher(PasswordHasher):
    """As cheap as `CHEAP`."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.compared = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's own name
        self.compared += 1
        return super().verify(hash, password)


async def test_a_stranger_at_the_door_costs_a_hash_too(sqlite_database: Database, clock: FakeClock) -> None:
    hasher = CountingHasher()
    office = office_of(sqlite_database, clock, Passwords(hasher))
    await office.sign_up()
    for number, address in enumerate((VERA, "nobody@example.com", "none"), start=1):
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(address, "a guess", arrival())
        assert hasher.compared == number


@pytest.mark.slow
async def test_time_does_not_tell_a_stranger_at_the_door(sqlite_database: Database, clock: FakeClock) -> None:
    """A hash takes 0.1 s here, and what else runs on this machine little beside it; without one for nobody's password
    the answer to them would come in a hundredth of that."""
    office = office_of(sqlite_database, clock, Passwords(PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)))
    await office.sign_up()

    async def tried(address: str) -> float:
        clock.advance(hours=1)
        began = perf_counter()
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(address, "a guess", arrival())
        return perf_counter() - began

    times = [(await tried(VERA), await tried("nobody@example.com"), await tried("none")) for _ in range(5)]
    known, *unknown = map(median, zip(*times, strict=True))
    assert all(0.3 < each / known < 3 for each in unknown)


async def test_a_letter_costs_as_much_whoever_has_the_address(sqlite_database: Database, clock: FakeClock) -> None:
    """Told by statements: a database's time jumps more than any of them takes."""
    office = office_of(sqlite_database, clock, Passwords(CHEAP))
    await office.sign_up()
    clock.advance(minutes=2)
    verbs: list[str] = []

    def note(*told: Any) -> None:  # Any: SQLAlchemy's own
        verbs.append(told[2].split()[0])

    async def asked(address: str, ask: Callable[..., Awaitable[None]]) -> list[str]:
        verbs.clear()
        await ask(address, language="ru", place=HERE)
        return list(verbs)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        for ask in (office.accounts.sign_up, office.accounts.reset):
            known = await asked(VERA, ask)
            assert known == await asked("nobody@example.com", ask)
            assert known.count("INSERT") == 2
            clock.advance(minutes=2)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
