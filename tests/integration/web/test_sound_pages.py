"""A sound that is sent with a form, and one that is the answer."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.values.sounds import seconds_of
from tests.conversations.stage import shop_settings
from tests.conversations.test_sounds import HEARD, QUIET, SAMPLES
from tests.integration.web.test_model_pages import answer_of, hidden, person
from tests.support.databases import SqliteServer
from tests.support.sounds import encoded
from tests.support.web import browser
from tests.unit.inference.models import graph, node, weight, write_model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    store: Path = tmp_path_factory.mktemp("store")
    half = graph([node("Mul", ["X", "half"], ["Y"])], *SAMPLES, [weight("half", 0.5)])
    write_model(store, half, HEARD + QUIET, slug="quiet")
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app


async def test_a_sound_is_sent_and_one_comes_back(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/quiet")
        assert 'accept="audio/*"' in form.text
        assert "От 0,5 до 20 секунд." in form.text
        missing = await anna.post("/models/quiet", data=hidden(form))
        assert "Здесь нужен ответ." in missing.text
        wrong = await anna.post(
            "/models/quiet", data=hidden(form), files={"voice": ("a.ogg", b"no sound", "audio/ogg")}
        )
        assert "Это не звук, который можно проиграть." in wrong.text
        sold = await anna.post(
            "/models/quiet", data=hidden(form), files={"voice": ("a.ogg", encoded("voice", seconds=2), "audio/ogg")}
        )
        assert sold.status_code == 303, sold.text
        page = await answer_of(anna, sold.headers["location"])
        assert "<strong>0:02</strong>" in page
        players = re.findall(r'<audio controls preload="metadata" src="([^"]+)"', page)
        assert len(players) == 2
        for address in players:
            sound = await anna.get(address)
            assert sound.headers["content-type"] == "audio/wav"
            assert round(seconds_of(sound.content)) == 2
        again = await anna.get("/models/quiet", params={"again": sold.headers["location"].rpartition("/")[2]})
        assert again.status_code == 200
