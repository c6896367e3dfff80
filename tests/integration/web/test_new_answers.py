"""Boxes over a photo, and tables in and out: the same on pages and in the API."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator
from PIL import Image

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from services.values.sheets import open_sheet
from tests.conversations.stage import shop_settings
from tests.conversations.test_table_questions import TABLES, sums
from tests.integration.web.test_model_pages import answer_of, as_parts, hidden
from tests.support.databases import SqliteServer
from tests.support.web import browser
from tests.unit.inference.models import write_model
from tests.unit.inference.test_boxes import CAT, DOG, KINDS, MANIFEST, detector
from tests.unit.inference.test_preparation import png

_people = count(946_000_001)
PHOTO = png(Image.new("RGB", (320, 200), "white"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[App]:
    store: Path = tmp_path_factory.mktemp("store")
    write_model(store, detector(Y=[DOG, CAT]), MANIFEST.format(prepare="", keys=KINDS), slug="animals")
    write_model(store, sums(), TABLES, slug="month")
    async with App(shop_settings(world, sqlite_server.create(), models_dir=store)).running() as app:
        yield app


async def person(app: App) -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language="ru")
    return await app.services.users.enter(visitor)


async def _bought(client: Any, model: str, told: dict[str, Any]) -> Any:  # Any: an answer of the API
    """The output of a prediction, which its model's schema describes."""
    about = (await client.get(f"/api/v1/models/{model}")).json()
    Draft202012Validator(about["input_schema"]).validate(told)
    headers = {"idempotency-key": f"{model}-{next(_people)}", "prefer": "wait=30"}
    answer = await client.post("/api/v1/predictions", json={"model": model, "input": told}, headers=headers)
    assert answer.status_code == 201, answer.text
    Draft202012Validator(about["output_schema"]).validate(answer.json()["output"])
    return answer.json()


async def test_boxes_on_a_page_and_in_the_api(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/animals")
        sold = await anna.post("/models/animals", files=as_parts(hidden(form), photo=("yard.png", PHOTO)))
        page = await answer_of(anna, sold.headers["location"])
        assert "найдено: 2" in page
        assert "кот 90\u00a0% · dog 60\u00a0%" in page
        picture = await anna.get(f"{sold.headers['location']}/pictures/animals")
        assert Image.open(io.BytesIO(picture.content)).size == (640, 400)
        url = f"data:image/png;base64,{base64.b64encode(PHOTO).decode()}"
        bought = await _bought(anna, "animals", {"photo": url})
        found = bought["output"]["animals"]
        assert [each["class"] for each in found["boxes"]] == ["cat", "dog"]
        picture = await anna.get(found["image"])
        assert picture.headers["content-type"] in {"image/png", "image/jpeg"}


async def test_a_table_on_a_page_and_in_the_api(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        form = await anna.get("/models/month")
        template = await anna.get("/models/month/templates/month.xlsx")
        rows = await asyncio.to_thread(lambda: [row for _, row in open_sheet(io.BytesIO(template.content)).rows()])
        assert rows == [["Цена, ₽", "Объём"], [10, 3], [10, 3]]
        wrong = await anna.post("/models/month", files=as_parts(hidden(form) | {"month": "price;volume\n1;2\n3;b"}))
        assert wrong.status_code == 422
        assert "Строка 3, столбец «Объём»: «b» – не число." in wrong.text
        assert "price;volume\n1;2\n3;b" in wrong.text
        sold = await anna.post("/models/month", files=as_parts(hidden(wrong), month=("m.xlsx", template.content)))
        page = await answer_of(anna, sold.headers["location"])
        assert "Итог" in page
        assert "20,00" in page
        table = await anna.get(f"{sold.headers['location']}/tables/sum.xlsx")
        rows = [row for _, row in open_sheet(io.BytesIO(table.content)).rows()]
        assert rows == [["Цена", "V"], [20, 6]]
        assert (await anna.get(f"{sold.headers['location']}/tables/sum.csv")).status_code == 404
        again = await anna.get(f"/models/month?fill-in={sold.headers['location'].rpartition('/')[2].replace('-', '')}")
        assert "price;volume\n10;3\n10;3" in again.text
        told = {"month": [{"price": 1, "volume": 2}, {"volume": 4, "price": 3}]}
        bought = await _bought(anna, "month", told)
        assert bought["output"] == {"sum": {"columns": ["price", "volume"], "rows": [[4, 6]]}}
        assert bought["input"] == told
        for lines, code in (
            ([{"price": 1, "volume": 2}], "too_few_values"),
            ([{"price": 1}] * 2, "missing_column"),
            ([{"price": 0, "volume": 2}] * 2, "out_of_range"),
            ([{"price": "1", "volume": 2}] * 2, "not_a_number"),
            ([[1, 2], [3, 4]], "invalid_value"),
        ):
            order = {"model": "month", "input": {"month": lines}}
            refused = await anna.post(
                "/api/v1/predictions", json=order, headers={"idempotency-key": f"no-{code}-month"}
            )
            assert refused.status_code == 422
            assert [each["code"] for each in refused.json()["errors"]] == [code]
