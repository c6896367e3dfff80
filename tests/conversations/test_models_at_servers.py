"""The demo's iris, which runs at the sandbox's inference server: bought, and met while that server is away."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.inference import Inference
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.models import rests, server_watch
from tests.conversations.shopping import STORE, WINE, balance, fills_in_wine, opens_form
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.waiting import until

IRIS = Path(__file__).parents[2] / "bot/demo/models/iris"
SETOSA = "5.1 3.5 1.4 0.2"


@pytest_asyncio.fixture(loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Stage, Inference]]:
    for pause in ("EVERY", "SOON", "LONGEST"):  # the patience of a real shop is not waited for
        monkeypatch.setattr(server_watch, pause, 0.2)
    (tmp_path / "iris").mkdir()
    (tmp_path / "wine").symlink_to(STORE / "wine")
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        server = await sandbox.inference()
        manifest = (IRIS / "manifest.toml").read_text(encoding="utf-8")
        manifest = manifest.replace("http://inference.sandbox.invalid", server.url)
        (tmp_path / "iris" / "manifest.toml").write_text(manifest, encoding="utf-8")
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=tmp_path)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), server


async def orders_iris(person: Person) -> None:
    await opens_form(person, "iris")
    await person.says(SETOSA)
    await person.presses("🔮")


async def is_away(server: Inference) -> None:
    await server.fault("cut", "*", times=0)


async def test_it_is_bought(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    await orders_iris(anna)
    assert (await anna.sees_photo("Ирис: Щетинистый, >99")).holds("баланс 9,50")
    await orders_iris(john)
    assert (await john.sees_photo("Iris: Setosa, >99")).holds("balance 9.50")
    assert {call["status"] for call in await server.log("infer")} == {200}


async def test_it_rests_while_its_server_is_away(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    olga = await stage.person("Ольга", "ru", id=OWNER_ID)
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    await olga.says("/start")
    await opens_form(anna, "iris")
    await anna.says(SETOSA)
    await anna.sees_button("🔮")
    await is_away(server)
    await anna.presses("🔮")  # it was still on sale
    told = await olga.sees("💤 Модель «Какой это ирис?»")
    assert "сервер" in told.text
    await john.says("/models")
    await john.presses("💤 Which iris is it?")
    assert (await john.sees("It is resting: its server does not work now.")).buttons[0] == "🔄 Look again"
    vera = await stage.person("Вера", "ru")
    await vera.says("/models")
    await vera.presses("💤 Какой это ирис?")
    await vera.sees("Модель отдыхает: её сервер сейчас не работает.")
    await fills_in_wine(vera, WINE)
    await vera.presses("🔮")
    await vera.sees_photo("Вино: Бароло")  # other models do not care
    assert (await balance(stage, john), await balance(stage, anna)) == (1000, 950)
    await server.clear_faults()
    await olga.sees("🟢 Модель «Какой это ирис?» снова")
    await anna.sees_photo("Ирис: Щетинистый")  # what she had paid for has waited
    await john.presses("🔄 Look again")
    await john.presses("▶️ Start")
    await john.sees("1/4")
    news = [message.text for message in await olga.looks() if "ирис" in message.text]
    assert len(news) == 2, "once each"


async def test_a_form_that_was_filled_in_before_is_not_charged(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    john, anna = await stage.person("John", "en"), await stage.person("Анна", "ru")
    for person in (john, anna):
        await opens_form(person, "iris")
        await person.says(SETOSA)
        await person.sees_button("🔮")
    await is_away(server)

    async def rests() -> bool:
        return (await stage.app.services.models.offer("iris")).resting

    await until(rests)
    await john.presses("🔮")
    await john.sees("This model is resting: its server does not work now. Nothing was charged; please try again later.")
    await anna.presses("🔮")
    await anna.sees("Эта модель отдыхает: её сервер сейчас не работает. Ничего не списано, попробуйте позже.")
    assert (await balance(stage, john), await balance(stage, anna)) == (1000, 1000)
    await server.clear_faults()


async def test_the_answers_of_other_models_come_while_a_server_hangs(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    await server.fault("hang", times=0)
    waiting = [await stage.person("Анна", "ru") for _ in range(6)]  # more than run at once
    for person in waiting:
        await orders_iris(person)
    john = await stage.person("John", "en")
    await fills_in_wine(john, WINE)
    await john.presses("🔮")
    await john.sees_photo("Wine: Barolo")
    await server.clear_faults()
    for person in waiting:
        await person.sees_photo("Ирис: Щетинистый")


async def test_what_passes_is_tried_again(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    for fault in ("500", "html"):  # of each kind one: the server is there, and it is not
        anna = await stage.person("Анна", "ru")
        await server.fault(fault)
        await orders_iris(anna)
        assert (await anna.sees_photo("Ирис: Щетинистый")).holds("баланс 9,50"), fault


async def test_what_does_not_pass_is_paid_back(shop: tuple[Stage, Inference]) -> None:
    stage, server = shop
    for fault, told in (
        ("shape", "The model gave no usable answer."),
        ("nan", "The model gave no usable answer."),
        ("413", "The model could not answer."),
        ("401", "This model is out of order."),
    ):
        john = await stage.person("John", "en")
        await server.fault(fault)
        await orders_iris(john)
        await john.sees(told)
        assert await balance(stage, john) == 1000, fault
        await orders_iris(john)  # three failures in a row would be looked into
        await john.sees_photo("Iris: Setosa")


async def test_it_rests_while_its_server_answers_checks_and_fails_runs(
    shop: tuple[Stage, Inference], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody taps anything. Customers are told what is true, in either language, and pay nothing."""
    monkeypatch.setattr(rests, "FIRST_PAUSE", timedelta(seconds=1))
    stage, server = shop
    olga = await stage.person("Ольга", "ru", id=OWNER_ID)
    await olga.says("/start")
    await server.fault("500", times=0)
    losers = [await stage.person("Анна", "ru"), await stage.person("John", "en"), await stage.person("Вера", "ru")]
    for person in losers:
        await orders_iris(person)
    for person in losers:
        await person.sees("могла ответить" if person is not losers[1] else "The model could not answer")
    told = await olga.sees("💤 Модель «Какой это ирис?» пока не продаётся: несколько сбоев подряд")
    assert told.buttons == ["🔁 Попробовать снова", "🧠 К модели"]
    await olga.presses("🧠 К модели")
    await olga.sees("💤 Отдыхает: несколько сбоев подряд")
    anna, john, _ = losers
    await john.says("/models")
    await john.presses("💤 Which iris is it?")
    await john.sees("It is resting: its server does not work now.")
    await anna.says("/models")
    await anna.presses("💤 Какой это ирис?")
    await anna.sees("Модель отдыхает: её сервер сейчас не работает.")
    assert [await balance(stage, each) for each in losers] == [1000] * 3
    await server.clear_faults()
    await olga.sees("🟢 Модель «Какой это ирис?» снова в продаже")
    await orders_iris(john)
    await john.sees_photo("Iris: Setosa")


async def test_owners_read_what_is_wrong_in_their_language(shop: tuple[Stage, Inference]) -> None:
    """The sentences of ours; the server's words as they are."""
    stage, server = shop
    olga = await stage.person("Ольга", "ru", id=OWNER_ID)
    await olga.says("/start")
    await server.fault("401", "*", times=0)
    told = await olga.sees("💤 Модель «Какой это ирис?»")
    assert "сервер не пускает магазин: " in told.text
    assert "(HTTP 401)" in told.text
    assert "Напишите headers = " in told.text
    await olga.says("/language")
    await olga.presses("English")
    await olga.says("/admin")
    await olga.presses("🧠")
    await olga.presses("Which iris is it?")
    assert "the server does not let the shop in: " in (await olga.sees("💤 Resting: its server is away")).text
    await server.clear_faults()
