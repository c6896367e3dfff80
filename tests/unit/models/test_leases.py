from datetime import timedelta

import pytest

from db.errors import DatabaseUnavailable
from services.models.uploads.leases import renewed


async def test_what_is_raised_within_is_not_put_into_a_group() -> None:
    """Workers wait for a database that is away: they have to know it."""

    async def renew() -> None: ...

    with pytest.raises(DatabaseUnavailable):
        async with renewed(renew, timedelta(seconds=30)):
            raise DatabaseUnavailable("away")
