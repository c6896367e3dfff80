"""Papers that a customer took last are offered first, and go with the account."""

from db.engine import Database
from services.market import favourites
from services.market.favourites import MOST
from services.market.market import Market
from services.market.prices import Instrument
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock
from tests.support.shop import add_user


def paper(symbol: str) -> Instrument:
    return Instrument(provider="moex", symbol=symbol, name=f"ПАО «{symbol}»", exchange="MOEX")


async def symbols(market: Market, user_id: int) -> list[str]:
    return [each.symbol for each in await market.favourites(user_id, MOEX)]


async def test_the_newest_come_first_and_few_are_kept(market: Market, database: Database, clock: FakeClock) -> None:
    anna, john = [await database.write(add_user) for _ in range(2)]
    assert await symbols(market, anna) == []
    for number in range(MOST + 2):
        clock.advance(minutes=1)
        await market.remember(anna, MOEX, paper(f"P{number}"))
    assert await symbols(market, anna) == [f"P{number}" for number in range(MOST + 1, 1, -1)]
    clock.advance(minutes=1)
    await market.remember(anna, MOEX, paper("P3"))
    assert (await symbols(market, anna))[:2] == ["P3", f"P{MOST + 1}"]
    assert (await market.favourites(anna, MOEX))[0] == paper("P3")
    assert await symbols(market, john) == []


async def test_of_two_accounts_that_become_one_each_paper_is_kept_once(
    market: Market, database: Database, clock: FakeClock
) -> None:
    old, heir = [await database.write(add_user) for _ in range(2)]
    for user_id, taken in ((old, "SBER"), (heir, "SBER"), (old, "GAZP")):
        clock.advance(minutes=1)
        await market.remember(user_id, MOEX, paper(taken))
    await database.write(favourites.hand_over, old, heir)
    assert await symbols(market, heir) == ["GAZP", "SBER"]
    assert await symbols(market, old) == []
