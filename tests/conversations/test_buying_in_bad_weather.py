"""Telegram misbehaves while something is bought: it is bought once, and the answer arrives."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from sandbox.client.person import Person
from tests.conversations.shopping import DATA, balance, bought, fills_in_wine, opens_form
from tests.conversations.stage import Stage

Faults = Callable[..., Coroutine[Any, Any, None]]  # Any: as in Stage's fixture


@pytest.mark.parametrize("kind", ["502", "cut", "cut_after", "html"])
async def test_the_summary_cannot_be_edited_at_first(stage: Stage, faults: Faults, anna: Person, kind: str) -> None:
    await fills_in_wine(anna)
    await faults("editMessageText", kind)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)


@pytest.mark.parametrize("kind", ["502", "cut", "cut_after"])
async def test_the_answer_cannot_be_shown_at_first(stage: Stage, faults: Faults, anna: Person, kind: str) -> None:
    await fills_in_wine(anna)
    await faults("editMessageMedia", kind)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)


async def test_typing_cannot_be_shown(stage: Stage, faults: Faults, anna: Person) -> None:
    """A nicety that fails takes nothing with it."""
    await fills_in_wine(anna)
    await faults("sendChatAction", "400")
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    assert await bought(stage, anna) == 1


@pytest.mark.parametrize("kind", ["429", "cut"])
async def test_a_press_cannot_be_acknowledged(stage: Stage, faults: Faults, anna: Person, kind: str) -> None:
    """The button spins for a while; what was asked is done, and “Working on it…” does not stay."""
    await fills_in_wine(anna)
    await faults("answerCallbackQuery", kind, times=0, retry_after=60)
    button = (await anna.sees_button("🔮")).button("🔮")
    assert button is not None
    assert button.data is not None
    with pytest.raises(AssertionError, match="got no answer"):
        await anna.forges(button.data, within=0.1)
    await anna.sees_photo("Бароло")
    assert (await balance(stage, anna), await bought(stage, anna)) == (900, 1)


async def test_a_photo_is_not_handed_over(faults: Faults, anna: Person) -> None:
    await opens_form(anna, "digit")
    await faults("getFile", "400")
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    told = await anna.sees("⚠️ Telegram не отдал файл")
    assert "1/1" in told.text
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    await anna.sees_button("🔮")


async def test_the_next_question_is_sent_again(faults: Faults, anna: Person) -> None:
    await opens_form(anna, "wine")
    await faults("sendMessage", "502", times=2)
    await anna.says("13,2")
    await anna.sees("2/13")
