"""`kassandra reconcile` and `kassandra doctor` as an operator types them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from sandbox.testing import new_world, running_sandbox
from services.money import rub
from services.payments.mark import Mark, MarkSigner, Paid
from services.payments.providers.base import NewPayment
from services.payments.providers.yookassa.provider import YooKassa
from tests.integration.cli.test_commands import TOKEN, Here, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def here(tmp_path: Path) -> Shell:
    return Here(tmp_path)


@pytest.mark.slow
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


async def test_a_lost_payment_is_seen_by_doctor_and_found_by_reconcile(shell: Shell) -> None:
    """The disk is lost: the database is new, YooKassa is not."""
    async with running_sandbox() as url, new_world(url) as sandbox:
        shop, token = await sandbox.shop(), str(sandbox.token)
        environment = {
            "BOT_TOKEN": token,
            "TELEGRAM_API_URL": url,
            "OWNER_IDS": "1",
            "YOOKASSA_SHOP_ID": shop.shop_id,
            "YOOKASSA_SECRET_KEY": shop.secret_key,
            "YOOKASSA_API_URL": shop.api_url,
        }
        provider = YooKassa(shop_id=shop.shop_id, secret_key=shop.secret_key, api_url=shop.api_url)
        number, signer = uuid4(), MarkSigner.of(token.partition(":")[0], token, shop.secret_key)
        mark = Mark(payment_id=number, telegram_id=4711, credits=3000, valid_days=None)
        paid = Paid(account=shop.shop_id, amount=rub(300_00), test=True)
        for each, signs in ((number, signer.sign(mark, paid)), (uuid4(), {})):
            order = NewPayment(
                id=each,
                amount=rub(300_00),
                description="Кредиты",
                return_url="https://t.me/shop",
                mark=signs,
            )
            await shop.pays((await provider.create(order)).id)
        provider.close()
        shell.has_tables()
        code, said = await _run(shell, "doctor", **environment)
        assert (code, "1 paid payments of this shop are not in them (300.00 RUB)" in said) == (1, True), said
        assert f"run: kassandra reconcile --since {datetime.now(UTC).date()}" in said
        day = (datetime.now(UTC) - timedelta(days=1)).date()
        code, said = await _run(shell, "reconcile", "--since", str(day), **environment)
        found, other, end = said.splitlines()
        assert code == 0
        assert found == (f"payment {number}: credited (300.00 RUB, 30.00 credits, user 1), found in YooKassa's list")
        assert other.startswith("not in our books, and may be ours: 300.00 RUB, ")
        assert end == "1 changed, 0 notifications handled."
        assert (await _run(shell, "reconcile", **environment))[1].endswith("0 changed, 0 notifications handled.\n")
        code, said = await _run(shell, "doctor", **environment)
        assert code == 0, said
        assert (await _run(shell, "audit", **environment))[0] == 0
        await shop.fault("500", "payments.list", copies=5)
        code, said = await _run(shell, "reconcile", "--since", str(day), **environment)
        assert (code, said.startswith("YooKassa did not give its list of payments")) == (1, True), said


def test_a_day_that_is_none(here: Shell) -> None:
    code, _, errors = here.run("reconcile", "--since", "yesterday", BOT_TOKEN=TOKEN)
    assert code == 2
    assert "a day such as 2026-11-20 is expected, not 'yesterday'" in errors


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("9999-12-31", "9999-12-31 is still to come"),
        pytest.param("2099-01-01", "2099-01-01 is still to come", marks=pytest.mark.slow),
        ("2009-12-31", "in 2009 YooKassa took no payments yet; 2010-01-01 is early enough"),
        pytest.param("0001-01-01", "in 1 YooKassa took no payments yet", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Moscow", pytest.param("America/New_York", marks=pytest.mark.slow)])
def test_a_day_without_payments(here: Shell, day: str, words: str, zone: str) -> None:
    """Nobody is asked, and nobody is told to try again."""
    code, said, errors = here.run(
        "reconcile",
        "--since",
        day,
        BOT_TOKEN=TOKEN,
        TIMEZONE=zone,
        YOOKASSA_SHOP_ID="1",
        YOOKASSA_SECRET_KEY="k",
        YOOKASSA_API_URL="http://127.0.0.1:1",
    )
    assert (code, said, errors.count("\n")) == (2, "", 1), errors
    assert errors.startswith(f"kassandra: --since: {words}")


def test_without_yookassa(here: Shell) -> None:
    here.has_tables()
    code, said, _ = here.run("reconcile", BOT_TOKEN=TOKEN)
    assert (code, said) == (1, "This shop takes no payments; not set: YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY.\n")


async def _run(shell: Shell, *arguments: str, **environment: str) -> tuple[int, str]:
    """Beside the sandbox, which lives in this process."""
    code, said, _ = await asyncio.to_thread(shell.run, *arguments, **environment)
    return code, said


async def _fails(shell: Shell, *arguments: str, **environment: str) -> str:
    return await asyncio.to_thread(shell.fails, *arguments, **environment)
