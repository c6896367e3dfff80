"""`kassandra reconcile` and `kassandra doctor` as an operator types them."""

import asyncio
from pathlib import Path

import pytest

from sandbox.testing import new_world, running_sandbox
from tests.integration.cli.test_commands import TOKEN, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


async def test_reconcile_and_doctor_of_a_sound_shop(shell: Shell) -> None:
    async with running_sandbox() as url, new_world(url) as sandbox:
        shop = await sandbox.shop()
        environment = {
            "BOT_TOKEN": str(sandbox.token),
            "TELEGRAM_API_URL": url,
            "OWNER_IDS": "1",
            "YOOKASSA_SHOP_ID": shop.shop_id,
            "YOOKASSA_SECRET_KEY": shop.secret_key,
            "YOOKASSA_API_URL": shop.api_url,
        }
        assert "kassandra migrate" in await _fails(shell, "reconcile", **environment)
        shell.has_tables()
        assert await _run(shell, "reconcile", **environment) == (0, "0 changed, 0 notifications handled.\n")
        code, said = await _run(shell, "doctor", **environment)
        assert code == 0, said
        assert said.endswith("Everything a shop needs is there.\n")
        code, said = await _run(shell, "doctor", **environment | {"YOOKASSA_SECRET_KEY": "test_wrong"})
        assert code == 1
        assert "FAIL yookassa" in said
        assert "test_wrong" not in said
        assert said.endswith("1 to mend.\n")


def test_without_yookassa(shell: Shell) -> None:
    shell.has_tables()
    code, said, _ = shell.run("reconcile", BOT_TOKEN=TOKEN)
    assert (code, said) == (1, "This shop takes no payments; not set: YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY.\n")


async def _run(shell: Shell, *arguments: str, **environment: str) -> tuple[int, str]:
    """Beside the sandbox, which lives in this process."""
    code, said, _ = await asyncio.to_thread(shell.run, *arguments, **environment)
    return code, said


async def _fails(shell: Shell, *arguments: str, **environment: str) -> str:
    return await asyncio.to_thread(shell.fails, *arguments, **environment)
