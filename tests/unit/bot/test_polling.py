"""Long polling against a session that answers like Telegram: updates are confirmed when they were handled."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramConflictError, TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import GetUpdates, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Chat, Message, Update, User

from bot import polling as module
from bot.polling import Polling
from bot.supervisor import Supervisor
from tests.support.waiting import until


class Queue(BaseSession):
    """Telegram's queue of updates: those from `offset` on; what is below it was confirmed and is gone."""

    def __init__(self, updates: list[Update]) -> None:
        super().__init__()
        self.updates = updates
        self.offsets: list[int | None] = []
        self.troubles: list[Exception] = []

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        assert isinstance(method, GetUpdates)
        self.offsets.append(method.offset)
        if self.troubles:
            raise self.troubles.pop(0)
        waiting = [update for update in self.updates if update.update_id >= (method.offset or 0)]
        if not waiting:
            await asyncio.Event().wait()
        return waiting[:2]  # type: ignore[return-value]  # what GetUpdates returns

    async def close(self) -> None:
        """Nothing is open."""

    async def stream_content(self, *args: Any, **kwargs: Any) -> AsyncGenerator[bytes, None]:
        yield b""


class Shop:
    """A dispatcher that notes what it handled."""

    def __init__(self, queue: Queue) -> None:
        self.handled: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()
        dispatcher = Dispatcher()
        dispatcher.message.register(self._handle)
        self.supervisor = Supervisor()
        self.polling = Polling(Bot("42:TEST", session=queue), dispatcher, self.supervisor, ["message"])

    async def _handle(self, message: Message) -> None:
        await self.hold.wait()
        self.handled.append(message.text or "")
        if message.text == "bug":
            raise RuntimeError("a bug")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAUSE", 0.01)


async def test_every_update_is_handled_and_confirmed() -> None:
    queue = Queue([_update(number, f"text {number}") for number in (10, 11, 12)])
    shop = Shop(queue)
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(len(queue.offsets) == 3))
    assert shop.handled == ["text 10", "text 11", "text 12"]
    assert queue.offsets == [None, 12, 13]
    await shop.supervisor.close()


async def test_a_crash_in_between_repeats_the_update() -> None:
    """What is not handled yet is not confirmed: the next process gets it again."""
    queue = Queue([_update(10, "pay")])
    first = Shop(queue)
    first.hold.clear()
    first.supervisor.keep(first.polling.run, name="polling")
    await until(lambda: _are(len(queue.offsets) == 1))
    await asyncio.sleep(0.01)
    await first.supervisor.close()
    assert first.handled == []
    second = Shop(queue)
    second.supervisor.keep(second.polling.run, name="polling")
    await until(lambda: _are(len(queue.offsets) == 3))
    assert (second.handled, queue.offsets) == (["pay"], [None, None, 11])
    await second.supervisor.close()


async def test_a_slow_handler_does_not_stop_the_polling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDLE_SECONDS", 0.01)
    queue = Queue([_update(10, "slow"), _update(11, "slow"), _update(12, "next")])
    shop = Shop(queue)
    shop.hold.clear()
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(queue.offsets == [None, 12, 13]))
    shop.hold.set()
    await until(lambda: _are(len(shop.handled) == 3))
    await shop.supervisor.close()


async def test_a_handlers_bug_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    queue = Queue([_update(10, "bug"), _update(11, "fine")])
    shop = Shop(queue)
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(queue.offsets == [None, 12]))
    assert sorted(shop.handled) == ["bug", "fine"]
    await shop.supervisor.close()


async def test_a_telegram_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    queue = Queue([_update(10, "hello")])
    method = GetUpdates()
    queue.troubles = [
        TelegramNetworkError(method=method, message="reset"),
        TelegramRetryAfter(method=method, message="slow down", retry_after=0),
        TelegramConflictError(method=method, message="another one polls"),
    ]
    shop = Shop(queue)
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(shop.handled == ["hello"]))
    assert shop.polling.last_ok is not None
    await shop.supervisor.close()


def _update(number: int, text: str) -> Update:
    sender = User(id=1, is_bot=False, first_name="Anna")
    chat = Chat(id=1, type="private")
    message = Message(message_id=number, date=0, chat=chat, from_user=sender, text=text)  # type: ignore[arg-type]  # a Unix time, as on the wire
    return Update(update_id=number, message=message)


async def _are(fact: bool) -> bool:
    return fact
