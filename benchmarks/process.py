"""The real process `kassandra run` under the sandbox: seconds from its start to the first answered update, those of the
processor too, and its resident memory idle and after 10,000 predictions."""

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks.finding import ROUNDS, Finding
from db.base import table_of
from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from db.tables.predictions import Prediction
from db.tables.users import User
from sandbox.testing import new_token, new_world, sandbox_process
from services.billing import ledger
from services.clock import system_clock
from services.manifests.manifest import load_manifest
from services.predictions.submit import Order, submit
from services.values.samples import example_row

ROOT = Path(__file__).parents[1]
WINE = ROOT / "models_store" / "wine"
PREDICTIONS = 10_000
WARM = 5_000
AT_ONCE = 32
WITHIN_SECONDS = 60.0
FLAT = 1.05
START_SECONDS = 1.5


def measure() -> list[Finding]:
    return asyncio.run(_measure())


async def _measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        async with sandbox_process() as url:
            first = await _start(url, f"{folder}/first.db")
            upgrade(f"sqlite:///{folder}/shop.db")
            again = [await _start(url, f"{folder}/shop.db") for _ in range(ROUNDS)]
            idle, warm, after = await _memory(url, f"{folder}/shop.db")
    start, used = (statistics.median(seconds) for seconds in zip(*again, strict=True))
    name = "From the process's start to its first answered /start"
    met, target = start <= START_SECONDS, f"≤ {START_SECONDS} s"
    return [
        Finding(name=name, ours=f"{start:.2f} s", limit="—", result=f"{start:.2f} s", target=target, met=met),
        Finding(name=f"{name}, the processor's time", ours=f"{used:.2f} s", limit="—", result="", target="—", met=None),
        Finding(name=f"{name}, new database", ours=f"{first[0]:.2f} s", limit="—", result="", target="—", met=None),
        Finding(
            name=f"Resident memory after {PREDICTIONS:,} predictions, against {WARM:,} (idle: {idle:.0f} MB)",
            ours=f"{after:.0f} MB",
            limit=f"{warm:.0f} MB",
            result=f"{after / warm:.2f}",
            target=f"≤ {FLAT}, flat",
            met=after / warm <= FLAT,
        ),
    ]


async def _start(url: str, database: str) -> tuple[float, float]:
    """Seconds, and those of the processor. The update is there already; it ends with the answer in the chat."""
    async with new_world(url, token=new_token()) as sandbox:
        anna = await sandbox.person("Anna", language_code="en")
        await anna.says("/start")
        started = time.perf_counter()
        async with shop(url, sandbox.token or "", database) as pid:
            await anna.sees("", within=WITHIN_SECONDS)
            return time.perf_counter() - started, _used(pid)


async def _memory(url: str, database: str) -> tuple[float, float, float]:
    """MB: idle, after `WARM` predictions, after `PREDICTIONS`."""
    async with new_world(url, token=new_token()) as sandbox:
        anna = await sandbox.person("Anna", language_code="en")
        async with shop(url, sandbox.token or "", database) as pid:
            await anna.says("/balance")
            await anna.sees("Balance", within=WITHIN_SECONDS)
            idle = resident(pid)
            db = Database(f"sqlite+aiosqlite:///{database}")
            people = await customers(db, AT_ONCE)
            await _sell(db, people, WARM)
            warm = resident(pid)
            await _sell(db, people, PREDICTIONS - WARM)
            after = resident(pid)
            await db.close()
    return idle, warm, after


@asynccontextmanager
async def shop(url: str, token: str, database: str, **settings: str) -> AsyncIterator[int]:
    """`kassandra run`; its process id."""
    environment = os.environ | {
        "BOT_TOKEN": token,
        "TELEGRAM_API_URL": url,
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "WEB_PORT": "0",
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", env=environment, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def customers(db: Database, count: int) -> list[int]:
    """They blocked the bot, so that what is measured does not wait for Telegram's pace."""
    return [await db.write(_customer, number) for number in range(count)]


def _customer(session: Session, number: int) -> int:
    now, users = system_clock(), table_of(User)
    row = {
        "telegram_id": 5_000_000 + number, "first_name": "Anna", "language": "en", "language_chosen": False,
        "balance": 0, "bonus_muted": False, "created_at": now, "last_seen_at": now, "blocked_at": now,
    }  # fmt: skip
    user: int = session.execute(users.insert().values(row).returning(users.c.id)).scalar_one()
    kind = TransactionKind.GRANT
    ledger.grant(session, user_id=user, amount=10_000_000, kind=kind, key=f"bench:{user}", now=now)
    return user


async def _sell(db: Database, customers: list[int], count: int) -> None:
    """Sold here, run by the process; until all are settled."""
    manifest = load_manifest(WINE)
    inputs = dict(example_row(manifest, WINE).values)
    numbers = iter(range(count))

    async def buy(user: int) -> None:
        for _ in numbers:
            order = Order(
                user_id=user,
                model_slug=manifest.slug,
                model_version=manifest.version,
                inputs=inputs,
                price=manifest.price_hundredths,
                request_key=uuid4().hex,
            )
            await db.write(submit, order, uuid4(), system_clock())

    await asyncio.gather(*(buy(user) for user in customers))
    unfinished = select(func.count()).select_from(table_of(Prediction)).where(Prediction.finished_at.is_(None))
    while await db.read(lambda session: session.scalar(unfinished)):  # noqa: ASYNC110 - another process works
        await asyncio.sleep(0.2)


def _used(pid: int) -> float:
    """Seconds of the processor's time that the process has had."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MB of memory that the process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"/proc/{pid}/status tells no VmRSS")
