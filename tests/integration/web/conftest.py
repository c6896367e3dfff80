"""Files of this folder have one event loop each, and one shop where their tests can share it."""

from pathlib import Path

import pytest

from tests.support.one_shop import base_url, sandbox, share_loops, world

__all__ = ["base_url", "sandbox", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    share_loops(items, Path(__file__).parent)
