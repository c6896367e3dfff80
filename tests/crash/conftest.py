import os

import pytest


@pytest.fixture
def shop_url(request: pytest.FixtureRequest) -> str:
    """An empty database of the kind that `CRASH_ON` names."""
    name = "postgres_server" if os.environ.get("CRASH_ON") == "postgresql" else "sqlite_server"
    url: str = request.getfixturevalue(name).create()
    return url
