"""Pictures that programs send, for a model that turns them into their negatives."""

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from PIL import Image

from bot.app import App
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.integration.api.conftest import Callers, problem
from tests.integration.predictions.conftest import IMAGE_TABLES, negative
from tests.unit.inference.models import write_model


@pytest_asyncio.fixture(loop_scope="module")
async def app(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> AsyncIterator[App]:
    (tmp_path / "models").mkdir()
    write_model(tmp_path / "models", negative(), IMAGE_TABLES, slug="negative")
    async with App(shop_settings(sandbox, sqlite_url, models_dir=tmp_path / "models")).running() as app:
        yield app


def picture(kind: str = "PNG", side: int = 40) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side), (10, 20, 200)).save(stream, kind)
    return stream.getvalue()


async def test_uploaded_looked_at_and_bought(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    raw = await program.post("files", content=picture(), headers={"content-type": "image/png"})
    form = await program.post("files", files={"file": ("а.jpg", picture("JPEG"), "image/jpeg")})
    assert (raw.status_code, form.status_code) == (201, 201), (raw.text, form.text)
    assert (raw.json()["media_type"], form.json()["media_type"]) == ("image/png", "image/jpeg")
    shown = await program.get(f"files/{raw.json()['id']}")
    assert (shown.headers["content-type"], shown.headers["x-content-type-options"]) == ("image/png", "nosniff")
    data_url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    for photo in (form.json()["id"], data_url):
        bought = await program.post(
            "predictions", json={"model": "negative", "input": {"photo": photo}}, headers={"prefer": "wait=30"}
        )
        assert bought.json()["status"] == "succeeded", bought.text
    address = bought.json()["output"]["negative"]
    made = await program.get(address.removeprefix("/api/v1/"))
    assert Image.open(io.BytesIO(made.content)).size == (8, 8)
    assert made.headers["content-type"] in ("image/png", "image/jpeg")
    schema = (await program.get("models/negative")).json()
    assert schema["input_schema"]["properties"]["photo"]["x-file"] == "image"
    assert schema["example"] is None


async def test_what_is_no_picture(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    for content, kind, status, code in (
        (b"<svg onload='alert(1)'/>", "image/svg+xml", 422, "invalid_value"),
        (b"", "image/png", 422, "invalid_value"),
        (picture(), "text/html", 415, "unsupported_media_type"),
        (picture(), "multipart/form-data", 422, "no_file"),
        (b"x" * 20_000_001, "image/png", 413, "body_too_large"),
    ):
        problem(await program.post("files", content=content, headers={"content-type": kind}), status, code)
    problem(await program.post("files", files={"photo": picture()}), 422, "no_file")
    problem(await (await callers.person()).post("files", content=b"x"), 401, "not_signed_in")
    for photo, code in (
        ("data:image/png;base64,AAAA", "not_an_image"),
        ("data:image/png;base64,=", "not_an_image"),
        ("data:image/png;base64," + "A" * 1_400_000, "file_too_large"),
        ("file:///etc/passwd", "file_not_found"),
        ("0" * 32, "file_not_found"),
        (5, "invalid_value"),
        (None, "required"),
    ):
        order = {"model": "negative", "input": {"photo": photo}}
        refused = problem(await program.post("predictions", json=order), 422, "invalid_input")
        assert [each["code"] for each in refused["errors"]] == [code], photo


async def test_another_persons_picture(callers: Callers) -> None:
    anna, boris = [await callers.program(await callers.customer()) for _ in range(2)]
    file_id = (await anna.post("files", content=picture(), headers={"content-type": "image/png"})).json()["id"]
    problem(await boris.get(f"files/{file_id}"), 404, "file_not_found")
    order = {"model": "negative", "input": {"photo": file_id}}
    refused = problem(await boris.post("predictions", json=order), 422, "invalid_input")
    assert refused["errors"][0]["code"] == "file_not_found"


async def test_a_file_that_is_no_picture_is_only_saved(callers: Callers) -> None:
    anna = await callers.customer()
    file_id = await callers.app.services.files.put(anna.id, b"<html><script>", "text/html")
    shown = await (await callers.program(anna)).get(f"files/{file_id}")
    assert shown.headers["content-type"] == "application/octet-stream"
    assert shown.headers["content-disposition"].startswith("attachment")
