"""A model that asks for two pictures: one after the other, or both in one album."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from sandbox.client.person import Person
from tests.conversations.shopping import opens_form
from tests.conversations.stage import Stage, open_stage
from tests.support.databases import SqliteServer
from tests.unit.inference.models import FLOAT, graph, node, weight, write_model
from tests.unit.inference.test_preparation import png

TABLES = """
[[inputs]]
name = "before"
type = "image"
label = { ru = "До", en = "Before" }
prepare = { size = [8, 8] }
tensor = { name = "A" }

[[inputs]]
name = "after"
type = "image"
label = { ru = "После", en = "After" }
prepare = { size = [8, 8] }
tensor = { name = "B" }

[[outputs]]
name = "change"
type = "number"
label = { ru = "Светлее на", en = "Lighter by" }
tensor = "Y"
"""
BLACK, WHITE = (png(Image.new("RGB", (20, 20), colour)) for colour in ("black", "white"))


def _lighter() -> bytes:
    """How much lighter B is than A, 0 to 1."""
    nodes = [node("Sub", ["B", "A"], ["d"]), node("ReduceMean", ["d"], ["m"], axes=[1, 2, 3], keepdims=0)]
    nodes.append(node("Mul", ["m", "one"], ["Y"]))
    shape: list[int | str] = ["N", 3, 8, 8]
    return graph(nodes, [("A", FLOAT, shape), ("B", FLOAT, shape)], [("Y", FLOAT, ["N"])], [weight("one", 1.0)])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    write_model(store, _lighter(), TABLES, slug="lighter")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def test_one_after_the_other(shopper: Person) -> None:
    await opens_form(shopper, "lighter")
    await shopper.sends_file("before.png", BLACK)
    await shopper.sees("2/2")
    await shopper.sends_file("after.png", WHITE)
    await shopper.presses("🔮")
    await shopper.sees("Светлее на: 1,00", within=30.0)


async def test_both_in_one_album(shopper: Person) -> None:
    """The first answers the first question, the second the next."""
    await opens_form(shopper, "lighter")
    await shopper.sends_file("before.png", WHITE, album="7")
    await shopper.sends_file("after.png", BLACK, album="7")
    await shopper.sees("До: картинка")
    await shopper.presses("🔮")
    await shopper.sees("Светлее на: −1,00", within=30.0)
