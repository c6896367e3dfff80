"""From a file to a product: an owner sends a model to the bot and sells it."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.waiting import until


def linear(bias: float = 1.0) -> bytes:
    """x → 2x + bias, with a name of its own."""
    graph = helper.make_graph(
        [
            helper.make_node("Mul", ["metres", "two"], ["doubled"]),
            helper.make_node("Add", ["doubled", "bias"], ["roubles"]),
        ],
        "rent",
        [helper.make_tensor_value_info("metres", TensorProto.FLOAT, ["N", 1])],
        [helper.make_tensor_value_info("roubles", TensorProto.FLOAT, ["N", 1])],
        [
            numpy_helper.from_array(np.array([2.0], np.float32), "two"),
            numpy_helper.from_array(np.array([bias], np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


async def sells(stage: Stage, slug: str, version: str) -> None:
    """Every part of the shop knows this version by now."""

    async def known() -> bool:
        manifest = stage.app.services.models.manifest(slug)
        return manifest is not None and manifest.version == version

    await until(known)


async def test_an_owner_sells_a_file_and_a_customer_buys(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("rent-of-flats.onnx", linear())
    card = await olga.sees("🧪 Черновик")
    assert "Metres" in card.text
    assert "МБ памяти" in card.text
    await olga.presses("🟢 Опубликовать")
    await olga.says("Аренда квартир")
    await olga.says("Rent of flats")
    await olga.says("3,50")
    ready = await olga.sees("✅ Всё названо")
    assert "Аренда квартир / Rent of flats" in ready.text
    await olga.presses("🟢 Опубликовать")
    await olga.sees("🟢 Продаётся")
    await sells(stage, "rent-of-flats", "1")
    await anna.says("/models")
    await anna.sees("Аренда квартир: 3,50 кредита")
    await anna.presses("Аренда квартир")
    await anna.presses("▶️")
    await anna.says("20")
    await anna.presses("🔮")
    await anna.sees("Roubles: 41")


async def test_a_draft_is_tried_for_free_and_by_nobody_else(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("draft.onnx", linear(5.0))
    await olga.sees("🧪 Черновик")
    before = await stage.app.services.history.page(await stage.user_id(olga), 0)
    _, begin = await olga.button("▶️ Попробовать бесплатно")
    assert begin.data is not None
    await olga.presses("▶️ Попробовать бесплатно")
    await olga.says("10")
    await olga.presses("🔮")
    answer = await olga.sees("Roubles: 25,00")
    assert "бесплатно" in answer.text
    assert answer.buttons == ["▶️ Попробовать бесплатно", "🧪 К карточке"]
    after = await stage.app.services.history.page(await stage.user_id(olga), 0)
    assert [each.id for each in after.items] == [each.id for each in before.items]
    assert "не продаётся" in ((await anna.forges(begin.data)).text or "")
    await anna.says("/models")
    assert "Draft" not in (await anna.sees("Что будем предсказывать?")).text
    await olga.presses("🧪 К карточке")
    await olga.presses("🗑 Выбросить")
    await olga.sees("🗑 Выброшена")


async def test_a_new_version_is_compared_published_and_taken_back(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.sends_file("fares.onnx", linear(7.0))
    await olga.presses("🟢 Опубликовать", within=20)
    for told in ("Проезд", "Fares", "0"):
        await olga.says(told)
    await olga.presses("🟢 Опубликовать")
    await sells(stage, "fares", "1")
    await anna.says("/models")
    await anna.presses("Проезд")
    await anna.presses("▶️")
    await anna.says("20")
    await anna.presses("🔮")
    await anna.sees("Roubles: 47")

    await olga.sends_file("fares.onnx", linear(9.0))
    await olga.presses("⬆️ Новая версия")
    compared = await olga.sees("Сравнение с версией 1", within=20)
    assert "0 из 2 ответов совпадают" in compared.text
    assert "раньше" in compared.text
    await olga.presses("🟢 Опубликовать")
    await sells(stage, "fares", "2")
    await olga.presses("↩️ Вернуть версию 1")
    await sells(stage, "fares", "1")
    await olga.presses("↪️ Вперёд к версии 2")
    await sells(stage, "fares", "2")
    await olga.sees_button("↩️ Вернуть версию 1")
