"""Sounds that programs and pages send, for a model that plays them at half the loudness."""

import base64
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.values.sounds import samples_of, seconds_of
from tests.conversations.stage import shop_settings
from tests.conversations.test_sounds import HEARD, QUIET, SAMPLES
from tests.integration.api.conftest import Callers, problem
from tests.support.sounds import encoded
from tests.unit.inference.models import graph, node, weight, write_model


@pytest_asyncio.fixture(loop_scope="module")
async def app(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> AsyncIterator[App]:
    (tmp_path / "models").mkdir()
    half = graph([node("Mul", ["X", "half"], ["Y"])], *SAMPLES, [weight("half", 0.5)])
    write_model(tmp_path / "models", half, HEARD + QUIET, slug="quiet")
    async with App(shop_settings(sandbox, sqlite_url, models_dir=tmp_path / "models")).running() as app:
        yield app


async def test_uploaded_listened_to_and_bought(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    schema = (await program.get("models/quiet")).json()
    asked = schema["input_schema"]["properties"]["voice"]
    assert (asked["x-file"], asked["x-rate"], asked["x-max-seconds"]) == ("audio", 16000, 20)
    assert schema["output_schema"]["properties"]["quiet"]["x-file"] == "audio"
    raw = await program.post("files", content=encoded("voice"), headers={"content-type": "audio/ogg"})
    form = await program.post("files?rate=16000", files={"file": ("а.mp3", encoded("mp3"), "audio/mpeg")})
    assert (raw.status_code, form.status_code) == (201, 201), (raw.text, form.text)
    assert raw.json()["media_type"] == "audio/wav"
    sent = (await program.get(f"files/{raw.json()['id']}")).content
    bought = await program.post(
        "predictions",
        json={"model": "quiet", "input": {"voice": raw.json()["id"]}},
        headers={"prefer": "wait=30"},
    )
    assert bought.json()["status"] == "succeeded", bought.text
    made = await program.get(bought.json()["output"]["quiet"].removeprefix("/api/v1/"))
    assert made.headers["content-type"] == "audio/wav"
    assert seconds_of(made.content) == seconds_of(sent)
    assert abs(samples_of(made.content) - samples_of(sent) / 2).max() < 1e-3


@pytest.mark.parametrize("kind", ["audio/ogg", "audio/webm;codecs=opus"])
async def test_a_sound_in_the_order_itself(callers: Callers, kind: str) -> None:
    """At any rate: it is brought to the model's."""
    program = await callers.program(await callers.customer())
    asked = (await program.get("models/quiet")).json()["input_schema"]["properties"]["voice"]
    inline = f"data:{kind};base64,{base64.b64encode(encoded('voice')).decode()}"
    assert any(re.search(each["pattern"], inline) for each in asked["anyOf"] if "pattern" in each)
    told, once = {"model": "quiet", "input": {"voice": inline}}, {"idempotency-key": kind}
    bought = await program.post("predictions", json=told, headers={"prefer": "wait=30", **once})
    assert bought.json()["status"] == "succeeded", bought.text
    kept = (await program.get(f"files/{bought.json()['input']['voice']}")).content
    made = (await program.get(bought.json()["output"]["quiet"].removeprefix("/api/v1/"))).content
    assert abs(samples_of(made) - samples_of(kept) / 2).max() < 1e-3
    again = await program.post("predictions", json=told, headers=once)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (bought.json()["id"], "true")
    assert (await program.get("me/balance")).json()["balance"] == 900


async def test_what_is_no_sound_in_an_order(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    head = "data:audio/wav;base64,"
    for told, code in (
        (head + "AAAA", "not_a_sound"),
        (head + "not base64", "not_a_sound"),
        (head + base64.b64encode(encoded("wav", seconds=0.1)).decode(), "too_short"),
        (head + "A" * 1_400_000, "file_too_large"),
        ("data:image/png;base64,AAAA", "file_not_found"),
    ):
        answer = await program.post("predictions", json={"model": "quiet", "input": {"voice": told}})
        assert problem(answer, 422, "invalid_input")["errors"][0]["code"] == code
    assert (await program.get("me/balance")).json()["balance"] == 1000


async def test_what_does_not_answer(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    ids = {}
    for name, rate, sound in (
        ("rate", 8_000, encoded("wav")),
        ("long", 16_000, encoded("mp3", seconds=30, rate=8_000, loud=0)),
        ("short", 16_000, encoded("wav", seconds=0.1)),
    ):
        sent = await program.post(f"files?rate={rate}", content=sound, headers={"content-type": "audio/wav"})
        ids[name] = sent.json()["id"]
    for told, code in (
        (ids["rate"], "wrong_rate"),
        (ids["long"], "too_long"),
        (ids["short"], "too_short"),
        ("0" * 32, "file_not_found"),
        ("no id", "file_not_found"),
        (7, "invalid_value"),
    ):
        answer = await program.post("predictions", json={"model": "quiet", "input": {"voice": told}})
        assert problem(answer, 422, "invalid_input")["errors"][0]["code"] == code
    problem(
        await program.post("files", content=b"no sound", headers={"content-type": "audio/ogg"}), 422, "invalid_value"
    )
