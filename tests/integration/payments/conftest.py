import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.tills import Cashier, open_cashier


@pytest.fixture
def cashier(database: Database, clock: FakeClock) -> Cashier:
    """On both databases."""
    return open_cashier(database, clock)


@pytest.fixture
def quick(sqlite_database: Database, clock: FakeClock) -> Cashier:
    """For what does not depend on the database."""
    return open_cashier(sqlite_database, clock)
