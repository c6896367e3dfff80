"""A recurrent model: its state is nobody's question."""

import pytest

from tests.conversations.shopping import opens_form
from tests.conversations.stage import open_stage
from tests.support.databases import SqliteServer
from tests.unit.authoring.test_meanings import recurrent
from tests.unit.inference.models import write_model
from tests.unit.inference.test_recurrent import alone, tables


@pytest.mark.asyncio(loop_scope="session")
async def test_only_the_table_is_asked_for(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = tmp_path_factory.mktemp("store")
    write_model(store, recurrent(), tables(), slug="days")
    async with open_stage(sandbox_url, sqlite_server, store) as shop:
        anna = await shop.person("Анна", "ru")
        await opens_form(anna, "days")
        await anna.sees("1/1")
        await anna.says("1;2;3\n4;5;6")
        await anna.presses("🔮")
        answer = f"{alone([[1, 2, 3], [4, 5, 6]]):.4f}".replace(".", ",").replace("-", "−")
        await anna.sees(f"Итог: {answer}", within=30.0)
        await shop.books_hold()
