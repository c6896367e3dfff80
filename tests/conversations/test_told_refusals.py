"""What Telegram refuses while it is answered: told in one line of the log and, where it can be, to the customer."""

from collections.abc import Callable, Coroutine, Iterator, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from sandbox.client.person import Person
from tests.conversations.shopping import balance, bought, fills_in_wine
from tests.conversations.stage import Stage
from tests.support.waiting import until

Faults = Callable[..., Coroutine[Any, Any, None]]
Lines = list[MutableMapping[str, Any]]

THREAD = "Bad Request: message thread not found"
DEACTIVATED = "Forbidden: user is deactivated"
NOT_TAKEN = "Telegram не принял наш ответ"
BUSY = "Магазин сейчас занят"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Of the log; no refusal is an error or has a stack."""
    with capture_logs() as found:
        yield found
    assert not [line for line in found if line["log_level"] in ("error", "critical") or "exc_info" in line]


def _of(lines: Lines, event: str) -> Lines:
    return [line for line in lines if line["event"] == event]


async def _is_told(lines: Lines, event: str) -> bool:
    return bool(_of(lines, event))


@pytest.mark.parametrize("words", [THREAD, "Bad Request: message is too long", "Bad Request: can't parse entities"])
async def test_an_answer_that_is_refused(faults: Faults, anna: Person, lines: Lines, words: str) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await faults("sendMessage", "400", chat_id=anna.id, description=words)
    await anna.says("/balance")
    await anna.sees(NOT_TAKEN)
    (line,) = _of(lines, "answer_refused")
    assert (line["log_level"], line["method"]) == ("warning", "sendMessage")
    assert words in line["error"]
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_a_screen_that_is_refused(faults: Faults, anna: Person, lines: Lines) -> None:
    """Below the button comes a message: a note in a window may be too late."""
    await anna.says("/menu")
    menu = await anna.sees("Что будем делать?")
    await faults("editMessageText", "400", chat_id=anna.id, description=THREAD)
    await anna.presses("💰 Баланс")
    assert (await anna.sees(NOT_TAKEN)).id != menu.id
    assert [line["method"] for line in _of(lines, "answer_refused")] == ["editMessageText"]


async def test_a_refusal_that_cannot_be_told(faults: Faults, anna: Person, lines: Lines) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await faults("sendMessage", "400", times=2, chat_id=anna.id, description=THREAD)
    await anna.says("/balance")
    await until(partial(_is_told, lines, "error_not_told"))
    assert len(_of(lines, "answer_refused")) == 1


@pytest.mark.parametrize(
    "refusal", [("400", "Bad Request: chat not found"), ("403", DEACTIVATED), ("400", "Bad Request: PEER_ID_INVALID")]
)
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_a_sender_who_is_gone(
    stage: Stage, faults: Faults, lines: Lines, method: str, refusal: tuple[str, str]
) -> None:
    """Marked as those are who blocked the bot."""
    kind, words = refusal
    anna = await stage.person("Анна", "ru")
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    await faults(method, kind, chat_id=anna.id, description=words)
    if method == "sendMessage":
        await anna.says("/balance")
    else:
        with suppress(AssertionError):  # nobody is there to be answered
            await anna.presses("💰 Баланс", within=0.3)
    await until(partial(stage.blocked, anna))
    assert [line["log_level"] for line in _of(lines, "user_blocked_bot")] == ["info"]
    assert not [line for line in lines if line["log_level"] == "warning"]


async def test_a_sender_who_is_gone_is_not_told_of_a_problem(
    stage: Stage, faults: Faults, anna: Person, lines: Lines
) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await stage.disable(anna, at=stage.app.clock())
    await faults("sendMessage", "400", chat_id=anna.id, description="Bad Request: chat not found")
    await anna.says("/balance")
    await until(partial(stage.blocked, anna))
    assert not _of(lines, "error_not_told")


@pytest.mark.parametrize("kind", ["401", "404", "409"])
@pytest.mark.parametrize("method", ["sendMessage", "editMessageText"])
async def test_another_refusal(faults: Faults, anna: Person, lines: Lines, method: str, kind: str) -> None:
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    await faults(method, kind, chat_id=anna.id)
    if method == "sendMessage":
        await anna.says("/balance")
        await anna.sees(BUSY)
    else:
        assert BUSY in ((await anna.presses("💰 Баланс")).text or "")
    (line,) = _of(lines, "answer_not_sent")
    assert (line["log_level"], line["method"]) == ("warning", method)


@pytest.mark.parametrize("kind", ["401", "404", "409", "403"])
async def test_a_tap_that_cannot_be_acknowledged_is_answered(
    stage: Stage, faults: Faults, anna: Person, lines: Lines, kind: str
) -> None:
    """What was asked does not fail because the button's spinner cannot be stopped; least of all a purchase, whose
    message says by then that it is worked on."""
    await fills_in_wine(anna)
    await faults("answerCallbackQuery", kind)
    with suppress(AssertionError):  # the spinner turns
        await anna.presses("🔮", within=0.3)
    await anna.sees("Бароло")
    assert await balance(stage, anna) == 900
    assert len(_of(lines, "button_not_answered")) == 1


async def test_a_purchase_whose_message_is_refused_is_none(
    stage: Stage, faults: Faults, anna: Person, lines: Lines
) -> None:
    """The form waits as it was."""
    await fills_in_wine(anna)
    await faults("editMessageText", "400", chat_id=anna.id, description=THREAD)
    await anna.presses("🔮")
    await anna.sees(NOT_TAKEN)
    assert (await balance(stage, anna), await bought(stage, anna)) == (1000, 0)
    await anna.presses("🔮")
    await anna.sees("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)
