"""The sandbox in the test's event loop, by the machine's clock where a folder names no other."""

from collections.abc import AsyncIterator

import pytest

from sandbox.client.sandbox import Sandbox
from sandbox.clock import Clock
from sandbox.testing import new_world, running_sandbox


@pytest.fixture
def sandbox_clock() -> Clock:
    return Clock()


@pytest.fixture
async def base_url(sandbox_clock: Clock) -> AsyncIterator[str]:
    async with running_sandbox(sandbox_clock) as url:
        yield url


@pytest.fixture
async def sandbox(base_url: str) -> AsyncIterator[Sandbox]:
    """A world with no one in it."""
    async with new_world(base_url) as world:
        yield world
