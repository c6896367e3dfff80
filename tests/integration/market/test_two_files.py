"""Two addresses that both know one symbol: an answer and a favourite stay with theirs."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from db.engine import Database
from services.manifests.inputs import SeriesInput
from services.manifests.live import ListedSymbol, LivePrices
from services.manifests.schema import Text
from services.market.errors import InstrumentUnknown
from services.market.live_answers import LiveAnswers, is_asked
from services.market.market import Market
from services.market.origin import PriceOrigin, origin_of
from services.values.series import numbers_of
from tests.integration.market.test_strange_servers import serving
from tests.support.clock import FakeClock
from tests.support.forecasts import weekdays
from tests.support.shop import add_user

CLOSES = {"london": 10.0, "york": 20.0}
KEY = "s3cret"


@pytest.fixture
async def address(clock: FakeClock) -> AsyncIterator[str]:
    days = [day for day in weekdays(2500) if day < clock().date()][-400:]

    async def handler(request: web.Request) -> web.Response:
        close = CLOSES[request.path.split("/")[1]]
        return web.Response(text="\n".join(f"{day},{close + n % 3}" for n, day in enumerate(days)))

    async with serving(handler) as url:
        yield url


def asks(address: str, name: str) -> SeriesInput:
    listed = (ListedSymbol(value="gold", label=Text({"en": f"Gold of {name}"})),)
    source = LivePrices(provider="csv", url=f"{address}/{name}/{{symbol}}?key={KEY}", symbols=listed)
    label = Text.model_validate("Prices")
    return SeriesInput(name=name, type="series", label=label, min_length=2, max_length=2, live=(source,))


async def test_an_answer_is_read_again_from_its_own_address(
    small_market: Market, address: str, clock: FakeClock
) -> None:
    """The manifest may have moved the symbol to another file meanwhile: that file's prices are not what was bought."""
    answers, london, york = LiveAnswers(small_market), asks(address, "london"), asks(address, "york")
    (gold,) = await answers.find(london, "gold")
    value, origin = await answers.take(london, gold)
    assert min(numbers_of(value) or ()) < CLOSES["york"]
    assert KEY not in str(origin.dump())
    assert origin_of(value) == origin
    with pytest.raises(InstrumentUnknown):
        await answers.take(york, origin.instrument)
    with pytest.raises(InstrumentUnknown):
        await answers.refreshed([york.model_copy(update={"name": "london"})], {"london": value})
    assert await answers.refreshed([london], {"london": value}) == {}


async def test_an_answer_of_before_is_read_by_its_symbol(small_market: Market, address: str, clock: FakeClock) -> None:
    answers, york = LiveAnswers(small_market), asks(address, "york")
    _, origin = await answers.take(york, (await answers.find(york, "gold"))[0])
    kept = {name: told for name, told in origin.dump().items() if name != "address"}
    old = PriceOrigin.load(kept).instrument
    assert old.address == ""
    _, again = await answers.take(york, old)
    assert again.instrument == origin.instrument


async def test_a_favourite_is_offered_where_its_own_file_is_asked(
    small_market: Market, sqlite_database: Database, address: str
) -> None:
    anna = await sqlite_database.write(add_user)
    answers, london, york = LiveAnswers(small_market), asks(address, "london"), asks(address, "york")
    await answers.remember(london, (await answers.find(london, "gold"))[0], anna)
    (mine,) = await answers.favourites([london, york], anna)
    assert (is_asked(london, mine), is_asked(york, mine)) == (True, False)
