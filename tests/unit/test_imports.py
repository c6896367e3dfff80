"""What must not depend on which module happens to be imported first."""

import subprocess
import sys

import pytest

from db.migrate import MIGRATIONS

UNTYPED = """
import {module}
from db.base import Base
for table in Base.metadata.tables.values():
    for column in table.columns:
        assert not column.type._isnull, column
"""


@pytest.mark.parametrize("module", ["db.tables.billing", "db.base", "services.billing.ledger"])
def test_columns_have_their_types_whatever_comes_first(module: str) -> None:
    """A statement built over an untyped foreign key would not convert its values."""
    script = UNTYPED.format(module=module)
    _runs(script)


ASSISTANTS = """
import asyncio, sys
from pathlib import Path
from bot.startup import import_quickly
import_quickly()
from bot.wiring.inference import RUNTIMES
from services.manifests.manifest import Manifest, with_runtime
runtime = {"kind": "chat", "url": "http://127.0.0.1:9", "model": "m", "context": 4096}
told = {"slug": "sage", "version": "1", "title": "Sage", "price": "0", "runtime": runtime}
manifest = Manifest.model_validate(with_runtime(told, RUNTIMES.specs))
async def main():
    RUNTIMES.of(manifest).open(manifest, Path())
asyncio.run(main())
for name in ("openai", "httpx2", "httpcore2", "jiter"):
    assert name not in sys.modules, name
"""


def test_the_client_of_assistants_is_loaded_when_one_is_asked() -> None:
    """Not by a shop that has none, and not while the shop starts: it takes half a second and 16 MB."""
    _runs(ASSISTANTS)


def test_kinds_of_runtimes_need_no_database() -> None:
    """A process that runs or measures a model, and nothing else, is 26 MB smaller without."""
    script = "import sys, bot.wiring.inference\nassert 'sqlalchemy' not in sys.modules"
    _runs(script)


def _runs(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=MIGRATIONS.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
