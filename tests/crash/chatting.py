"""Customers of the crash test: they buy credits and predictions in the chat, whatever the bot's state."""

import asyncio
import random
from contextlib import suppress

from aiohttp import ClientError

from sandbox.client.person import Person
from sandbox.client.sandbox import SandboxError
from sandbox.client.shop import Shop
from tests.conversations.shopping import WINE

PATIENCE = 2.5  # seconds; then they try something else
REASONS = ("insufficient_funds", "card_expired", "fraud_suspected")


async def shops_around(person: Person, yookassa: Shop, chance: random.Random) -> None:
    """Until cancelled."""
    await person.says("/start")
    while True:
        step = chance.choices([tops_up, pays_at_last, buys], weights=[3, 2, 3])[0]
        with suppress(AssertionError, SandboxError, ClientError):  # the bot is dead, or the link is
            await step(person, yookassa, chance)
        await asyncio.sleep(chance.uniform(0, 0.1))


async def tops_up(person: Person, yookassa: Shop, chance: random.Random) -> None:
    await person.says("/topup")
    await person.presses(chance.choice(["100 ₽ →", "300 ₽ →", "500 ₽ →"]), within=PATIENCE)
    message = await person.sees_button("Оплатить", within=PATIENCE)
    button = message.button("Оплатить")
    assert button is not None
    assert button.url is not None
    fate = chance.random()
    if fate < 0.75:
        await person.pays(button.url, method=chance.choice(["card", "sbp"]))
    elif fate < 0.9:
        await yookassa.declines(chance.choice(REASONS), button.url.rpartition("/")[2])
    if chance.random() < 0.4:
        await person.presses("Я оплатил", within=PATIENCE)


async def pays_at_last(person: Person, yookassa: Shop, chance: random.Random) -> None:
    """By a link that came when nobody looked any more."""
    buttons = [message.button("Оплатить") for message in await person.looks() if message.from_bot]
    links = [button.url for button in buttons if button is not None and button.url is not None]
    if links:
        await person.pays(chance.choice(links), method=chance.choice(["card", "sbp"]))


async def buys(person: Person, yookassa: Shop, chance: random.Random) -> None:
    await person.says("/start model_wine")
    await person.presses("▶️ Начать", within=PATIENCE)
    await person.sees("1/13", within=PATIENCE)
    await person.says(WINE)
    predict = await person.sees_button("🔮 Предсказать", within=PATIENCE)
    taps = chance.choice([1, 1, 2])
    button = predict.button("🔮 Предсказать")
    assert button is not None
    assert button.data is not None
    await asyncio.gather(*(person.forges(button.data, predict.id, within=PATIENCE) for _ in range(taps)))
