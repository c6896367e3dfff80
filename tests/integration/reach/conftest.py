from collections.abc import AsyncIterator

import pytest

from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running_sandbox() as url, new_world(url) as world:
        yield world
