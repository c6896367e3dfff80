"""Telegram misbehaves: nothing is done twice, nobody is left without an answer."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from handlers.kit import deferred
from handlers.telegram import client as telegram
from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.waiting import until

Faults = Callable[..., Coroutine[Any, Any, None]]


async def test_an_update_delivered_twice_acts_once(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Подарок для знакомства")
    await stage.sandbox.repeat()
    await stage.sandbox.repeat()
    await anna.says("/balance")
    screen = await anna.sees("Баланс: 10,00 кредитов")
    assert screen.text.count("Приветственные кредиты") == 1
    assert len([message for message in await anna.looks() if message.from_bot]) == 2


async def test_a_press_delivered_twice(stage: Stage, anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("🔕 Не сообщать о бонусах")
    await stage.sandbox.repeat()
    await anna.says("/profile")
    await anna.sees("Сообщения о бонусах: выключены")


async def test_a_newcomer_who_starts_ten_times_at_once(stage: Stage, anna: Person) -> None:
    await asyncio.gather(*(anna.says("/start") for _ in range(10)))
    await anna.says("/balance")
    screen = await anna.sees("Последние операции")
    assert "Баланс: 10,00 кредитов" in screen.text
    greetings = [message for message in await anna.looks() if "Здравствуйте" in message.text]
    assert len(greetings) == 10
    assert sum("Подарок" in message.text for message in greetings) == 1


@pytest.mark.parametrize("kind", ["502", "500", "html", "cut"])
async def test_an_answer_is_sent_again(faults: Faults, anna: Person, kind: str) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await faults("sendMessage", kind, times=2, chat_id=anna.id)
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_too_many_requests_wait_as_told(stage: Stage, faults: Faults, john: Person) -> None:
    await john.says("/start")
    await john.sees("Hello")
    await faults("sendMessage", "429", retry_after=1, chat_id=john.id)
    await john.says("/balance")
    await john.sees("Balance: 10.00 credits")


@pytest.mark.parametrize("kind", ["502", "cut", "cut_after"])
async def test_an_edit_is_made_again(faults: Faults, anna: Person, kind: str) -> None:
    """An edit repeated after a cut finds the message as it should be: that is success."""
    await anna.says("/menu")
    menu = await anna.sees("Что будем делать?")
    await faults("editMessageText", kind, chat_id=anna.id)
    await anna.presses("💰 Баланс")
    assert (await anna.sees("Последние операции")).id == menu.id


async def test_telegram_refuses_for_good(faults: Faults, anna: Person) -> None:
    """Nobody can be told; the next message works."""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await faults("sendMessage", "400", times=2, chat_id=anna.id, description="Bad Request: no")
    await anna.says("/help")
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_someone_blocks_the_bot_and_comes_back(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await anna.blocks()
    await until(partial(stage.blocked, anna))
    await anna.unblocks()
    await until(partial(stage.reachable, anna))
    await anna.says("/start")
    again = await anna.sees("Здравствуйте, Анна!")
    assert "Подарок" not in again.text
    assert "Баланс: 10,00 кредитов" in again.text


async def test_someone_blocks_the_bot_while_it_answers(stage: Stage, faults: Faults, anna: Person) -> None:
    """They are marked; coming back unmarks them."""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await faults("sendMessage", "403", chat_id=anna.id)
    await anna.says("/help")
    await until(partial(stage.blocked, anna))
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")
    assert not await stage.blocked(anna)


async def test_someone_whose_access_is_closed(stage: Stage, anna: Person, john: Person) -> None:
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    await stage.disable(anna, at=stage.app.clock())
    await anna.says("/balance")
    await anna.sees("Доступ к боту для вас закрыт. Напишите его владельцу.")
    answer = await anna.presses("💰 Баланс")
    assert answer.show_alert
    assert answer.text == "Доступ к боту для вас закрыт. Напишите его владельцу."
    await stage.disable(anna, at=None)
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_the_poll_is_cut(stage: Stage, faults: Faults, anna: Person) -> None:
    await faults("getUpdates", "cut")
    await anna.says("/start")
    await anna.sees("Здравствуйте, Анна!")
    await faults("getUpdates", "html")
    await anna.says("/help")
    await anna.sees("Как это работает")


async def test_unusual_updates_harm_nobody(stage: Stage, anna: Person) -> None:
    for update in (
        {"something_new": {"id": 1}},
        {
            "message": {
                "message_id": 1,
                "date": 0,
                "chat": {"id": -5, "type": "channel", "title": "?"},
                "text": "/start",
            }
        },
        {
            "callback_query": {
                "id": "1",
                "from": {"id": anna.id, "is_bot": True, "first_name": "?"},
                "chat_instance": "1",
            }
        },
    ):
        await stage.sandbox.update(update)
    await anna.says("/start")
    await anna.sees("Здравствуйте, Анна!")


async def test_what_was_asked_of_a_telegram_that_is_away_is_answered_afterwards(
    stage: Stage, faults: Faults, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    monkeypatch.setattr(telegram, "PAUSE", 0.01)
    monkeypatch.setattr(deferred, "FIRST_PAUSE", 0.2)
    await faults("sendMessage", "502", times=0, chat_id=anna.id)
    await anna.says("/balance")
    await anna.never_sees("Баланс")
    await stage.sandbox.clear_faults()
    await anna.sees("Баланс: 10,00 кредитов")


async def test_a_long_wait_and_then_the_answer(
    stage: Stage, faults: Faults, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several commands the last one's. (The wait is over half a minute; the test's is not.)"""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    monkeypatch.setattr(telegram, "PATIENCE", 1.0)
    await faults("sendMessage", "429", times=0, retry_after=2, chat_id=anna.id)
    await anna.says("/help")
    await anna.says("/balance")
    await anna.never_sees("Баланс")
    await stage.sandbox.clear_faults()
    await anna.sees("Баланс: 10,00 кредитов")
    await anna.never_sees("Как это работает")
