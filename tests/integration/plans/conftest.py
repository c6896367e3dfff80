import pytest

from db.engine import Database
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.tills import open_cashier


@pytest.fixture
def shop(database: Database, clock: FakeClock) -> PlanShop:
    """On both databases."""
    return PlanShop(cashier=open_cashier(database, clock))


@pytest.fixture
def quick(sqlite_database: Database, clock: FakeClock) -> PlanShop:
    """For what does not depend on the database."""
    return PlanShop(cashier=open_cashier(sqlite_database, clock))
