from collections.abc import AsyncGenerator

import pytest

from tests.unit.inference.chat.server import ChatServer, chat_server


@pytest.fixture
async def server() -> AsyncGenerator[ChatServer, None]:
    async with chat_server() as running:
        yield running
