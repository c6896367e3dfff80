"""One shop for all tests of a file, in one event loop: starting it takes longer than most of them. Fixtures for the
`conftest.py` of a folder, whose hook `pytest_collection_modifyitems` calls `share_loops`."""

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox


def share_loops(items: Iterable[pytest.Item], folder: Path) -> None:
    """Each file below `folder` has one event loop."""
    for item in items:
        if folder in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def base_url() -> AsyncIterator[str]:
    async with running_sandbox() as url:
        yield url


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(base_url: str) -> AsyncIterator[Sandbox]:
    """Of the shop that all tests of a file share."""
    async with new_world(base_url) as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(base_url: str) -> AsyncIterator[Sandbox]:
    """A world with no one in it, for a shop of the test's own."""
    async with new_world(base_url) as world:
        yield world
