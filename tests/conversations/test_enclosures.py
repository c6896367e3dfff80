"""What was bought is handed over whole: numbers as a table, pictures as they were painted."""

import csv
import io
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from sandbox.client.person import Person
from sandbox.client.screen import Message
from services.values.sheets import open_sheet
from tests.conversations.shopping import balance, opens_form, orders
from tests.conversations.stage import OWNER_ID, Stage, open_stage
from tests.support.databases import SqliteServer
from tests.support.waiting import until
from tests.unit.inference.models import FLOAT, NUMBER_X, STRING, graph, node, weight, write_model
from tests.unit.inference.test_free_sides import LIKE_PHOTO, PHOTO, enlarged
from tests.unit.inference.test_preparation import png, waves

REFUSAL = {"description": "Bad Request: IMAGE_PROCESS_FAILED"}
SERIES = '[[outputs]]\nname = "path"\ntype = "series"\nlabel = "Path"\ntensor = "Y"\nchart = "line"\n'
BARS = """[[outputs]]
name = "kind"
type = "classes"
label = "Kind"
tensor = "P"
chart = "bars"
classes = [{ value = "cat", label = "Cat" }, { value = "dog", label = "Dog" }]
"""


VECTOR = '[[outputs]]\nname = "face"\ntype = "embedding"\nlabel = "Face"\ntensor = "Y"\n'
PLAN = """[[outputs]]
name = "plan"
type = "table"
label = "Plan"
tensor = "Y"
columns = [
  { name = "share", label = { ru = "Доля", en = "Share" }, unit = "%", decimals = 1 },
  { name = "loss", label = { ru = "Убыток", en = "Loss" }, decimals = 2 },
]
"""
TEXT = '[[outputs]]\nname = "said"\ntype = "text"\nlabel = "Said"\ntensor = "Y"\n'
POEM = "слово " * 1000 + "КОНЕЦ"


def _says(text: str) -> bytes:
    """The text for each row."""
    nodes = [
        node("Constant", [], ["said"], value_strings=[text.encode()]),
        node("Shape", ["X"], ["sides"]),
        node("Gather", ["sides", "first"], ["rows"]),
        node("Expand", ["said", "rows"], ["Y"]),
    ]
    return graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", STRING, ["N"])], [weight("first", [0], "int64")])


def _picture(name: str, tensor: str) -> str:
    return f'[[outputs]]\nname = "{name}"\ntype = "image"\nlabel = "{name.title()}"\ntensor = "{tensor}"\n'


def _steps(count: int) -> bytes:
    """X times 0, 1, 2 …"""
    row = weight("row", [[float(step) for step in range(count)]])
    return graph([node("Mul", ["X", "row"], ["Y"])], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", count])], [row])


def _plan() -> bytes:
    """Three lines of X and its loss."""
    cells = weight("cells", [[[10.0, -1.0], [20.0, -2.5], [170.0, -3.0]]])
    nodes = [node("Unsqueeze", ["X", "last"], ["x"]), node("Mul", ["x", "cells"], ["Y"])]
    return graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 3, 2])], [cells, weight("last", [2], "int64")])


def _painter(*shapes: tuple[int, int, int]) -> bytes:
    """A picture of each shape (channels, height, width), of the colour X; and classes of the scores X, 1 - X."""
    nodes = [node("Reshape", ["X", "point"], ["x"]), node("Sub", ["one", "X"], ["rest"])]
    nodes += [node("Concat", ["X", "rest"], ["scores"], axis=1), node("Softmax", ["scores"], ["P"], axis=1)]
    outputs: list[tuple[str, int, list[int | str]]] = [("P", FLOAT, ["N", 2])]
    weights = [weight("point", [1, 1, 1, 1], "int64"), weight("one", 1.0)]
    for number, shape in enumerate(shapes):
        nodes.append(node("Expand", ["x", f"shape{number}"], [f"Y{number}"]))
        weights.append(weight(f"shape{number}", [1, *shape], "int64"))
        outputs.append((f"Y{number}", FLOAT, [1, *shape]))
    return graph(nodes, [("X", FLOAT, ["N", 1])], outputs, weights)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    question, one = NUMBER_X.replace("label", "example = 0.5\nlabel"), "max_batch = 1"
    write_model(store, _steps(5), question + SERIES, slug="short")
    write_model(store, _steps(60), question + SERIES, slug="long")
    write_model(store, _says(POEM), question + TEXT, slug="poem")
    write_model(store, _says("short"), question + TEXT, slug="word")
    share = question.replace("label", "min = 0\nmax = 1\nlabel")
    two = share + _picture("cartoon", "Y0") + _picture("sketch", "Y1") + BARS
    write_model(store, _painter((3, 8, 8), (3, 9, 9)), two, slug="two", runtime=one)
    write_model(store, _painter((4, 20, 30)), question + _picture("cutout", "Y0"), slug="cutout", runtime=one)
    write_model(store, _painter((3, 1400, 200)), question + _picture("large", "Y0"), slug="large", runtime=one)
    write_model(store, _steps(1000), question + SERIES, slug="huge")
    write_model(store, _steps(40), question + VECTOR, slug="vector")
    write_model(store, _plan(), question + PLAN, slug="plan")
    many = question + "".join(_picture(f"p{number}", f"Y{number}") for number in range(12))
    write_model(store, _painter(*[(3, 8, 8)] * 12), many, slug="many", runtime=one)
    free = 'size = ["free", "free"], multiple = 8'
    photo = PHOTO.format(prepare=free, layout="NCHW", output=LIKE_PHOTO)
    write_model(store, enlarged(2), photo, slug="enlarged")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def _buys(person: Person, slug: str) -> Message:
    await orders(person, slug)
    return await person.sees("баланс 9,00", within=30.0)


async def _below(person: Person, answer: Message, count: int) -> list[Message]:
    """So many messages that came below the answer."""

    async def come() -> list[Message]:
        later = [each for each in await person.looks() if each.from_bot and each.id > answer.id]
        return later if len(later) >= count else []

    return await until(come)


async def test_a_short_series_is_in_the_text(shopper: Person) -> None:
    answer = await _buys(shopper, "short")
    assert answer.holds("Path: 0,00 · 0,50 · 1,00 · 1,50 · 2,00")
    assert answer.photo is not None
    await shopper.never_sees("Все числа")


async def test_a_long_series_comes_as_a_table(shopper: Person) -> None:
    answer = await _buys(shopper, "long")
    assert answer.holds("Path: в начале 0,00, в конце 29,5")
    (table,) = await _below(shopper, answer, 1)
    assert (table.file_name, table.text) == ("long.csv", "📄 Все числа")
    assert table.document is not None
    rows = list(csv.reader(io.StringIO(table.document.decode("utf-8-sig"))))
    assert [float(row[1]) for row in rows[1:]] == [step / 2 for step in range(60)]


async def test_a_vector_comes_as_a_file(shopper: Person) -> None:
    answer = await _buys(shopper, "vector")
    assert answer.holds("Face: вектор из 40 чисел, норма 71,66")
    (file,) = await _below(shopper, answer, 1)
    assert (file.file_name, file.text) == ("face.csv", "📄 Face")
    assert file.document is not None
    rows = list(csv.reader(io.StringIO(file.document.decode("utf-8-sig"))))
    assert [float(row[1]) for row in rows[1:]] == [step / 2 for step in range(40)]


async def test_a_table_is_shown_and_comes_as_a_file(shopper: Person) -> None:
    answer = await _buys(shopper, "plan")
    assert answer.holds("Plan: 3 строки\nДоля    Убыток\n5,0 %    −0,50\n10,0 %   −1,25\n85,0 %   −1,50")
    (file,) = await _below(shopper, answer, 1)
    assert file.file_name == "plan.xlsx"
    assert file.document is not None
    rows = [row for _, row in open_sheet(io.BytesIO(file.document)).rows()]
    assert rows == [["Доля, %", "Убыток"], [5, -0.5], [10, -1.25], [85, -1.5]]


async def test_several_pictures_have_their_labels(shopper: Person) -> None:
    """The first with the words of the answer, the others in an album below it, the chart of the classes first."""
    answer = await _buys(shopper, "two")
    assert answer.photo is not None
    assert answer.holds("🖼 Cartoon")
    assert answer.holds("Kind: Cat, 50 %")
    chart, sketch = await _below(shopper, answer, 2)
    assert chart.raw["media_group_id"] == sketch.raw["media_group_id"]
    assert sketch.text == "Sketch"
    assert sketch.photo is not None
    assert Image.open(io.BytesIO(sketch.photo)).size == (9, 9)


@pytest.mark.parametrize(("slug", "size", "bands"), [("cutout", (30, 20), "RGBA"), ("large", (200, 1400), "RGB")])
async def test_what_a_photo_would_lose_comes_as_a_file(
    shopper: Person, slug: str, size: tuple[int, int], bands: str
) -> None:
    """Transparent, or larger than a photo is shown: the photo, and the picture itself below it."""
    answer = await _buys(shopper, slug)
    assert answer.photo is not None
    (file,) = await _below(shopper, answer, 1)
    assert file.document is not None
    picture = Image.open(io.BytesIO(file.document))
    assert (picture.size, "".join(picture.getbands())) == (size, bands)


@pytest.mark.parametrize("size", [(101, 67), (67, 101)])
async def test_a_photo_comes_back_in_its_shape(shopper: Person, size: tuple[int, int]) -> None:
    await opens_form(shopper, "enlarged")
    await shopper.sends_photo(png(waves(*size)))
    await shopper.presses("🎨")
    answer = await shopper.sees_photo("баланс 9,00", within=30.0)
    assert answer.photo is not None
    assert Image.open(io.BytesIO(answer.photo)).size == (2 * size[0], 2 * size[1])


async def _is_paid_back(shop: Stage, person: Person) -> None:
    told = await person.sees("Ответ не удалось вам доставить.")
    assert told.holds("Вернулось вам: 1,00 кредит. Баланс: 10,00")
    assert await balance(shop, person) == 1000
    await person.sees("баланс 9,00")  # what has arrived stays


async def test_an_album_that_is_refused_comes_one_by_one(shop: Stage, shopper: Person) -> None:
    """Each in the form that is taken: one of them as a file, which bears its output's name."""
    await shop.sandbox.fault("sendMediaGroup", "400", times=1, chat_id=shopper.id, **REFUSAL)
    answer = await _buys(shopper, "two")
    chart, sketch = await _below(shopper, answer, 2)
    assert chart.photo is not None
    assert sketch.photo is not None
    await shopper.says("/history")
    await shopper.presses("Tiny")
    opened = await shopper.sees_button("📎 Файлы")
    await shop.sandbox.fault("sendMediaGroup", "400", times=1, chat_id=shopper.id, **REFUSAL)
    await shop.sandbox.fault("sendPhoto", "400", times=2, chat_id=shopper.id, **REFUSAL)
    await shopper.presses("📎 Файлы")
    files = await _below(shopper, opened, 2)
    assert [file.file_name for file in files] == ["chart.png", "sketch.png"]


async def test_what_has_arrived_is_not_sent_again(shop: Stage, shopper: Person) -> None:
    """Eleven more pictures: ten together, and one that finds Telegram busy at first."""
    await shop.sandbox.fault("sendPhoto", "429", times=1, chat_id=shopper.id)
    answer = await _buys(shopper, "many")
    below = await _below(shopper, answer, 11)
    await shopper.never_sees("Ответ не удалось")
    below = await _below(shopper, answer, 11)
    assert [each.text for each in below] == [f"P{number}" for number in range(1, 12)]
    assert len({each.raw.get("media_group_id") for each in below[:10]}) == 1


async def test_a_table_that_is_refused_is_told(shop: Stage, shopper: Person) -> None:
    await shop.sandbox.fault("sendDocument", "400", times=1, chat_id=shopper.id, **REFUSAL)
    answer = await _buys(shopper, "long")
    (told,) = await _below(shopper, answer, 1)
    assert told.holds("59,29.0") or told.holds("60,29.5")
    assert await balance(shop, shopper) == 900


async def test_numbers_that_cannot_be_handed_over_are_paid_back(shop: Stage, shopper: Person) -> None:
    """A thousand of them are no message; the owner hears of it."""
    owner = await shop.sandbox.person("Ольга", id=OWNER_ID)
    await owner.says("/start")
    await shop.sandbox.fault("sendDocument", "400", times=1, chat_id=shopper.id, **REFUSAL)
    await _buys(shopper, "huge")
    await _is_paid_back(shop, shopper)
    await owner.sees("Ответ модели «Tiny» не удалось доставить")


async def test_a_picture_that_cannot_be_handed_over_is_paid_back(shop: Stage, shopper: Person) -> None:
    await shop.sandbox.fault("sendMediaGroup", "400", times=1, chat_id=shopper.id, **REFUSAL)
    answer = await _buys(shopper, "two")
    await _below(shopper, answer, 2)
    await shop.sandbox.fault("sendMediaGroup", "400", times=1, chat_id=shopper.id, **REFUSAL)
    await shop.sandbox.fault("sendPhoto", "400", times=2, chat_id=shopper.id, **REFUSAL)
    await shop.sandbox.fault("sendDocument", "400", times=2, chat_id=shopper.id, **REFUSAL)
    await orders(shopper, "two")
    told = await shopper.sees("Ответ не удалось вам доставить.")
    assert told.holds("Баланс: 9,00")
    assert [each for each in await shopper.looks() if "График не удалось отправить" in each.text]


async def test_words_are_not_all_where_a_picture_was_bought(shop: Stage, shopper: Person) -> None:
    """The classes could be told; the picture beside them cannot."""
    await shop.sandbox.fault("editMessageMedia", "400", times=2, chat_id=shopper.id, **REFUSAL)
    await orders(shopper, "two")
    await shopper.sees("Ответ не удалось вам доставить.")
    assert await balance(shop, shopper) == 1000
    await shopper.never_sees("Sketch")


async def test_an_extra_that_is_refused_is_named_and_can_be_had(shop: Stage, shopper: Person) -> None:
    """The photo has come; only its file has not."""
    await shop.sandbox.fault("sendDocument", "400", times=1, chat_id=shopper.id, **REFUSAL)
    answer = await _buys(shopper, "cutout")
    (told,) = await _below(shopper, answer, 1)
    assert told.holds("Файл «Cutout» не удалось отправить")
    assert await balance(shop, shopper) == 900
    await shopper.presses("📎 Файлы")
    _, file = await _below(shopper, answer, 2)
    assert file.file_name == "cutout.png"


async def test_the_history_has_it_once_more(shopper: Person) -> None:
    await _buys(shopper, "long")
    await shopper.says("/history")
    await shopper.presses("Tiny")
    opened = await shopper.sees_button("📎 Файлы")
    await shopper.presses("📎 Файлы")
    (table,) = await _below(shopper, opened, 1)
    assert table.file_name == "long.csv"
    await _buys_again(shopper, "short")
    await shopper.says("/history")
    await shopper.presses("Tiny")
    opened = await shopper.sees("Path: 0,00")
    assert "📎 Файлы" not in opened.buttons


async def _buys_again(person: Person, slug: str) -> None:
    await orders(person, slug)
    await person.sees("баланс 8,00", within=30.0)


async def test_a_long_text_comes_whole_as_a_file(shopper: Person) -> None:
    answer = await _buys(shopper, "poem")
    assert answer.holds("Said: слово слово")
    assert "КОНЕЦ" not in answer.text
    (file,) = await _below(shopper, answer, 1)
    assert file.document is not None
    assert (file.text, file.file_name, file.document.decode()) == ("Said", "said.txt", POEM)


async def test_a_short_text_is_no_file(shopper: Person) -> None:
    answer = await _buys(shopper, "word")
    assert answer.holds("Said: short")
    await shopper.never_sees(re.compile("^Said$"))
