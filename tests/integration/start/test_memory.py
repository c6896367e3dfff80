"""What an idle process holds, of each part and of all in one, with the three models of the shop."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from db.migrate import upgrade
from sandbox.testing import new_token, new_world, sandbox_process
from tests.support.memory import resident
from tests.support.waiting import until

HEAVY = frozenset({"PIL", "alembic", "fastapi", "matplotlib", "numpy", "onnx", "onnxruntime", "uvicorn", "yookassa"})
"""What only some parts need."""
UNUSED = frozenset({"sqlalchemy.dialects.postgresql"})
"""What nothing needs in a shop on SQLite."""
PARTS = {  # megabytes at most, a twentieth more than was measured; what it needs of the heavy
    "bot": (136, set()),
    "web": (151, {"fastapi", "uvicorn"}),
    "scheduler": (123, set()),
    "worker": (190, {"PIL", "numpy", "onnxruntime"}),
    "run": (237, {"PIL", "fastapi", "numpy", "onnxruntime", "uvicorn"}),
}
SETTLES = 4.0  # seconds after the start


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells what a process holds")
@pytest.mark.parametrize(
    "part", [part if part == "run" else pytest.param(part, marks=pytest.mark.slow) for part in PARTS]
)
async def test_an_idle_part_holds_what_it_needs(part: str, tmp_path: Path) -> None:
    most, needed = PARTS[part]
    async with _idle(part, tmp_path) as pid:
        names = set(_imported(tmp_path))
        assert not UNUSED & names
        imported = {name.partition(".")[0] for name in names}
        assert HEAVY & imported == needed
        assert resident(pid) <= most


@asynccontextmanager
async def _idle(part: str, folder: Path) -> AsyncIterator[int]:
    """The process of a shop without YooKassa, that has answered its first update where it talks. Packages that only
    developers have are not there."""
    (folder / "rich.py").write_text("raise ImportError")
    upgrade(f"sqlite:///{folder}/shop.db")
    async with sandbox_process() as url, new_world(url, token=new_token()) as sandbox:
        anna = await sandbox.person("Anna", language_code="en")
        await anna.says("/balance")
        environment = os.environ | {
            "BOT_TOKEN": sandbox.token or "",
            "TELEGRAM_API_URL": url,
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/shop.db",
            "PYTHONPATH": str(folder),
            "WEB_PORT": "0",
        }
        with (folder / "imports").open("wb") as imports, (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-X", "importtime", "-m", "bot", part), env=environment, stderr=imports, stdout=log
            )
        try:
            if part in ("bot", "run"):
                await anna.sees("Balance", within=60)
            await until(lambda: _said(folder, "started"), seconds=60)
            await asyncio.sleep(SETTLES)
            yield process.pid
        finally:
            process.terminate()
            await process.wait()


async def _said(folder: Path, words: str) -> bool:
    text = await asyncio.to_thread((folder / "log").read_text)
    return words in text or words in await asyncio.to_thread((folder / "imports").read_text)


def _imported(folder: Path) -> list[str]:
    lines = (folder / "imports").read_text().splitlines()
    return [line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")]
