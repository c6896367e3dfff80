"""A list of pictures on a page and in the API."""

import base64
import re
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.conversations.test_picture_lists import TABLES
from tests.integration.web.test_model_pages import answer_of, as_parts, hidden
from tests.support.databases import SqliteServer
from tests.support.web import browser
from tests.unit.inference.models import write_model
from tests.unit.inference.test_picture_lists import GREEN, RED, WHITE, colours

_people = count(947_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    store: Path = tmp_path_factory.mktemp("store")
    counts = 'max_count = 4\nexample = ["red.png", "green.png"]'
    folder = write_model(store, colours(["N", "n", 3, 8, 8]), TABLES.format(counts=counts), slug="several")
    (folder / "red.png").write_bytes(RED)
    (folder / "green.png").write_bytes(GREEN)
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app


async def person(app: App) -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language="ru")
    return await app.services.users.enter(visitor)


def ticked(page: Any) -> list[tuple[str, Any]]:  # Any: an answer, parts of a form
    return [
        ("photos-kept", (None, value)) for value in re.findall(r'name="photos-kept" value="([^"]+)" checked', page.text)
    ]


def sent(*pictures: bytes) -> list[tuple[str, Any]]:  # Any: as above
    return [("photos", (f"{number}.png", picture)) for number, picture in enumerate(pictures)]


async def test_chosen_ticked_and_bought(app: App) -> None:
    """What is lacking is added to what was sent before; what is not ticked any more is left out."""
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/several")
        assert "multiple" in form.text
        nothing = await anna.post("/models/several", files=as_parts(hidden(form)))
        assert nothing.status_code == 422
        one = await anna.post("/models/several", files=as_parts(hidden(form)) + sent(RED))
        assert one.status_code == 422
        assert "Нужны хотя бы 2 картинки, а прислано 1." in one.text
        many = await anna.post("/models/several", files=as_parts(hidden(one)) + ticked(one) + sent(*[RED] * 4))
        assert (many.status_code, len(ticked(many))) == (422, 1)
        assert "Берётся не больше 4 картинок." in many.text
        broken = await anna.post("/models/several", files=as_parts(hidden(one)) + ticked(one) + sent(GREEN, b"no"))
        assert (broken.status_code, len(ticked(broken))) == (422, 2)
        green = ticked(broken)[1:]
        sold = await anna.post("/models/several", files=as_parts(hidden(broken)) + green + sent(WHITE))
        place = sold.headers["location"]
        page = await answer_of(anna, place)
        assert "0,58" in page
        shown = re.findall(r'<img class="thumb" src="(/files/[0-9a-f]+)"', page)
        assert len(shown) == 2
        assert [(await anna.get(address)).headers["content-type"] for address in shown] == ["image/png"] * 2
        resent = await anna.post("/models/several", files=as_parts(hidden(broken)) + green + sent(WHITE))
        assert resent.headers["location"] == place
        again = await anna.get(f"/models/several?fill-in={place.rpartition('/')[2].replace('-', '')}")
        assert len(ticked(again)) == 2
        assert (await anna.post("/models/several", files=as_parts(hidden(again)) + ticked(again))).status_code == 303


async def test_the_models_own_examples(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/several?fill-in=example")
        shown = re.findall(r'src="(/models/several/examples/[^"]+)"', form.text)
        assert len({(await anna.get(address)).content for address in shown}) == 2
        sold = await anna.post("/models/several", files=as_parts(hidden(form)))
        assert "0,00" in await answer_of(anna, sold.headers["location"])


async def test_anothers_pictures_are_not_kept(app: App) -> None:
    anna_id, boris_id = (await person(app)).id, (await person(app)).id
    async with browser(app, anna_id) as anna:
        form = await anna.get("/models/several")
        kept = ticked(await anna.post("/models/several", files=as_parts(hidden(form)) + sent(RED)))
    async with browser(app, boris_id) as boris:
        form = await boris.get("/models/several")
        stolen = await boris.post("/models/several", files=as_parts(hidden(form)) + kept * 2)
        assert (stolen.status_code, ticked(stolen)) == (422, [])
        assert "не хранится" in stolen.text


async def test_a_list_of_ids(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        about = (await anna.get("/api/v1/models/several")).json()
        ids = [
            (await anna.post("/api/v1/files", content=each, headers={"content-type": "image/png"})).json()["id"]
            for each in (RED, GREEN)
        ]
        url = f"data:image/png;base64,{base64.b64encode(RED).decode()}"
        told = {"photos": [*ids, url]}
        Draft202012Validator(about["input_schema"]).validate(told)
        headers = {"idempotency-key": "a-list-of-pictures", "prefer": "wait=30"}
        answer = await anna.post("/api/v1/predictions", json={"model": "several", "input": told}, headers=headers)
        assert answer.status_code == 201, answer.text
        assert answer.json()["output"] == {"near": pytest.approx(1 / 3)}
        assert answer.json()["input"]["photos"][:2] == ids
        for number, (wrong, code) in enumerate(
            (
                (ids[:1], "too_few_values"),
                (ids * 3, "too_many_values"),
                (ids[0], "invalid_value"),
                ([ids[0], 1], "invalid_value"),
                ([ids[0], "x"], "file_not_found"),
                ([ids[0], "0" * 32], "file_not_found"),
            )
        ):
            order = {"model": "several", "input": {"photos": wrong}}
            refused = await anna.post(
                "/api/v1/predictions", json=order, headers={"idempotency-key": f"wrong-list-{number}"}
            )
            assert refused.status_code == 422
            assert [each["code"] for each in refused.json()["errors"]] == [code]
