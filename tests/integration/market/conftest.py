"""A shop's market before the sandbox's exchange; both live by the test's clock."""

from collections.abc import AsyncIterator

import pytest

from db.engine import Database
from sandbox.client.exchange import ExchangeClient
from sandbox.client.sandbox import Sandbox
from sandbox.clock import Clock
from services.manifests.live import LivePrices
from services.market.market import Market
from tests.support.clock import FakeClock

MOEX = LivePrices(provider="moex")


@pytest.fixture
def sandbox_clock(clock: FakeClock) -> Clock:
    return Clock(lambda: clock().timestamp())


@pytest.fixture
def exchange(sandbox: Sandbox) -> ExchangeClient:
    return sandbox.exchange()


@pytest.fixture
async def market(database: Database, clock: FakeClock, exchange: ExchangeClient) -> AsyncIterator[Market]:
    market = Market(database, clock, url=exchange.url)
    yield market
    await market.close()


@pytest.fixture
async def small_market(sqlite_database: Database, clock: FakeClock, exchange: ExchangeClient) -> AsyncIterator[Market]:
    """For what does not depend on the database."""
    market = Market(sqlite_database, clock, url=exchange.url)
    yield market
    await market.close()


@pytest.fixture
async def quick_market(sqlite_database: Database, clock: FakeClock, exchange: ExchangeClient) -> AsyncIterator[Market]:
    """It loses patience within two seconds."""
    market = Market(sqlite_database, clock, url=exchange.url, seconds=3.0)
    yield market
    await market.close()
