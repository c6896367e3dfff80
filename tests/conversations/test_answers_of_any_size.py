"""Numbers that no line was made for, and answers that no longer fit their manifest: what was paid for is told."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from db.base import table_of
from db.tables.predictions import Prediction
from sandbox.client.person import Person
from tests.conversations.shopping import orders
from tests.conversations.stage import Stage, open_stage
from tests.conversations.test_enclosures import BARS, SERIES
from tests.support.databases import SqliteServer
from tests.unit.inference.models import DOUBLE, FLOAT, NUMBER_X, NUMBER_Y, graph, node, weight, write_model

TIMES = [node("Cast", ["X"], ["x"], to=11), node("Mul", ["x", "k"], ["Y"])]


def _times(*factors: float) -> bytes:
    wide = weight("k", [list(factors)], "float64")
    return graph(TIMES, [("X", FLOAT, ["N", 1])], [("Y", DOUBLE, ["N", len(factors)])], [wide])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    question = NUMBER_X.replace("label", "example = 0.5\nlabel")
    for slug, factor in (("huge", 1e300), ("large", 1e26), ("small", 1e-20)):
        write_model(store, _times(factor), question + NUMBER_Y, slug=slug)
    write_model(store, _times(*[1e30] * 3), question + SERIES, slug="few")
    write_model(store, _times(*[1e300 * (1 + step) for step in range(60)]), question + SERIES, slug="many")
    halves = [node("Sub", ["one", "X"], ["rest"]), node("Concat", ["X", "rest"], ["P"], axis=1)]
    both = graph(halves, [("X", FLOAT, ["N", 1])], [("P", FLOAT, ["N", 2])], [weight("one", 1.0)])
    write_model(store, both, question.replace("label", "min = 0\nmax = 1\nlabel") + BARS, slug="kinds")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def anna(shop: Stage) -> AsyncIterator[Person]:
    yield await shop.person("Анна", "ru")
    await shop.books_hold()


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("huge", "5·10²⁹⁹"),
        ("large", "5·10²⁵"),
        ("small", "5·10⁻²¹"),
        ("few", "5·10²⁹ · 5·10²⁹ · 5·10²⁹"),
        ("many", "в начале 5·10²⁹⁹, в конце 3·10³⁰¹"),
    ],
)
async def test_an_answer_of_any_size_is_told(anna: Person, slug: str, words: str) -> None:
    """At once and from the history."""
    await orders(anna, slug)
    await anna.sees(words)
    await anna.says("/history")
    await anna.presses("Tiny")
    assert words in (await anna.sees("1,00 кредит · ")).text


@pytest.mark.parametrize(
    ("kept", "words"),
    [({"kind": {"value": "cat", "probabilities": {"cat": "much"}}}, "much"), ({"older": [1.5, "x"]}, "older: [1.5")],
)
async def test_an_answer_that_does_not_fit_its_manifest_is_told_as_it_is_kept(
    shop: Stage, anna: Person, kept: dict[str, object], words: str
) -> None:
    """Of another version of the model, or of a fault."""
    await orders(anna, "kinds")
    await anna.sees("баланс 9,00")
    table = table_of(Prediction)
    changed = table.update().where(table.c.model_slug == "kinds").values(result={"outputs": kept, "advice": None})
    await shop.app.db.write(lambda session: session.execute(changed) and None)
    await anna.says("/history")
    await anna.presses("Tiny")
    assert words in (await anna.sees("1,00 кредит · ")).text
