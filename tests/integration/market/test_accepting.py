"""Prices that a program has to accept before it pays for them."""

import pytest

from sandbox.client.exchange import ExchangeClient
from services.manifests.inputs import SeriesInput
from services.manifests.schema import Text
from services.market.errors import JumpUnaccepted, StaleUnaccepted
from services.market.live_answers import LiveAnswers
from services.market.market import Market
from services.market.origin import PriceOrigin, origin_of
from services.values.json_values import NamedPaper, to_json
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock

PRICES = SeriesInput(
    name="prices", type="series", label=Text.model_validate("Prices"), min_length=253, max_length=253, live=(MOEX,)
)


async def buy(market: Market, symbol: str, accept: str | None = None) -> PriceOrigin:
    value = await LiveAnswers(market).named(PRICES, NamedPaper(symbol=symbol, accept=accept))
    told = to_json(value)
    origin = origin_of(value)
    assert origin is not None
    assert (len(told["jumps"]), len(told["splits"]), told["stale"]) == (
        len(origin.jumps),
        len(origin.splits),
        origin.stale,
    )
    return origin


async def test_a_jump_is_accepted_by_its_last_day(small_market: Market) -> None:
    for accept in (None, "2026-11-12", "yes"):
        with pytest.raises(JumpUnaccepted) as raised:
            await buy(small_market, "JUMP", accept)
        assert raised.value.params["last"] == "2026-11-13"
    assert (await buy(small_market, "JUMP", "2026-11-13")).jumps
    assert (await buy(small_market, "SPLT")).splits


async def test_stale_prices_are_accepted_by_their_last_day(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    await buy(small_market, "SBER")
    await exchange.fault("down")
    clock.advance(days=1)
    with pytest.raises(StaleUnaccepted):
        await buy(small_market, "SBER", "2026-11-16")
    assert (await buy(small_market, "SBER", "2026-11-13")).stale
