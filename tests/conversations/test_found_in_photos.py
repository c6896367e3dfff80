"""Detectors and segmenters: what they find is drawn over the customer's photo and told in words."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from sandbox.client.person import Person
from sandbox.client.screen import Message
from tests.conversations.shopping import opens_form
from tests.conversations.stage import Stage, open_stage
from tests.support.databases import SqliteServer
from tests.support.waiting import until
from tests.unit.inference import test_boxes, test_masks
from tests.unit.inference.models import FLOAT, graph, node, weight, write_model
from tests.unit.inference.test_boxes import CAT, DOG, KINDS, detector
from tests.unit.inference.test_masks import CLASSES, LEFT, THIRDS
from tests.unit.inference.test_preparation import png

MANY = [[*CAT[:4], 0.9 - step / 100, step % 2] for step in range(12)]


def _segmenter(mask: object) -> bytes:
    found = weight("found", [mask])
    outputs = [("Y", FLOAT, [1, 8, 8])]
    return graph([node("Identity", ["found"], ["Y"])], [("X", FLOAT, [1, 3, 8, 8])], outputs, [found])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    for slug, found in {"pair": [DOG, CAT], "many": MANY, "none": [[*CAT[:4], 0.1, 0]]}.items():
        tables = test_boxes.MANIFEST.format(prepare="", keys=KINDS)
        write_model(store, detector(Y=found), tables, slug=slug, runtime="max_batch = 1\n")
    for slug, mask, keys in (
        ("classes", THIRDS, f'holds = "index"\nbackground = "sky"\n{CLASSES}'),
        ("half", LEFT, ""),
        ("cut", LEFT, "cutout = true\n"),
    ):
        write_model(store, _segmenter(mask), test_masks.MANIFEST.format(prepare="", keys=keys), slug=slug)
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def _buys(person: Person, slug: str) -> Message:
    await opens_form(person, slug)
    await person.sends_file("photo.png", png(Image.new("RGB", (320, 200), "white")))
    await person.sees_button("🔮")
    await person.presses("🔮")
    return await person.sees("баланс 9,00", within=30.0)


async def test_what_was_found_is_drawn_and_told(shopper: Person) -> None:
    answer = await _buys(shopper, "pair")
    assert answer.photo is not None
    assert answer.holds("Animals: найдено: 2\nкот 90 % · dog 60 %")


async def test_of_many_the_kinds_are_counted(shopper: Person) -> None:
    answer = await _buys(shopper, "many")
    assert answer.holds("Animals: найдено: 12\nкот × 6 · dog × 6")


async def test_nothing_found_is_an_answer(shopper: Person) -> None:
    answer = await _buys(shopper, "none")
    assert answer.photo is None
    assert answer.holds("Animals: ничего не найдено")


async def test_a_mask_has_a_legend(shopper: Person) -> None:
    answer = await _buys(shopper, "classes")
    assert answer.photo is not None
    assert answer.holds("Seen: 🟥 cat, 38 %\n🟦 dog 12 %")


async def test_a_mask_of_one_thing(shopper: Person) -> None:
    answer = await _buys(shopper, "half")
    assert answer.photo is not None
    assert answer.holds("Seen: 50 % фото")


async def test_what_was_cut_out_comes_as_a_file_too(shopper: Person) -> None:
    answer = await _buys(shopper, "cut")
    assert answer.photo is not None

    async def come() -> Message | None:
        return next((each for each in await shopper.looks() if each.file_name == "seen.png"), None)

    assert await until(come)
