"""Steps that conversations about buying share."""

from pathlib import Path
from typing import Any

from aiogram.fsm.storage.base import StorageKey

from sandbox.client.person import Person
from sandbox.client.screen import Message
from tests.conversations.stage import Stage
from tests.support.waiting import until

STORE = Path(__file__).parents[2] / "models_store"
DATA = Path(__file__).parents[1] / "data"
WINE = "14.23 1.71 2.43 15.6 127 2.8 3.06 0.28 2.29 5.64 1.04 3.92 1065"


async def opens_form(person: Person, slug: str) -> Message:
    """By the link of the model; returns the first question."""
    await person.says(f"/start model_{slug}")
    await person.presses("▶️")
    return await person.sees("1/")


async def orders(person: Person, slug: str, value: str = "0.5") -> None:
    """A model of one question, answered and paid for; what comes of it is still to be seen."""
    await opens_form(person, slug)
    await person.says(value)
    summary = await person.sees("→")
    await person.presses(summary.buttons[0])


async def fills_in_wine(person: Person, row: str = WINE) -> Message:
    """Up to the summary."""
    await opens_form(person, "wine")
    await person.says(row)
    return await person.sees_button("🔮")


async def balance(stage: Stage, person: Person) -> int:
    user = await stage.app.services.users.find(person.id)
    assert user is not None
    return user.balance


async def bought(stage: Stage, person: Person) -> int:
    """How many predictions the person has."""
    return len((await stage.app.services.history.page(await stage.user_id(person), 0, 100)).items)


async def kept_summary(stage: Stage, person: Person) -> tuple[StorageKey, str | None, dict[str, Any]]:
    """What the chat remembers of the form, which is written down after the summary is shown."""
    key = StorageKey(bot_id=stage.app.bot.id, chat_id=person.id, user_id=person.id)

    async def is_kept() -> bool:
        return (await stage.app.storage.get_data(key)).get("asked", "") is None

    await until(is_kept)
    return key, await stage.app.storage.get_state(key), dict(await stage.app.storage.get_data(key))
