"""A question that wants a table: a file to fill in is offered, sent back, corrected, bought."""

import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.client.person import Person
from sandbox.client.screen import Message
from services.values.sheets import open_sheet
from tests.conversations.shopping import opens_form
from tests.conversations.stage import Stage, open_stage
from tests.support.databases import SqliteServer
from tests.support.waiting import until
from tests.unit.inference.models import FLOAT, graph, node, weight, write_model

TABLES = """
[[inputs]]
name = "month"
type = "table"
label = { ru = "Месяц", en = "Month" }
columns = [
  { name = "price", label = { ru = "Цена", en = "Price" }, unit = { ru = "₽", en = "RUB" }, above = 0, example = 10 },
  { name = "volume", label = { ru = "Объём", en = "Volume" }, example = 3 },
]
min_rows = 2
max_rows = 40
tensor = { name = "X" }

[[outputs]]
name = "sum"
type = "table"
label = { ru = "Итог", en = "Sum" }
columns = [{ name = "price", label = { ru = "Цена", en = "Price" } }, { name = "volume", label = "V" }]
tensor = "Y"
"""


def sums() -> bytes:
    nodes = [node("ReduceSum", ["X", "axis"], ["Y"], keepdims=0)]
    shape: list[int | str] = ["N", "T", 2]
    return graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, ["N", 2])], [weight("axis", [1], "int64")])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    write_model(store, sums(), TABLES, slug="month")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def test_a_file_is_filled_in_and_sent(shopper: Person) -> None:
    await opens_form(shopper, "month")
    asked = await shopper.sees("Столбцы: Цена, Объём. От 2 до 40 строк.")
    assert asked.holds("Пришлите файл Excel или CSV")
    await shopper.presses("📄 Файл для заполнения")
    template = await _file(shopper, "month.xlsx")
    assert template.document is not None
    rows = [row for _, row in open_sheet(io.BytesIO(template.document)).rows()]
    assert rows == [["Цена, ₽", "Объём"], [10, 3], [10, 3]]
    await shopper.sends_file("march.csv", "Цена;Объём\n10,5;3\nдорого;4".encode("cp1251"))
    await shopper.sees("⚠️ Строка 3, столбец «Цена»: «дорого» – не число.")
    await shopper.sends_file("march.csv", "Цена;Объём\n10,5;3\n0;4".encode("cp1251"))
    await shopper.sees("⚠️ Строка 3, столбец «Цена»: 0 не подходит. Нужно число больше 0")
    await shopper.sends_file("month.xlsx", template.document)
    await shopper.sees("Месяц: таблица из 2 строк")
    await shopper.presses("🔮")
    answer = await shopper.sees("баланс 9,00", within=30.0)
    assert answer.holds("Итог: 1 строка\nЦена      V\n20,00  6,00")
    await shopper.presses("🔁")
    await shopper.sees("Месяц: таблица из 2 строк")


async def test_lines_are_pasted(shopper: Person) -> None:
    await opens_form(shopper, "month")
    await shopper.says("price;volume\n1;2")
    await shopper.sees("⚠️ Нужно хотя бы 2 строки, а прислано 1.")
    await shopper.says("1;2\n3;4\n5;6")
    await shopper.sees("Месяц: таблица из 3 строк")


async def _file(person: Person, name: str) -> Message:
    async def come() -> Message | None:
        return next((each for each in await person.looks() if each.file_name == name), None)

    found = await until(come)
    assert found is not None
    return found
