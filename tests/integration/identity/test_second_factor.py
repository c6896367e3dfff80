"""A second factor without pages: each code gets in once, only its owner, and not for ever."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.identities import ApiScope, RecoveryCode, SessionKind
from services.coordination.memory import MemoryCoordination
from services.errors import ShopError
from services.identity.api_keys import ApiKeys
from services.identity.second_factor import RECOVERY_CODES, SecondFactors, code_at
from services.identity.second_factor_rows import FactorOff, FactorOn, WrongCode, carry_factor
from services.identity.sessions import Device, ProveAgain, SignedIn, WebSessions
from services.identity.throttles import Throttles, TooManyCodes
from services.identity.tokens import hash_token
from services.users.accounts import Users, Visitor
from tests.support.clock import FakeClock

SECOND = timedelta(seconds=1)
STEP = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    db: Database
    clock: FakeClock
    factors: SecondFactors
    sessions: WebSessions
    users: Users

    async def sign_in(self, kind: SessionKind = SessionKind.BROWSER, *, telegram_id: int = 77) -> str:
        visitor = Visitor(telegram_id=telegram_id, username=None, first_name="Анна", language="ru")
        user = await self.users.enter(visitor)
        return await self.sessions.begin(user.id, kind, Device())

    async def who(self, token: str) -> SignedIn:
        found = await self.sessions.find(token)
        assert found is not None
        return found

    async def begin(self, token: str) -> str:
        """The secret."""
        who = await self.who(token)
        await self.factors.begin(who)
        secret = (await self.factors.view(who.user.id)).secret
        assert secret is not None
        return secret

    async def turn_on(self, token: str) -> tuple[str, list[str]]:
        """The secret and the recovery codes. The app's next code is a new one."""
        secret = await self.begin(token)
        codes = await self.factors.confirm(await self.who(token), self.code(secret))
        self.clock.advance(seconds=30)
        return secret, codes

    def code(self, secret: str, steps: int = 0) -> str:
        return code_at(secret, (self.clock() + steps * STEP).timestamp())


@pytest.fixture
def desk(database: Database, clock: FakeClock) -> Desk:
    began = clock()
    memory = MemoryCoordination(lambda: (clock() - began) / SECOND)
    return Desk(
        db=database,
        clock=clock,
        factors=SecondFactors(database, clock, Throttles(memory), on_news=lambda: None),
        sessions=WebSessions(database, clock),
        users=Users(database, clock, welcome_credits=1000),
    )


async def test_every_other_session_has_to_show_it(desk: Desk) -> None:
    here, there = await desk.sign_in(), await desk.sign_in()
    secret, _ = await desk.turn_on(here)
    assert not (await desk.who(here)).waits_for_factor
    assert (await desk.who(there)).waits_for_factor
    assert (await desk.who(await desk.sign_in())).waits_for_factor
    await desk.factors.show(await desk.who(there), desk.code(secret))
    assert not (await desk.who(there)).waits_for_factor


async def test_it_is_not_wanted_before_a_code_was_shown(desk: Desk) -> None:
    here, there = await desk.sign_in(), await desk.sign_in()
    secret = await desk.begin(here)
    assert not (await desk.who(there)).waits_for_factor
    with pytest.raises(WrongCode):
        await desk.factors.confirm(await desk.who(here), "000000" if desk.code(secret) != "000000" else "111111")
    with pytest.raises(FactorOff):
        await desk.factors.show(await desk.who(there), desk.code(secret))


async def opens_again(desk: Desk, before: str, user_id: int | None = None) -> str:
    """The Mini App, in the frame whose session was `before`."""
    token = await desk.sign_in(SessionKind.MINI_APP)
    whose = (await desk.who(token)).user.id if user_id is None else user_id
    await desk.db.write(carry_factor, whose, hash_token(before), hash_token(token), desk.clock())
    return token


async def test_a_frame_of_telegram_shows_it_once_a_week(desk: Desk) -> None:
    secret, _ = await desk.turn_on(await desk.sign_in())
    frame = await desk.sign_in(SessionKind.MINI_APP)
    assert (await desk.who(await opens_again(desk, frame))).waits_for_factor  # it had not been shown there either
    await desk.factors.show(await desk.who(frame), desk.code(secret))
    for _ in range(7):
        frame = await opens_again(desk, frame)
        assert not (await desk.who(frame)).waits_for_factor
        desk.clock.advance(hours=23, minutes=59)
    frame = await opens_again(desk, frame)
    desk.clock.advance(minutes=10)
    assert (await desk.who(await opens_again(desk, frame))).waits_for_factor


async def test_what_is_no_session_of_that_frame_carries_nothing(desk: Desk) -> None:
    """A browser's, another person's, one that is over, one whose factor was turned off."""
    here = await desk.sign_in()
    secret, codes = await desk.turn_on(here)
    assert (await desk.who(await opens_again(desk, here))).waits_for_factor
    frame = await desk.sign_in(SessionKind.MINI_APP)
    await desk.factors.show(await desk.who(frame), desk.code(secret))
    another = await opens_again(desk, frame, user_id=(await desk.who(here)).user.id + 1)
    assert (await desk.who(another)).waits_for_factor
    await desk.factors.turn_off(await desk.who(here), codes[0])
    await desk.turn_on(here)
    assert (await desk.who(await opens_again(desk, frame))).waits_for_factor
    desk.clock.advance(hours=25)
    assert (await desk.who(await opens_again(desk, frame))).waits_for_factor


async def test_a_code_is_taken_once(desk: Desk) -> None:
    here = await desk.sign_in()
    secret = await desk.begin(here)
    code = desk.code(secret)
    await desk.factors.confirm(await desk.who(here), code)
    there = await desk.sign_in()
    with pytest.raises(WrongCode):
        await desk.factors.show(await desk.who(there), code)
    with pytest.raises(WrongCode):
        await desk.factors.show(await desk.who(there), desk.code(secret, -1))  # older than the one that was taken
    await desk.factors.show(await desk.who(there), f" {desk.code(secret, 1)[:3]} {desk.code(secret, 1)[3:]} ")


async def test_of_two_that_show_one_code_at_once_one_gets_in(desk: Desk) -> None:
    secret, codes = await desk.turn_on(await desk.sign_in())
    for code in (desk.code(secret), codes[0]):
        both = [await desk.who(await desk.sign_in()) for _ in range(2)]
        ends = await asyncio.gather(*(desk.factors.show(who, code) for who in both), return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["NoneType", "WrongCode"]
        desk.clock.advance(seconds=30)


async def test_clocks_may_be_a_step_off_and_no_more(desk: Desk) -> None:
    secret, _ = await desk.turn_on(await desk.sign_in())
    desk.clock.advance(minutes=5)
    for steps in (-2, 2):
        with pytest.raises(WrongCode):
            await desk.factors.show(await desk.who(await desk.sign_in()), desk.code(secret, steps))
    for steps in (-1, 0, 1):
        await desk.factors.show(await desk.who(await desk.sign_in()), desk.code(secret, steps))


async def test_a_recovery_code_works_once_however_it_is_written(desk: Desk) -> None:
    here = await desk.sign_in()
    _, codes = await desk.turn_on(here)
    assert len(set(codes)) == RECOVERY_CODES
    there = await desk.who(await desk.sign_in())
    await desk.factors.show(there, codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        await desk.factors.show(await desk.who(await desk.sign_in()), codes[0])
    assert (await desk.factors.view(there.user.id)).recovery_codes == RECOVERY_CODES - 1
    assert not set(codes) & set(await desk.db.read(stored_codes))


async def test_new_recovery_codes_void_the_old_ones(desk: Desk) -> None:
    here = await desk.sign_in()
    secret, old = await desk.turn_on(here)
    new = await desk.factors.renew(await desk.who(here), desk.code(secret))
    with pytest.raises(WrongCode):
        await desk.factors.show(await desk.who(await desk.sign_in()), old[0])
    await desk.factors.show(await desk.who(await desk.sign_in()), new[0])


async def test_codes_of_another_account_open_nothing(desk: Desk) -> None:
    secret, codes = await desk.turn_on(await desk.sign_in())
    await desk.turn_on(await desk.sign_in(telegram_id=88))
    stranger = await desk.who(await desk.sign_in(telegram_id=88))
    for code in (desk.code(secret), codes[0]):
        with pytest.raises(WrongCode):
            await desk.factors.show(stranger, code)
    await desk.factors.show(await desk.who(await desk.sign_in()), codes[0])  # and it was not used up


async def test_what_is_no_code_is_refused(desk: Desk) -> None:
    await desk.turn_on(await desk.sign_in())
    there = await desk.who(await desk.sign_in())
    for code in ("", "0" * 10_000, "٠١٢٣٤٥", "１２３４５６", "\x00", "------", "\ud800", "' OR 1=1"):
        desk.clock.advance(minutes=5)
        with pytest.raises(WrongCode):
            await desk.factors.show(there, code)


async def test_guessing_ends_after_five(desk: Desk) -> None:
    secret, _ = await desk.turn_on(await desk.sign_in())
    desk.clock.advance(minutes=5)
    wrong = next(each for each in ("000000", "111111", "222222", "333333") if all_wrong(desk, secret, each))
    there = await desk.who(await desk.sign_in())
    for _ in range(5):
        with pytest.raises(WrongCode):
            await desk.factors.show(there, wrong)
    with pytest.raises(TooManyCodes):
        await desk.factors.show(there, desk.code(secret))
    desk.clock.advance(minutes=6)
    await desk.factors.show(there, desk.code(secret))


async def test_fifty_guesses_are_a_day(desk: Desk) -> None:
    secret, _ = await desk.turn_on(await desk.sign_in())
    desk.clock.advance(days=2)
    there, tried = await desk.who(await desk.sign_in()), 0
    for _ in range(24 * 12):
        wrong = next(each for each in ("000000", "111111", "222222", "333333") if all_wrong(desk, secret, each))
        for _ in range(6):
            try:
                await desk.factors.show(there, wrong)
            except WrongCode:
                tried += 1
            except TooManyCodes:
                break
        desk.clock.advance(minutes=5)
    assert tried == 50


async def test_turned_off_it_is_wanted_no_more_and_its_old_secret_is_worth_nothing(desk: Desk) -> None:
    here = await desk.sign_in()
    secret, codes = await desk.turn_on(here)
    await desk.factors.turn_off(await desk.who(here), desk.code(secret))
    who = await desk.who(await desk.sign_in())
    assert not who.waits_for_factor
    assert (await desk.who(here)).second_factor_at is None
    assert await desk.begin(here) != secret
    for code in (desk.code(secret), codes[0]):
        with pytest.raises(FactorOff):
            await desk.factors.show(who, code)


async def test_turned_off_it_takes_the_keys_of_a_role_with_it(desk: Desk) -> None:
    here = await desk.sign_in()
    secret, _ = await desk.turn_on(here)
    who, keys = await desk.who(here), ApiKeys(desk.db, desk.clock)
    await keys.make(who, "office", [ApiScope.READ, ApiScope.ADMIN])
    await keys.make(who, "hers", [ApiScope.READ])
    await desk.factors.turn_off(who, desk.code(secret))
    assert [each.title for each in await keys.all(who.user.id)] == ["hers"]


async def test_delicate_steps_want_a_fresh_session(desk: Desk) -> None:
    here = await desk.sign_in()
    secret, _ = await desk.turn_on(here)
    desk.clock.advance(hours=1)
    who = await desk.who(here)
    for step in (desk.factors.begin(who), desk.factors.renew(who, desk.code(secret)), desk.factors.turn_off(who, "1")):
        with pytest.raises(ProveAgain):
            await step


async def test_what_is_on_is_not_begun_anew(desk: Desk) -> None:
    """Else whoever sits at an open session would put a secret of theirs in its place."""
    here = await desk.sign_in()
    secret, _ = await desk.turn_on(here)
    refused: type[ShopError] = FactorOn
    with pytest.raises(refused):
        await desk.factors.begin(await desk.who(here))
    with pytest.raises(refused):
        await desk.factors.confirm(await desk.who(here), desk.code(secret))


def all_wrong(desk: Desk, secret: str, code: str) -> bool:
    return code not in {desk.code(secret, steps) for steps in (-1, 0, 1)}


def stored_codes(session: Session) -> list[str]:
    return list(session.scalars(select(table_of(RecoveryCode).c.code_hash)))
