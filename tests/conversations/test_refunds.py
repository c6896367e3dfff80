"""A model that cannot answer: the credits come back, and that is said."""

import hashlib
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from bot.app import App
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from tests.conversations.shopping import balance
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer

MANIFEST = """
slug = "logarithm"
version = "1.0.0"
price = "1.50"
title = {{ ru = "Логарифм", en = "Logarithm" }}

[runtime]
kind = "onnx"
file = "model.onnx"
sha256 = "{sha256}"

[[inputs]]
name = "x"
type = "number"
label = {{ ru = "Число", en = "Number" }}
example = 2
tensor = {{ name = "X" }}

[[outputs]]
name = "y"
type = "number"
label = {{ ru = "Итог", en = "Result" }}
tensor = "Y"
"""


def _write_model(store: Path) -> None:
    """y = ln x: not a number for what is below zero."""
    folder = store / "logarithm"
    folder.mkdir(parents=True)
    x = helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])
    y = helper.make_tensor_value_info("Y", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([helper.make_node("Log", ["X"], ["Y"])], "logarithm", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content = model.SerializeToString()
    onnx.checker.check_model(model)
    (folder / "model.onnx").write_bytes(content)
    (folder / "manifest.toml").write_text(MANIFEST.format(sha256=hashlib.sha256(content).hexdigest()), "utf-8")


async def test_the_credits_come_back(sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path) -> None:
    _write_model(tmp_path / "store")
    url = sqlite_server.create()
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, url, models_dir=tmp_path / "store")).running() as app,
    ):
        anna = await Stage(sandbox=sandbox, app=app).person("Анна", "ru")
        await anna.says("/start model_logarithm")
        await anna.presses("▶️ Начать")
        await anna.sees("1/1")
        await anna.says("-1")
        await anna.presses("🔮 Предсказать за 1,50 кредита")
        told = await anna.sees("↩️ Модель не дала пригодного ответа.")
        assert "1,50 кредита" in told.text
        assert "10,00" in told.text
        await anna.presses("✏️ Изменить ответ")
        await anna.sees("меняем ответ")
        await anna.says("1")
        await anna.sees("Баланс: 10,00 → 8,50")
        await anna.presses("🔮")
        answer = await anna.sees("Итог: 0,00")
        assert "Число: 1" in answer.text
        await anna.says("/balance")
        operations = (await anna.sees("Последние операции")).text
        assert operations.count("1,50") >= 3, "charged, returned, charged again"


async def test_a_model_that_only_fails_is_taken_off(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path
) -> None:
    """For several customers, with several values: one alone takes nothing off. The next customer reads so before
    paying, the owner gets a button that sells it again."""
    _write_model(tmp_path / "store")
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), models_dir=tmp_path / "store")).running() as app,
    ):
        stage = Stage(sandbox=sandbox, app=app)
        owner = await stage.person("Ольга", "ru", id=OWNER_ID)
        await owner.says("/start")
        john = await stage.person("Джон", "ru")
        await _fills_in(john, "4")
        for number, name in enumerate(("Анна", "Катя", "Пётр"), start=1):
            person = await stage.person(name, "ru")
            await _fills_in(person, f"-{number}")
            await person.presses("🔮")
            await person.sees("↩️")
        await owner.sees("🛑 Модель «Логарифм» больше не продаётся")
        assert "не сработала несколько раз подряд" in ((await john.presses("🔮")).text or "")
        assert await balance(stage, john) == 1000
        await john.says("/start model_logarithm")
        await john.sees("не сработала несколько раз подряд")
        await owner.presses("🧠 К модели")
        await owner.sees("🛑 Остановлена")
        await owner.presses("🔁 Попробовать снова")
        await owner.sees("🟢 Продаётся")
        await _fills_in(john, "1")
        await john.presses("🔮")
        await john.sees("Итог: 0,00")


async def _fills_in(person: Person, value: str) -> None:
    await person.says("/start model_logarithm")
    await person.presses("▶️ Начать")
    await person.sees("1/1")
    await person.says(value)
    await person.sees_button("🔮")
