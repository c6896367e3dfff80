"""Long polling against a session that answers like Telegram: updates are confirmed when they were handled."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import ClientDecodeError, TelegramConflictError, TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import GetUpdates, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message, PreCheckoutQuery
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot import polling as module
from bot.polling import Polling, RawUpdates
from bot.supervisor import Supervisor
from db.errors import DatabaseUnavailable
from handlers.kit.middlewares import DeduplicateUpdates
from handlers.telegram.client import AnswerNotUnderstood, Session
from handlers.telegram.inbox import Inbox, id_of
from services.coordination.memory import MemoryCoordination
from tests.support.waiting import until


class Queue(Session):
    """Telegram's queue of updates: those from `offset` on; what is below it was confirmed and is gone. An update that
    has no number stands where it is."""

    def __init__(self, updates: list[Any]) -> None:  # Any: JSON
        super().__init__()
        self.updates = updates
        self.offsets: list[int | None] = []
        self.troubles: list[Exception] = []
        self.limit = 2

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's own signature
    ) -> TelegramType:
        assert isinstance(method, RawUpdates)
        self.offsets.append(method.offset)
        if self.troubles:
            raise self.troubles.pop(0)
        waiting = self.updates[self._confirmed(method.offset or 0) :]
        if not waiting:
            await asyncio.Event().wait()
        answer = json.dumps({"ok": True, "result": waiting[: self.limit]})
        return cast("TelegramType", self.check_response(bot, method, 200, answer).result)

    def _confirmed(self, offset: int) -> int:
        number = 0
        for place, update in enumerate(self.updates):
            number = id_of(update) or number + 1
            if number >= offset:
                return place
        return len(self.updates)


class Shop:
    """A dispatcher that notes what it handled. It fails at `bug`, and at payments as long as `trouble` says so."""

    def __init__(self, queue: Queue) -> None:
        self.handled: list[str] = []
        self.trouble: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        dispatcher = Dispatcher()
        dispatcher.update.outer_middleware(DeduplicateUpdates(MemoryCoordination()))
        dispatcher.message.register(self._handle)
        dispatcher.pre_checkout_query.register(self._pay)
        self.supervisor = Supervisor()
        bot = Bot("42:TEST", session=queue)
        self.registry = CollectorRegistry()
        self.polling = Polling(bot, Inbox(bot, dispatcher, self.registry), self.supervisor, ["message"])

    async def _handle(self, message: Message) -> None:
        await self.hold.wait()
        self.handled.append(message.text or "")
        if message.text == "bug":
            raise RuntimeError("a bug")

    async def _pay(self, query: PreCheckoutQuery) -> None:
        await self.hold.wait()
        if self.trouble is not None:
            self.handled.append("failed")
            raise self.trouble
        self.handled.append(f"paid {query.total_amount}")


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What was logged; drawing a traceback would take a second."""
    with capture_logs() as found:
        yield found


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PAUSE", 0.01)
    monkeypatch.setattr(module, "HOLD_SECONDS", 0.01)


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


async def test_a_handlers_bug_stops_nothing() -> None:
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


@pytest.mark.parametrize(
    "trouble",
    [
        ClientDecodeError("Failed to decode object", ValueError(), "<html>"),
        AnswerNotUnderstood(method=GetUpdates(), message="no list"),
    ],
)
async def test_a_garbled_answer_is_told_from_silence(
    logs: list[EventDict], monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    queue = Queue([])
    queue.troubles = [trouble]
    shop = Shop(queue)
    assert shop.polling.trouble == module.SILENT
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(len(queue.offsets) == 2))
    assert shop.polling.trouble == module.GARBLED
    assert [line["event"] for line in logs] == ["telegram_not_understood"]
    await shop.supervisor.close()


@pytest.mark.parametrize(
    "odd",
    [
        None,
        "an update",
        [],
        {},
        {"update_id": 11},
        {"update_id": 11, "message": {}},
        {"update_id": 11, "dream": {"id": 1}},
        {"update_id": None},
        {"update_id": "eleven", "message": 5},
        {"update_id": 11, "callback_query": {"id": 5}},
    ],
)
async def test_one_that_cannot_be_read_stops_nobody(odd: Any, logs: list[EventDict]) -> None:
    last = odd | {"update_id": 13} if isinstance(odd, dict) and "update_id" in odd else odd
    queue = Queue([_update(10, "before"), odd, _update(12, "after"), last])
    shop = Shop(queue)
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(queue.offsets[-1:] == [14]))
    assert shop.handled == ["before", "after"]
    assert {line["event"] for line in logs if line["log_level"] == "error"} == {"update_not_understood"}
    assert b"kassandra_updates_refused_total" in generate_latest(shop.registry)
    await shop.supervisor.close()


async def test_one_without_a_number_is_answered_once() -> None:
    update = _update(11, "who am I?")
    del update["update_id"]
    queue = Queue([_update(10, "before"), update, _update(12, "after")])
    shop = Shop(queue)
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(queue.offsets[-1:] == [13]))
    assert sorted(shop.handled) == ["after", "before", "who am I?"]
    await shop.supervisor.close()


async def test_money_is_not_confirmed_before_its_handler_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram is not asked again all the time meanwhile; the others are."""
    monkeypatch.setattr(module, "HANDLE_SECONDS", 0.001)
    monkeypatch.setattr(module, "HOLD_SECONDS", 60)
    queue = Queue([_payment(10), _update(11, "next")])
    queue.limit = 1
    shop = Shop(queue)
    shop.hold.clear()
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(len(queue.offsets) == 1))
    await asyncio.sleep(0.05)
    assert queue.offsets == [None]
    shop.hold.set()
    await until(lambda: _are(shop.handled == ["paid 100", "next"]))
    await shop.supervisor.close()


@pytest.mark.parametrize("trouble", [DatabaseUnavailable("away"), RuntimeError("a bug")])
async def test_money_comes_again_until_it_ends_well(trouble: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands behind it is handled meanwhile, and once."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    queue = Queue([_payment(10), _update(11, "other")])
    queue.limit = 100
    shop = Shop(queue)
    shop.trouble = trouble
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are(shop.handled.count("failed") > 8))
    queue.updates.append(_update(12, "another"))
    await until(lambda: _are("another" in shop.handled))
    assert set(queue.offsets) <= {None, 10}
    shop.trouble = None
    await until(lambda: _are(queue.offsets[-1] == 13))
    assert [text for text in shop.handled if text != "failed"] == ["other", "another", "paid 100"]
    await shop.supervisor.close()


async def test_a_kill_while_money_is_held_loses_nothing() -> None:
    queue = Queue([_payment(10), _update(11, "other")])
    first = Shop(queue)
    first.trouble = DatabaseUnavailable("away")
    first.supervisor.keep(first.polling.run, name="polling")
    await until(lambda: _are("other" in first.handled))
    await first.supervisor.close()
    second = Shop(queue)
    second.supervisor.keep(second.polling.run, name="polling")
    await until(lambda: _are(queue.offsets[-1] == 12))
    assert "paid 100" in second.handled
    await second.supervisor.close()


@pytest.mark.parametrize(
    ("trouble", "reached"),
    [
        (RuntimeError("a bug"), True),
        (DatabaseUnavailable("away"), False),
        (TelegramRetryAfter(method=GetUpdates(), message="slow down", retry_after=60), False),
        (TelegramNetworkError(method=GetUpdates(), message="reset"), False),
    ],
)
async def test_only_a_bug_gives_way(trouble: Exception, reached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram shows a hundred updates: a payment that can never be handled must not hide all that come after."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    queue = Queue([_payment(10), *(_update(number, "crowd") for number in range(11, 110)), _update(110, "hidden")])
    queue.limit = 100
    shop = Shop(queue)
    shop.trouble = trouble
    shop.supervisor.keep(shop.polling.run, name="polling")
    await until(lambda: _are("hidden" in shop.handled or shop.handled.count("failed") > 10))
    assert ("hidden" in shop.handled) is reached
    assert shop.handled.count("crowd") == 99
    await shop.supervisor.close()


def _update(number: int, text: str) -> dict[str, Any]:
    sender = {"id": 1, "is_bot": False, "first_name": "Anna"}
    message = {"message_id": number, "date": 1, "chat": {"id": 1, "type": "private"}, "from": sender, "text": text}
    return {"update_id": number, "message": message}


def _payment(number: int) -> dict[str, Any]:
    sender = {"id": 1, "is_bot": False, "first_name": "Anna"}
    query = {"id": "7", "from": sender, "currency": "XTR", "total_amount": 100, "invoice_payload": "p"}
    return {"update_id": number, "pre_checkout_query": query}


async def _are(fact: bool) -> bool:
    return fact
