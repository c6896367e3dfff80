"""A program on a telephone signs somebody in by the bot, and a Mini App by what Telegram says."""

from itertools import count

import pytest_asyncio

from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from tests.integration.api.conftest import Callers, problem
from tests.support.login import start_of

_people = count(930_000_001)


@pytest_asyncio.fixture(loop_scope="module")
async def anna(callers: Callers, world: Sandbox) -> Person:
    return await world.person("Анна", language_code="ru", id=next(_people))


async def test_the_bot_asks_and_the_program_goes_on(callers: Callers, anna: Person) -> None:
    phone = await callers.person()
    begun = (await phone.post("auth/telegram/begin")).json()
    request = {"token": begun["token"], "secret": begun["secret"]}
    assert (await phone.post("auth/telegram/state", json=request)).json() == {"state": "waiting"}
    problem(await phone.post("auth/telegram/take", json=request), 409, "login_waiting")
    await anna.says(start_of(begun["link"]))
    await anna.presses(str(begun["number"]))
    await anna.sees("Готово")
    assert (await phone.post("auth/telegram/state", json=request)).json() == {"state": "confirmed"}
    for wrong in ({"secret": "x" * 43}, {"token": "x" * 43}, {"secret": begun["token"]}):
        problem(await phone.post("auth/telegram/take", json=request | wrong), 410, "login_request_gone")
    taken = await phone.post("auth/telegram/take", json=request)
    assert (taken.status_code, taken.headers["cache-control"]) == (200, "no-store")
    me = await phone.get("me", headers={"authorization": f"Bearer {taken.json()['token']}"})
    assert (me.json()["name"], me.json()["telegram"]) == ("Анна", True)
    problem(await phone.post("auth/telegram/take", json=request), 410, "login_request_gone")


async def test_it_was_not_me(callers: Callers, anna: Person) -> None:
    phone = await callers.person()
    begun = (await phone.post("auth/telegram/begin")).json()
    await anna.says(start_of(begun["link"]))
    await anna.presses("Это не я")
    request = {"token": begun["token"], "secret": begun["secret"]}
    await anna.sees("Отказано")
    problem(await phone.post("auth/telegram/take", json=request), 403, "login_refused")


async def test_a_mini_app_of_ones_own(callers: Callers, anna: Person, world: Sandbox) -> None:
    await world.call("PATCH", "/webapp", body={"main_url": "https://app.example.com"})
    launch = await anna.opens_link("https://t.me/bot?startapp=model_wine")
    phone = await callers.person()
    entered = (await phone.post("auth/mini-app", json={"init_data": launch.init_data})).json()
    assert entered["start_param"] == "model_wine"
    me = await phone.get("me", headers={"authorization": f"Bearer {entered['token']}"})
    assert me.json()["name"] == "Анна"
    problem(await phone.post("auth/mini-app", json={"init_data": launch.init_data + "0"}), 401, "init_data_refused")
