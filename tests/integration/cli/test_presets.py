"""`kassandra presets export` and `import`: from one shop to another."""

import asyncio
import shutil
from pathlib import Path

import pytest

from db.engine import Database
from services.clock import system_clock
from services.models.offers import Models
from tests.integration.cli.test_commands import Shell
from tests.unit.models.runs import STORE


def open_shop(folder: Path, presets: str | None) -> Shell:
    """A shop that has run once with the model of wine."""
    folder.mkdir()
    shell = Shell(folder)
    store = folder / "store"
    shutil.copytree(STORE / "wine", store / "wine")
    if presets is not None:
        (store / "wine" / "presets.toml").write_text(presets, encoding="utf-8")
    shell.environment["MODELS_DIR"] = str(store)
    shell.has_tables()
    asyncio.run(_run_once(shell.environment["DATABASE_URL"], store))
    return shell


async def _run_once(url: str, store: Path) -> None:
    db = Database(url)
    await Models(db, system_clock, store).sync()
    await db.close()


STYLE = '[[presets]]\nslug = "strong"\nname = { ru = "Крепкое", en = "Strong" }\ninputs = { alcohol = 14.5 }\n'


def test_from_one_shop_to_another(tmp_path: Path) -> None:
    one, other = open_shop(tmp_path / "one", STYLE), open_shop(tmp_path / "other", None)
    file = str(tmp_path / "styles.toml")
    assert "there are no presets" in other.fails("presets", "export", file)
    assert one.run("presets", "export", file)[:2] == (0, f"Wrote 1 presets into {file}.\n")
    assert other.run("presets", "import", file)[:2] == (0, "1 new presets, 0 written over.\n")
    assert other.run("presets", "import", file)[:2] == (0, "0 new presets, 1 written over.\n")


@pytest.mark.slow
def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    shop = open_shop(tmp_path / "shop", None)
    file = tmp_path / "styles.toml"
    file.write_text(STYLE)
    assert "presets.strong.model: is missing" in shop.fails("presets", "import", str(file))
    file.write_text(STYLE + 'model = "wine"\nsample = "no.jpg"\n')
    assert 'there is no file "no.jpg"' in shop.fails("presets", "import", str(file))
    assert "cannot be read" in shop.fails("presets", "import", str(tmp_path / "none.toml"))
