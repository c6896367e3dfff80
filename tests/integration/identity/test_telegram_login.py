"""A browser asks the bot who is there."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from db.engine import Database
from db.tables.identities import LoginPurpose
from services.coordination.memory import MemoryCoordination
from services.identity.login_requests import BegunLogin, LoginRequestGone, LoginState, ProvedLogin, take_login
from services.identity.sessions import Device
from services.identity.telegram_login import TelegramLogin
from services.identity.throttles import LOGINS_OF_A_NETWORK, Throttles, TooManyLogins
from tests.support.clock import FakeClock
from tests.support.shop import add_outsider, add_user

PHONE = Device(address="203.0.113.7", agent="Firefox")
ANNA, NOBODY = 77, 78  # of whom one is here


def first(numbers: Sequence[int], count: int) -> list[int]:
    return list(numbers)[:count]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def login(database: Database, clock: FakeClock) -> TelegramLogin:
    await database.write(add_user, telegram_id=ANNA)
    return TelegramLogin(database, clock, Throttles(MemoryCoordination()), choose=first)


@dataclass(frozen=True)
class Browser:
    """What a page does once the bot has confirmed it."""

    database: Database
    clock: FakeClock

    async def take(self, begun: BegunLogin, secret: str | None = None) -> ProvedLogin:
        return await self.database.write(take_login, begun.token, secret or begun.browser_secret, self.clock())


@pytest.fixture
def browser(database: Database, clock: FakeClock) -> Browser:
    return Browser(database, clock)


async def test_the_bot_shows_who_asks_and_offers_numbers(login: TelegramLogin) -> None:
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    question = await login.question(begun.token, telegram_id=ANNA)
    assert (question.device, question.purpose) == (PHONE, LoginPurpose.SIGN_IN)
    assert begun.number in question.numbers
    assert len(set(question.numbers)) == 6


async def test_the_right_number_lets_in_once(login: TelegramLogin, browser: Browser) -> None:
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    assert await login.state(begun.token, begun.browser_secret) is LoginState.WAITING
    assert await login.answer(begun.token, begun.number, telegram_id=ANNA)
    assert await login.state(begun.token, begun.browser_secret) is LoginState.CONFIRMED
    takes = await asyncio.gather(*(browser.take(begun) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(each, LoginRequestGone) for each in takes) == 3
    assert await login.state(begun.token, begun.browser_secret) is LoginState.GONE


@pytest.mark.parametrize("answer", ["a wrong number", "not me"])
async def test_anything_else_ends_it(login: TelegramLogin, answer: str) -> None:
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    question = await login.question(begun.token, telegram_id=ANNA)
    wrong = next(number for number in question.numbers if number != begun.number)
    assert not await login.answer(begun.token, wrong if answer == "a wrong number" else None, telegram_id=ANNA)
    assert await login.state(begun.token, begun.browser_secret) is LoginState.REFUSED
    with pytest.raises(LoginRequestGone):
        await login.answer(begun.token, begun.number, telegram_id=ANNA)


async def test_another_browser_gets_nothing(login: TelegramLogin, browser: Browser) -> None:
    """A link that was sent to somebody, who confirms it, lets only the browser in that began it."""
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    await login.answer(begun.token, begun.number, telegram_id=ANNA)
    assert await login.state(begun.token, "another") is LoginState.GONE
    with pytest.raises(LoginRequestGone):
        await browser.take(begun, "another")


async def test_it_has_five_minutes(login: TelegramLogin, clock: FakeClock) -> None:
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    assert await login.question(begun.token, telegram_id=ANNA)
    clock.advance(minutes=5)
    with pytest.raises(LoginRequestGone):
        await login.question(begun.token, telegram_id=ANNA)
    with pytest.raises(LoginRequestGone):
        await login.answer(begun.token, begun.number, telegram_id=ANNA)
    assert await login.sweep() == 1


async def test_confirmed_too_late_is_worth_nothing(login: TelegramLogin, clock: FakeClock, browser: Browser) -> None:
    begun = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    await login.answer(begun.token, begun.number, telegram_id=ANNA)
    clock.advance(minutes=6)
    with pytest.raises(LoginRequestGone):
        await browser.take(begun)


async def test_one_network_does_not_ask_without_end(login: TelegramLogin) -> None:
    for _ in range(LOGINS_OF_A_NETWORK):
        await login.begin(LoginPurpose.SIGN_IN, PHONE)
    with pytest.raises(TooManyLogins):
        await login.begin(LoginPurpose.SIGN_IN, PHONE)
    await login.begin(LoginPurpose.SIGN_IN, Device(address="203.0.113.8", agent="Firefox"))


async def test_who_links_is_told(login: TelegramLogin, database: Database, browser: Browser) -> None:
    outsider = await database.write(add_outsider)
    begun = await login.begin(LoginPurpose.LINK, PHONE, user_id=outsider)
    await login.answer(begun.token, begun.number, telegram_id=ANNA)
    proved = await browser.take(begun)
    assert (proved.purpose, proved.asked_by) == (LoginPurpose.LINK, outsider)
    assert proved.user_id != outsider


async def test_who_is_not_here_yet_can_link_and_not_sign_in(
    login: TelegramLogin, database: Database, browser: Browser
) -> None:
    outsider = await database.write(add_outsider)
    linking = await login.begin(LoginPurpose.LINK, PHONE, user_id=outsider)
    signing_in = await login.begin(LoginPurpose.SIGN_IN, PHONE)
    assert [await login.brings_in(each.token) for each in (linking, signing_in)] == [False, True]
    for begun in (linking, signing_in):
        await login.answer(begun.token, begun.number, telegram_id=NOBODY)
    assert not await login.brings_in(signing_in.token)
    proved = await browser.take(linking)
    assert (proved.telegram_id, proved.user_id, proved.asked_by) == (NOBODY, None, outsider)
    with pytest.raises(LoginRequestGone):
        await browser.take(signing_in)


@pytest.mark.parametrize("token", ["", "nobody's", "x" * 500, "\ud800"])
async def test_made_up_tokens(login: TelegramLogin, token: str) -> None:
    with pytest.raises(LoginRequestGone):
        await login.question(token, telegram_id=ANNA)
    assert await login.state(token, token) is LoginState.GONE
