"""What Telegram does not take as a photo arrives in another form; what it takes in none is paid back."""

import io
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from PIL import Image

from sandbox.client.person import Person
from sandbox.client.screen import Message
from tests.conversations.shopping import STORE, balance, bought, orders
from tests.conversations.stage import OWNER_ID, Stage, open_stage
from tests.support.databases import SqliteServer
from tests.unit.inference.models import FLOAT, NUMBER_X, graph, node, weight, write_model

PICTURE = '[[outputs]]\nname = "painted"\ntype = "image"\nlabel = "Painted"\ntensor = "Y"\n'
REFUSAL = {"description": "Bad Request: IMAGE_PROCESS_FAILED"}
PAID_BACK = "Ответ не удалось вам доставить."


def _plain(height: int, width: int) -> bytes:
    """A picture of that size, all of the colour X."""
    reshape = node("Reshape", ["X", "one"], ["point"])
    return graph(
        [reshape, node("Expand", ["point", "shape"], ["Y"])],
        [("X", FLOAT, ["N", 1])],
        [("Y", FLOAT, [1, 3, height, width])],
        [weight("one", [1, 1, 1, 1], "int64"), weight("shape", [1, 3, height, width], "int64")],
    )


def _noise(side: int) -> bytes:
    """A picture that no PNG makes small, transparent in places, so it is no JPEG."""
    nodes = [
        node("RandomUniform", [], ["noise"], shape=[1, 4, side, side]),
        node("Reshape", ["X", "one"], ["point"]),
        node("Mul", ["point", "zero"], ["nothing"]),
        node("Add", ["noise", "nothing"], ["Y"]),
    ]
    return graph(
        nodes,
        [("X", FLOAT, ["N", 1])],
        [("Y", FLOAT, [1, 4, side, side])],
        [weight("one", [1, 1, 1, 1], "int64"), weight("zero", 0.0)],
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    question = NUMBER_X.replace("label", "example = 0\nlabel")
    one = "max_batch = 1"
    for slug, data in (("narrow", _plain(1, 400)), ("wide", _plain(500, 9600)), ("heavy", _noise(1700))):
        write_model(store, data, question + PICTURE, slug=slug, runtime=one)
    write_model(store, _plain(8, 8), question + PICTURE, slug="small", runtime=one)
    (store / "wine").symlink_to(STORE / "wine")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def _documents(person: Person) -> Sequence[Message]:
    return [each for each in await person.looks() if each.from_bot and each.document is not None]


@pytest.mark.parametrize(("slug", "size"), [("narrow", (400, 1)), ("wide", (9600, 500)), ("heavy", (1700, 1700))])
async def test_a_picture_beyond_the_limits_of_photos_is_a_file(
    shop: Stage, shopper: Person, slug: str, size: tuple[int, int]
) -> None:
    """The very points that the model painted, in the place of the progress; no photo is tried."""
    calls = len(await shop.sandbox.log())
    await orders(shopper, slug)
    answer = await shopper.sees("баланс 9,00", within=30.0)
    assert answer.document is not None
    assert Image.open(io.BytesIO(answer.document)).size == size
    assert answer.file_name == "painted.png"
    assert not [call for call in (await shop.sandbox.log())[calls:] if call["ok"] is False]
    assert "🔁 Ещё раз" in answer.buttons


async def test_from_the_history_it_is_a_file_too(shop: Stage, shopper: Person) -> None:
    await orders(shopper, "narrow")
    await shopper.sees("баланс 9,00")
    await shopper.says("/history")
    await shopper.presses("Tiny")
    opened = await shopper.sees("1,00 кредит · ")
    assert opened.document is not None
    await shopper.presses("Назад")
    await shopper.sees("История")


async def test_a_photo_that_is_refused_comes_as_a_file(shop: Stage, shopper: Person) -> None:
    """Refused for whatever reason: once for the answer, once when it is opened again."""
    await shop.sandbox.fault("editMessageMedia", "400", times=1, chat_id=shopper.id, **REFUSAL)
    await orders(shopper, "small")
    assert (await shopper.sees("баланс 9,00")).document is not None
    await shopper.says("/history")
    await shop.sandbox.fault("editMessageMedia", "400", times=1, chat_id=shopper.id, **REFUSAL)
    await shopper.presses("Tiny")
    assert (await shopper.sees("1,00 кредит · ")).document is not None
    assert len(await _documents(shopper)) == 2


async def test_a_chart_that_is_refused_leaves_the_words(shop: Stage, shopper: Person) -> None:
    await shopper.says("/start model_wine")
    await shopper.presses("▶️")
    await shopper.sees("1/")
    await shopper.says("14.23 1.71 2.43 15.6 127 2.8 3.06 0.28 2.29 5.64 1.04 3.92 1065")
    await shopper.sees_button("🔮")
    await shop.sandbox.fault("editMessageMedia", "400", times=2, chat_id=shopper.id, **REFUSAL)
    await shopper.presses("🔮")
    answer = await shopper.sees("Бароло")
    assert (answer.photo, answer.document) == (None, None)
    assert await balance(shop, shopper) == 900


async def test_what_is_refused_in_every_form_is_paid_back(shop: Stage, shopper: Person) -> None:
    """A picture cannot be told in words: the credit comes back, once; the owner hears of it, once."""
    owner = await shop.sandbox.person("Ольга", id=OWNER_ID)
    await owner.says("/start")
    for person in (shopper, await shop.person("John", "ru")):
        await shop.sandbox.fault("editMessageMedia", "400", times=2, chat_id=person.id, **REFUSAL)
        await orders(person, "small")
        told = await person.sees(PAID_BACK)
        assert told.holds("Вернулось вам: 1,00 кредит. Баланс: 10,00")
        assert await balance(shop, person) == 1000
        assert not [each for each in await person.looks() if "модель работает" in each.text.lower()]
        await person.says("/history")
        await person.presses("Tiny")
        await person.sees(PAID_BACK)
        assert await bought(shop, person) == 1
    notification = "Ответ модели «Tiny» не удалось доставить"
    await owner.sees(notification)
    assert sum(notification in each.text for each in await owner.looks()) == 1
