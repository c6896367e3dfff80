"""A chat that Telegram lets nobody write to for a while: what was asked in it is answered when the wait is over."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiogram.exceptions import TelegramRetryAfter, TelegramServerError
from aiogram.methods import SendMessage
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User

from handlers.kit import deferred as module
from handlers.kit.deferred import DeferredUpdates
from services.coordination.deferred import DeferredStore, MemoryDeferredStore
from tests.support.waiting import until

ANNA = 1


class Desk:
    """Answers updates while Telegram takes answers."""

    def __init__(self, store: DeferredStore) -> None:
        self.deferred = DeferredUpdates(self._feed, store)
        self.wait = 0.05  # seconds; 0: Telegram takes answers
        self.away = False
        self.asked: list[str] = []
        self.answered: list[str] = []

    async def gets(self, update: Update) -> None:
        await self.deferred(self._handle, update, {})

    async def _feed(self, update: Update) -> None:
        await self.gets(update)

    async def _handle(self, event: TelegramObject, data: dict[str, Any]) -> None:
        assert isinstance(event, Update)
        words = _words(event)
        self.asked.append(words)
        method = SendMessage(chat_id=ANNA, text=words)
        if self.away:
            raise TelegramServerError(method=method, message="Bad Gateway")
        if self.wait and _chat(event) == ANNA:
            raise TelegramRetryAfter(method=method, message="slow down", retry_after=self.wait)  # type: ignore[arg-type]  # so that the test is quick
        self.answered.append(words)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(module, "PACE_SECONDS", 0.01)
    desk = Desk(MemoryDeferredStore())
    async with _at_work(desk):
        yield desk


@asynccontextmanager
async def _at_work(desk: Desk) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(desk.deferred.run())
    yield
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_a_command_is_answered_when_the_wait_is_over(desk: Desk) -> None:
    await desk.gets(_says(10, "/balance"))
    assert desk.answered == []
    desk.wait = 0
    await until(lambda: _are(desk.answered == ["/balance"]))


class _FirstWaits(MemoryDeferredStore):
    """As a Redis that answers the later of two connections first."""

    def __init__(self) -> None:
        super().__init__()
        self.looks, self.gate = 0, asyncio.Event()

    async def is_waiting(self, chat_id: int) -> bool:
        self.looks += 1
        if self.looks == 1:
            await self.gate.wait()
        return await super().is_waiting(chat_id)


async def test_what_is_said_in_one_breath_is_heard_in_its_order() -> None:
    store = _FirstWaits()
    desk = Desk(store)
    desk.wait = 0
    async with asyncio.TaskGroup() as tasks:
        for number in (10, 11, 12):
            tasks.create_task(desk.gets(_says(number, f"№ {number}")))
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        store.gate.set()
    assert desk.asked == ["№ 10", "№ 11", "№ 12"]


async def test_a_telegram_that_was_away_is_tried_again_with_growing_pauses(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.01)
    desk.away = True
    await desk.gets(_says(10, "/balance"))
    await until(lambda: _are(desk.asked.count("/balance") >= 3))
    assert desk.answered == []
    desk.wait, desk.away = 0, False
    await until(lambda: _are(desk.answered == ["/balance"]))
    assert desk.deferred._tries == {}, "the next outage begins anew"


async def test_of_several_commands_the_last_is_answered(desk: Desk) -> None:
    """And nobody else waits, nor is Telegram asked for each of them."""
    for number, words in enumerate(("/balance", "/help", "/balance", "/menu")):
        await desk.gets(_says(10 + number, words))
    await desk.gets(_says(20, "/help", ANNA + 1))
    assert (desk.asked, desk.answered) == (["/balance", "/help"], ["/help"])
    desk.wait = 0
    await until(lambda: _are(len(desk.answered) == 2))
    await asyncio.sleep(0.05)
    assert desk.answered == ["/help", "/menu"]


async def test_what_was_typed_and_pressed_is_not_lost(desk: Desk) -> None:
    """In its order; two taps on one button are one."""
    await desk.gets(_says(10, "13.2"))
    for number in (11, 12):
        await desk.gets(_presses(number, "f:predict"))
    await desk.gets(_says(13, "/balance"))
    await desk.gets(_says(14, "4.5"))
    desk.wait = 0
    await until(lambda: _are(len(desk.answered) == 4))
    assert desk.answered == ["13.2", "f:predict", "/balance", "4.5"]


async def test_a_wait_may_follow_a_wait(desk: Desk) -> None:
    await desk.gets(_says(10, "/balance"))
    await until(lambda: _are(len(desk.asked) >= 3))
    assert desk.answered == []
    desk.wait = 0
    await until(lambda: _are(desk.answered == ["/balance"]))
    await desk.gets(_says(11, "/help"))
    assert desk.answered == ["/balance", "/help"]


async def test_a_flood_is_bounded(desk: Desk) -> None:
    for number in range(50):
        await desk.gets(_says(number, f"answer {number}"))
    desk.wait = 0
    await until(lambda: _are(len(desk.answered) == module.MAX_WAITING))
    assert desk.answered[-1] == "answer 49"


async def test_what_a_process_has_kept_and_not_answered_another_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """In its order, with what came to the other one meanwhile."""
    monkeypatch.setattr(module, "PACE_SECONDS", 0.01)
    store = MemoryDeferredStore()
    gone, other = Desk(store), Desk(store)
    async with _at_work(gone):
        await gone.gets(_says(10, "13.2"))
    other.wait = 0
    await other.gets(_says(11, "4.5"))
    assert other.asked == []
    async with _at_work(other):
        await until(lambda: _are(len(other.answered) == 2))
    assert (other.answered, gone.asked) == (["13.2", "4.5"], ["13.2"])


async def test_of_two_processes_one_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACE_SECONDS", 0.01)
    store = MemoryDeferredStore()
    one, other = Desk(store), Desk(store)
    async with _at_work(one), _at_work(other):
        for number, words in enumerate(("13.2", "4.5", "/balance")):
            await (one if number % 2 else other).gets(_says(number, words))
        one.wait = other.wait = 0
        await until(lambda: _are(len(one.answered + other.answered) == 3))
        await asyncio.sleep(0.05)
    assert sorted(one.answered + other.answered) == ["/balance", "13.2", "4.5"]


def _says(number: int, text: str, chat: int = ANNA) -> Update:
    return Update(update_id=number, message=_message(number, text, chat))


def _presses(number: int, data: str) -> Update:
    sender = User(id=ANNA, is_bot=False, first_name="Anna")
    query = CallbackQuery(
        id=str(number), from_user=sender, chat_instance="1", data=data, message=_message(5, "summary", ANNA)
    )
    return Update(update_id=number, callback_query=query)


def _message(number: int, text: str, chat: int) -> Message:
    sender = User(id=chat, is_bot=False, first_name="Anna")
    place = Chat(id=chat, type="private")
    return Message(message_id=number, date=0, chat=place, from_user=sender, text=text)  # type: ignore[arg-type]  # a Unix time, as on the wire


def _words(update: Update) -> str:
    query, message = update.callback_query, update.message
    return (query.data if query is not None else message.text if message is not None else "") or ""


def _chat(update: Update) -> int:
    return update.message.chat.id if update.message is not None else ANNA


async def _are(fact: bool) -> bool:
    return fact
