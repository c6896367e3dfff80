"""A workflow of a ComfyUI server: bought, watched, canceled, paid back. A photo goes there, a picture comes back."""

import io
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from bot.app import App
from sandbox.client.comfyui import ComfyUIServer
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from tests.conversations.shopping import balance, opens_form
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.comfyui import photo, write_painting
from tests.support.databases import SqliteServer
from tests.support.waiting import until


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("studio")
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        write_painting(store, sandbox.comfyui.url, runtime="attempts = 2")
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=store)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(loop_scope="session")
async def server(studio: Stage) -> AsyncIterator[ComfyUIServer]:
    await studio.sandbox.comfyui.change(pace=0)
    yield studio.sandbox.comfyui
    await studio.sandbox.comfyui.clear_faults()
    await studio.sandbox.comfyui.change(held=False, pace=0)


async def orders_a_painting(person: Person) -> None:
    await opens_form(person, "painting")
    await person.sends_photo(photo())
    await person.presses("1")
    await person.presses("🎨")


async def is_painting(server: ComfyUIServer, waiting: int) -> None:
    async def so() -> bool:
        state = await server.look()
        return state["running"] is not None and len(state["pending"]) == waiting

    await until(so)


async def test_a_photo_comes_back_painted(studio: Stage, server: ComfyUIServer) -> None:
    anna = await studio.person("Анна", "ru")
    await orders_a_painting(anna)
    answer = await anna.sees_photo("Живопись")
    assert answer.photo is not None
    assert Image.open(io.BytesIO(answer.photo)).size == (64, 48)
    assert await balance(studio, anna) == 900


async def test_the_same_in_english_with_another_blur(studio: Stage, server: ComfyUIServer) -> None:
    john = await studio.person("John", "en")
    await opens_form(john, "painting")
    await john.sends_photo(photo(colour="navy"))
    await john.says("12")
    await john.presses("🎨")
    await john.sees_photo("Painting")
    assert await balance(studio, john) == 900


async def test_place_and_per_cent_and_a_change_of_mind(studio: Stage, server: ComfyUIServer) -> None:
    """Progress is shown every two seconds, hence the time that this takes."""
    await server.change(held=True)
    anna, john = await studio.person("Анна", "ru"), await studio.person("John", "en")
    await orders_a_painting(anna)
    await is_painting(server, 0)
    await orders_a_painting(john)
    await is_painting(server, 1)
    await john.sees("Waiting for the model's server; ahead of you there: 1")
    await server.change(held=False, pace=2.5)
    await anna.sees(re.compile(r"Модель работает: [1-9]\d %"))
    await anna.presses("✖️ Отменить")
    await anna.sees("Эта картинка отменена")
    assert await balance(studio, anna) == 1000
    await server.change(pace=0)
    await john.sees_photo("Painting")
    assert await balance(studio, john) == 900
    ended = sorted((await server.look())["ended"].values())
    assert ended.count("execution_interrupted") == 1


async def test_a_server_that_runs_out_of_memory_for_good(studio: Stage, server: ComfyUIServer) -> None:
    john = await studio.person("John", "en")
    await server.fault("oom", "SandboxPainter", times=0)
    await orders_a_painting(john)
    refused = await john.sees("The model could not answer.")
    assert "/srv" not in refused.text
    assert await balance(studio, john) == 1000


async def test_a_node_that_fails_says_nothing_of_its_server(studio: Stage, server: ComfyUIServer) -> None:
    anna = await studio.person("Анна", "ru")
    await server.fault("error", "ImageBlur")
    await orders_a_painting(anna)
    refused = await anna.sees("Модель не смогла ответить.")
    assert "/srv" not in refused.text
    assert await balance(studio, anna) == 1000


async def test_a_value_that_the_server_does_not_take(studio: Stage, server: ComfyUIServer) -> None:
    anna = await studio.person("Анна", "ru")
    await opens_form(anna, "painting")
    await anna.sends_photo(photo())
    await anna.says("55")
    await anna.presses("🎨")
    await anna.sees("Модель не смогла ответить.")
    assert await balance(studio, anna) == 1000


async def test_a_restart_in_the_middle(studio: Stage, server: ComfyUIServer) -> None:
    anna = await studio.person("Анна", "ru")
    await server.change(held=True)
    await orders_a_painting(anna)
    await is_painting(server, 0)
    await server.restarts()
    await server.change(held=False)
    await anna.sees_photo("Живопись")
    assert await balance(studio, anna) == 900


async def test_the_same_again(studio: Stage, server: ComfyUIServer) -> None:
    """Another job with another seed."""
    anna = await studio.person("Анна", "ru")
    await orders_a_painting(anna)
    first = await anna.sees_photo("Живопись")
    await anna.presses("🔁")
    await anna.presses("🎨")
    second = await anna.sees_photo("Живопись")
    assert first.photo != second.photo
    assert await balance(studio, anna) == 800


@pytest.mark.slow
async def test_a_node_that_was_removed_meanwhile(studio: Stage, server: ComfyUIServer) -> None:
    """The form was open when the server changed. Owners hear of it, and the model rests until the node is back: it is
    checked every two seconds, hence the time that this takes."""
    john, olga = await studio.person("John", "en"), await studio.person("Ольга", "ru", id=OWNER_ID)
    await olga.says("/start")
    await opens_form(john, "painting")
    await john.sends_photo(photo())
    await john.presses("1")
    await john.sees_button("🎨")
    await server.change(missing_nodes=["ImageBlur"])
    await john.presses("🎨")
    await john.sees("This model is out of order.")
    assert await balance(studio, john) == 1000
    await olga.sees(re.compile(r"(?s)Живопись.*ImageBlur"))
    await server.change(missing_nodes=[])
    await until(lambda: rests_no_more(studio))


async def rests_no_more(studio: Stage) -> bool:
    return all(not offer.resting for offer in await studio.app.services.models.offers())
