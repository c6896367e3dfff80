"""Buttons that nobody offered, of every name that the shop knows: each is answered, none is a fault of the shop."""

import random

import pytest

from handlers.kit import buttons as keyboards
from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.shop import add_prediction

NAMES = [
    keyboards.MENU,
    keyboards.MODELS,
    keyboards.BALANCE,
    keyboards.HISTORY,
    keyboards.PROFILE,
    keyboards.LANGUAGE,
    keyboards.HELP,
    keyboards.TERMS,
    keyboards.CONTINUE,
    keyboards.MODEL,
    keyboards.PREDICTION,
    "again",
    "change",
    "begin",
    "f",
]
RUBBISH = [
    "",
    ":",
    "-1",
    "999999",
    "wine",
    "f" * 32,
    "0" * 32 + ":-1",
    "ё",
    "0:0:g",
    "null",
    "1e9",
    "a:b:c:d",
    "%00",
    "\x00",
]
FAULT = "У нас что-то сломалось"


@pytest.mark.parametrize("name", NAMES)
async def test_every_press_is_answered(stage: Stage, anna: Person, name: str) -> None:
    await anna.says("/menu")
    menu = await anna.sees("Что будем делать?")
    for argument in RUBBISH:
        answer = await anna.forges(f"{name}:{argument}"[:64], menu.id)
        assert FAULT not in (answer.text or ""), argument
    for message in await anna.looks():
        assert FAULT not in message.text
        assert "None" not in message.text


async def test_presses_by_chance(anna: Person) -> None:
    """In the middle of a form, in any order; the form can be continued or is over, the shop goes on."""
    chance = random.Random(20261121)
    await anna.says("/start model_wine")
    await anna.presses("Начать")
    question = await anna.sees("1/13")
    real = [button.data for row in question.rows for button in row if button.data is not None]
    for _ in range(60):
        data = chance.choice([*real, f"{chance.choice(NAMES)}:{chance.choice(RUBBISH)}", chance.choice(NAMES)])
        answer = await anna.forges(data, question.id)
        assert FAULT not in (answer.text or ""), data
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_someone_elses_prediction(stage: Stage, anna: Person, john: Person) -> None:
    for person in (anna, john):
        await person.says("/start")
        await person.sees(person.name)
    prediction_id = await stage.app.db.write(add_prediction, user_id=await stage.user_id(anna), price=0)
    for name in ("prediction", "again", "change"):
        answer = await john.forges(f"{name}:{prediction_id.hex}:0")
        assert answer.text == "There is no such prediction."
