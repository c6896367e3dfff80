"""`kassandra presets export` and `import`: from one shop to another."""

import asyncio
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.users import AuditEntry
from services.clock import system_clock
from services.models.offers import Models
from tests.integration.cli.test_commands import Here, Shell
from tests.unit.models.runs import STORE


def open_shop(folder: Path, presets: str | None) -> Shell:
    """A shop that has run once with the model of wine."""
    folder.mkdir()
    shell = Here(folder)
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
    assert _audit_log(other) == ["preset.create"]  # the second time nothing was changed


def test_the_audit_log_tells_what_an_import_changed(tmp_path: Path) -> None:
    shop, file = open_shop(tmp_path / "shop", STYLE), tmp_path / "styles.toml"
    file.write_text(STYLE.replace("14.5", "13.5") + 'model = "wine"\nenabled = false\n')
    assert shop.run("presets", "import", str(file))[0] == 0
    assert _audit_log(shop) == ["preset.edit", "preset.disable"]


def _audit_log(shop: Shell) -> list[str]:
    """Actions of the shop itself."""

    async def read() -> list[str]:
        db = Database(shop.environment["DATABASE_URL"])
        found = await db.read(_actions)
        await db.close()
        return found

    return asyncio.run(read())


def _actions(session: Session) -> list[str]:
    mine = select(AuditEntry.action).where(AuditEntry.actor_user_id.is_(None)).order_by(AuditEntry.id)
    return list(session.scalars(mine))


@pytest.mark.slow
def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    shop = open_shop(tmp_path / "shop", None)
    file = tmp_path / "styles.toml"
    file.write_text(STYLE)
    assert "presets.strong.model: is missing" in shop.fails("presets", "import", str(file))
    file.write_text(STYLE + 'model = "wine"\nsample = "no.jpg"\n')
    assert 'there is no file "no.jpg"' in shop.fails("presets", "import", str(file))
    assert "cannot be read" in shop.fails("presets", "import", str(tmp_path / "none.toml"))
