"""Paid predictions a second, submit to settled, on an SQLite file; against bare sqlite3 writing the same rows."""

import asyncio
import itertools
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID, uuid4

import uvloop
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from benchmarks.finding import Finding, ratio_finding, rounds
from bot.wiring.inference import RUNTIMES
from db.base import JsonObject, table_of
from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from db.tables.outbox import OutboxMessage
from services.billing import audit, ledger
from services.clock import system_clock
from services.files.files import Files
from services.files.folder import FolderStore
from services.inference.engine import Engine
from services.manifests.manifest import Manifest, load_manifest
from services.models.offers import Models
from services.notifications.message_ref import MessageRef
from services.predictions.service import Predictions
from services.predictions.submit import Order
from services.predictions.worker import Worker
from services.users.accounts import Users, Visitor
from services.values.samples import example_row

CUSTOMERS = 64
SALES = 3_200  # a round
MODELS = Path(__file__).parents[1] / "models_store"
SLUG = "wine"


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        ours, limit = rounds(
            lambda: uvloop.run(sell(Path(folder) / f"shop{next(numbers)}.db")),
            lambda: _write_bare(Path(folder) / f"bare{next(numbers)}.db"),
        )
    name = f"Paid predictions, submit to settled, {CUSTOMERS} customers, against bare sqlite3"
    return [ratio_finding(name, ours, limit, unit="sales/s", target=0.2)]


class Settled:
    """Wakes a customer when the answer is settled: what the chat's edge learns from the outbox."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._event = asyncio.Event()
        self._last = 0
        self._waiters: dict[str, asyncio.Future[None]] = {}

    def told(self) -> None:
        self._event.set()

    def wait_for(self, prediction_id: UUID) -> "asyncio.Future[None]":
        return self._waiters.setdefault(prediction_id.hex, asyncio.get_running_loop().create_future())

    async def run(self) -> None:
        while True:
            await self._event.wait()
            self._event.clear()
            for number, payload in await self._db.read(_notifications, self._last):
                self._last = number
                waiter = self.wait_for(UUID(payload["prediction_id"]))
                if not waiter.done():
                    waiter.set_result(None)


_outbox = table_of(OutboxMessage)
_newer = select(_outbox.c.id, _outbox.c.payload).where(_outbox.c.id > bindparam("last")).order_by(_outbox.c.id)


def _notifications(session: Session, last: int) -> list[tuple[int, JsonObject]]:
    return [(row.id, row.payload) for row in session.execute(_newer, {"last": last})]


Beside: TypeAlias = Callable[[Predictions, Sequence[int]], Awaitable[None]]


async def sell(path: Path, store: Path = MODELS, beside: Beside | None = None) -> float:
    """Sales a second in a new shop. `beside` is awaited before the customers of `sales` come."""
    upgrade(f"sqlite:///{path}")
    db = Database(f"sqlite+aiosqlite:///{path}")
    engine = Engine(RUNTIMES, max_threads=2)
    models = Models(db, system_clock, store, RUNTIMES.specs)
    await models.sync(engine)
    manifest = models.manifest(SLUG)
    assert manifest is not None
    settled = Settled(db)
    files = Files(db, FolderStore(path.parent / "files"), system_clock)
    worker = Worker(db, engine, system_clock, files, settled.told)
    predictions = Predictions(db, system_clock, models, on_sold=worker.wake, on_settled=lambda: None)
    customers = await _welcome(db, manifest)
    try:
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(worker.run()), tasks.create_task(settled.run())]
            await _round(customers, predictions, settled, manifest, CUSTOMERS)  # warm
            if beside is not None:
                await beside(predictions, customers)
            started = time.perf_counter()
            await _round(customers, predictions, settled, manifest, SALES)
            elapsed = time.perf_counter() - started
            for task in background:
                task.cancel()
        checks = await db.scan(audit.audit)
        assert all(check.ok for check in checks), audit.format_report(checks)
    finally:
        await engine.close()
        await db.close()
    return SALES / elapsed


async def _welcome(db: Database, manifest: Manifest) -> list[int]:
    users = Users(db, system_clock, welcome_credits=0)
    ids = []
    for number in range(CUSTOMERS):
        visitor = Visitor(telegram_id=1000 + number, username=None, first_name="Anna", language="ru")
        user = await users.enter(visitor)
        await db.write(
            ledger.grant,
            user_id=user.id,
            amount=manifest.price_hundredths * 1_000_000,
            kind=TransactionKind.GRANT,
            key=f"grant:{user.id}",
            now=system_clock(),
        )
        ids.append(user.id)
    return ids


async def _round(
    customers: Sequence[int], predictions: Predictions, settled: Settled, manifest: Manifest, sales: int
) -> None:
    inputs = dict(example_row(manifest, MODELS / SLUG).values)
    each = sales // len(customers)

    async def buy(user_id: int) -> None:
        for _ in range(each):
            order = Order(
                user_id=user_id,
                model_slug=SLUG,
                model_version=manifest.version,
                inputs=inputs,
                price=manifest.price_hundredths,
                request_key=uuid4().hex,
                shown_in=MessageRef(chat_id=user_id, message_id=1),
            )
            sold = await predictions.submit(order)
            await settled.wait_for(sold.prediction_id)

    async with asyncio.TaskGroup() as tasks:
        for user_id in customers:
            tasks.create_task(buy(user_id))


def _write_bare(path: Path) -> float:
    """The rows of a sale, two commits each, with prepared statements and nothing else: no model, no checks."""
    upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    balance = 1_000_000_000
    connection.execute(
        "INSERT INTO models (slug, version, manifest, manifest_price, manifest_position, sha256, present, created_at,"
        " updated_at) VALUES ('wine', '1', '{}', 100, 1, '', 1, ?, ?)",
        (now, now),
    )
    for user in range(1, CUSTOMERS + 1):
        connection.execute(
            "INSERT INTO users (id, telegram_id, first_name, language, language_chosen, balance, bonus_muted,"
            " created_at, last_seen_at) VALUES (?, ?, 'Anna', 'ru', 0, ?, 0, ?, ?)",
            (user, 1000 + user, balance, now, now),
        )
        connection.execute(
            "INSERT INTO lots (id, user_id, kind, amount, remaining, created_at) VALUES (?, ?, 'grant', ?, ?, ?)",
            (user, user, balance, balance, now),
        )
    inputs = json.dumps(dict(example_row(_manifest(), MODELS / SLUG).values))
    started = time.perf_counter()
    for sale in range(SALES):
        _bare_sale(connection, sale, inputs, balance - 100 * (sale // CUSTOMERS + 1), now)
    elapsed = time.perf_counter() - started
    connection.close()
    return SALES / elapsed


RESULT = json.dumps({"outputs": {"kind": {"value": "0", "probabilities": {"0": 0.9, "1": 0.07, "2": 0.03}}}})


def _bare_sale(connection: sqlite3.Connection, sale: int, inputs: str, balance: int, now: str) -> None:
    user, key = sale % CUSTOMERS + 1, uuid4().hex
    run = connection.execute
    run("BEGIN IMMEDIATE")
    run(
        "INSERT INTO predictions (id, user_id, model_slug, model_version, request_key, inputs, price, status, attempts,"
        " available_at, chat_id, message_id, created_at)"
        " VALUES (?, ?, 'wine', '1', ?, ?, 100, 'queued', 0, ?, ?, 1, ?)",
        (key, user, key, inputs, now, user, now),
    )
    run("UPDATE lots SET remaining = remaining - 100 WHERE id = ?", (user,))
    line = run(
        "INSERT INTO transactions (user_id, kind, amount, balance_after, key, prediction_id, created_at)"
        " VALUES (?, 'charge', -100, ?, ?, ?, ?)",
        (user, balance, f"charge:{key}", key, now),
    ).lastrowid
    run("INSERT INTO lot_entries (transaction_id, lot_id, amount) VALUES (?, ?, -100)", (line, user))
    run("UPDATE users SET balance = balance - 100 WHERE id = ?", (user,))
    run("COMMIT")
    run("BEGIN IMMEDIATE")
    run(
        "UPDATE predictions SET status = 'succeeded', attempts = 1, started_at = ?, result = ?, finished_at = ?"
        " WHERE id = ?",
        (now, RESULT, now, key),
    )
    run(
        "INSERT INTO outbox (user_id, kind, payload, key, status, priority, attempts, available_at, created_at)"
        " VALUES (?, 'prediction', ?, ?, 'pending', 0, 0, ?, ?)",
        (user, json.dumps({"prediction_id": key}), f"prediction:{key}", now, now),
    )
    run("COMMIT")


def _manifest() -> Manifest:
    return load_manifest(MODELS / SLUG)
