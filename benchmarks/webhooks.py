"""Webhooks a second from the POST to the credits, the provider asked for each; against bare sqlite3 committing the same
rows."""

import asyncio
import itertools
import json
import logging
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import structlog
import uvloop
from prometheus_client import CollectorRegistry
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.finding import Finding, ratio_finding, rounds
from benchmarks.local_yookassa import AMOUNT, SHOP_ID, provider_id
from bot.http.listening import listen
from bot.http.server import make_server
from db.base import table_of
from db.engine import Database
from db.migrate import upgrade
from db.tables.currencies import Currency
from db.tables.payments import Payment, PaymentStatus
from services.billing import audit
from services.clock import system_clock
from services.coordination.memory import MemoryCoordination
from services.payments.context import ProviderAccount
from services.payments.mark import MarkSigner
from services.payments.merchant import Merchant
from services.payments.pricing import CreditPrice
from services.payments.providers.yookassa.provider import YooKassa
from services.payments.service import make_payments
from services.users.accounts import Users, Visitor
from web.app import make_web
from web.context import PaymentsWebhook, WebContext
from web.readiness import Readiness
from web.webhooks.yookassa import LOOPBACK

CUSTOMERS = 64
WEBHOOKS = 1_600  # a round
SENDERS = 16  # connections that post
WARM = 64
CREDITS = 30_00


def measure() -> list[Finding]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder, _provider() as api_url:
        numbers = itertools.count()
        ours, limit = rounds(
            lambda: uvloop.run(_take_money(Path(folder) / f"till{next(numbers)}.db", api_url)),
            lambda: _write_bare(Path(folder) / f"bare{next(numbers)}.db"),
        )
    name = "Webhooks of payments, POST to credited, the provider asked for each, against bare sqlite3"
    return [ratio_finding(name, ours, limit, unit="webhooks/s", target=0.1)]


@contextmanager
def _provider() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.local_yookassa"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.communicate(timeout=10)


class Credited:
    """Counts what the till has news of: each credited payment is one."""

    def __init__(self) -> None:
        self.wanted = 0
        self.done = asyncio.Event()

    def expect(self, count: int) -> None:
        self.wanted = count
        self.done.clear()

    def __call__(self) -> None:
        self.wanted -= 1
        if self.wanted == 0:
            self.done.set()


async def _take_money(path: Path, api_url: str) -> float:
    upgrade(f"sqlite:///{path}")
    db = Database(f"sqlite+aiosqlite:///{path}")
    provider = YooKassa(shop_id=SHOP_ID, secret_key="test_benchmark", api_url=api_url)
    credited = Credited()
    merchant = Merchant(provider=provider.name, shop_id=SHOP_ID, test=True, signer=MarkSigner.of("1"))
    till = make_payments(
        db,
        system_clock,
        [ProviderAccount(provider=provider, merchant=merchant)],
        {Currency.RUB: CreditPrice(minor=1000)},
        credited,
        coordination=MemoryCoordination(),
        fulfilments={},
        discount_of=lambda *_: 0,
    )
    listening = listen("127.0.0.1", 0)
    try:
        payments = await _begun(db, WARM + WEBHOOKS)
        async with asyncio.TaskGroup() as tasks:
            server = make_server(
                make_web(WebContext(health=Well(), yookassa=PaymentsWebhook(payments=till, senders=LOOPBACK)))
            )
            background = [tasks.create_task(server.serve_on(listening)), tasks.create_task(till.events.run())]
            port = listening.getsockname()[1]
            await _notify(port, payments[:WARM], credited)
            started = time.perf_counter()
            await _notify(port, payments[WARM:], credited)
            elapsed = time.perf_counter() - started
            for task in background:
                task.cancel()
        checks = await db.scan(audit.audit)
        assert all(check.ok for check in checks), audit.format_report(checks)
    finally:
        listening.close()
        till.close()
        await db.close()
    return WEBHOOKS / elapsed


class Well:
    """Of a process that is asked for nothing else."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    async def readiness(self) -> Readiness:
        return Readiness(parts={})

    async def refresh(self) -> None:
        return None


async def _begun(db: Database, count: int) -> list[UUID]:
    """Payments that wait for their money."""
    users = Users(db, system_clock, welcome_credits=0)
    ids = []
    for number in range(CUSTOMERS):
        visitor = Visitor(telegram_id=1000 + number, username=None, first_name="Anna", language="ru")
        ids.append((await users.enter(visitor)).id)
    payments = [uuid4() for _ in range(count)]
    await db.write(_add_payments, ids, payments)
    return payments


def _add_payments(session: Session, users: list[int], payments: list[UUID]) -> None:
    now = system_clock()
    rows = [
        {
            "id": payment_id,
            "user_id": users[number % CUSTOMERS],
            "provider": YooKassa.name,
            "provider_payment_id": provider_id(str(payment_id)),
            "status": PaymentStatus.PENDING,
            "amount_kopecks": AMOUNT,
            "currency": "RUB",
            "credits": CREDITS,
            "test": True,
            "description": "",
            "checks": 0,
            "created_at": now,
            "updated_at": now,
        }
        for number, payment_id in enumerate(payments)
    ]
    session.execute(insert(table_of(Payment)), rows)


async def _notify(port: int, payments: list[UUID], credited: Credited) -> None:
    """Post a notification for each payment, and wait until all are credited."""
    credited.expect(len(payments))
    left = iter(payments)

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for payment_id in left:
            body = _body(payment_id)
            head = f"POST /webhooks/yookassa HTTP/1.1\r\nHost: shop\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            await reader.readexactly(2)  # ok
        writer.close()

    async with asyncio.TaskGroup() as tasks:
        for _ in range(SENDERS):
            tasks.create_task(send())
    await credited.done.wait()


def _body(payment_id: UUID) -> bytes:
    thing = {"id": provider_id(str(payment_id)), "status": "succeeded", "paid": True}
    return json.dumps({"type": "notification", "event": "payment.succeeded", "object": thing}).encode()


def _write_bare(path: Path) -> float:
    """The rows of a webhook, two commits each, with prepared statements and nothing else: nobody is asked."""
    upgrade(f"sqlite:///{path}")
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    payments = [uuid4() for _ in range(WEBHOOKS)]
    for user in range(1, CUSTOMERS + 1):
        connection.execute(
            "INSERT INTO users (id, telegram_id, first_name, language, language_chosen, balance, bonus_muted,"
            " created_at, last_seen_at) VALUES (?, ?, 'Anna', 'ru', 0, 0, 0, ?, ?)",
            (user, 1000 + user, now, now),
        )
    for number, payment_id in enumerate(payments):
        connection.execute(
            "INSERT INTO payments (id, user_id, provider, provider_payment_id, status, amount_kopecks, currency,"
            " credits, test, description, return_url, checks, created_at, updated_at)"
            " VALUES (?, ?, 'yookassa', ?, 'pending', ?, 'RUB', ?, 1, '', '', 0, ?, ?)",
            (payment_id.hex, number % CUSTOMERS + 1, provider_id(str(payment_id)), AMOUNT, CREDITS, now, now),
        )
    started = time.perf_counter()
    for number, payment_id in enumerate(payments):
        _bare_webhook(connection, number, payment_id, now)
    elapsed = time.perf_counter() - started
    connection.close()
    return WEBHOOKS / elapsed


def _bare_webhook(connection: sqlite3.Connection, number: int, payment_id: UUID, now: str) -> None:
    user, balance, key = number % CUSTOMERS + 1, CREDITS * (number // CUSTOMERS + 1), payment_id.hex
    run = connection.execute
    run("BEGIN IMMEDIATE")
    event = run(
        "INSERT INTO payment_events (provider, event, object_id, body, attempts, next_attempt_at, received_at)"
        " VALUES ('yookassa', 'payment.succeeded', ?, ?, 0, ?, ?)",
        (provider_id(str(payment_id)), _body(payment_id).decode(), now, now),
    ).lastrowid
    run("COMMIT")
    run("BEGIN IMMEDIATE")
    run("UPDATE payments SET status = 'succeeded', paid_at = ?, updated_at = ? WHERE id = ?", (now, now, key))
    lot = run(
        "INSERT INTO lots (user_id, kind, amount, remaining, created_at) VALUES (?, 'topup', ?, ?, ?)",
        (user, CREDITS, CREDITS, now),
    ).lastrowid
    line = run(
        "INSERT INTO transactions (user_id, kind, amount, balance_after, key, payment_id, created_at)"
        " VALUES (?, 'topup', ?, ?, ?, ?, ?)",
        (user, CREDITS, balance, f"topup:{key}", key, now),
    ).lastrowid
    run("INSERT INTO lot_entries (transaction_id, lot_id, amount) VALUES (?, ?, ?)", (line, lot, CREDITS))
    run("UPDATE users SET balance = ? WHERE id = ?", (balance, user))
    run(
        "INSERT INTO outbox (user_id, kind, payload, key, status, priority, attempts, available_at, created_at)"
        " VALUES (?, 'payment', ?, ?, 'pending', 0, 0, ?, ?)",
        (user, json.dumps({"payment_id": key, "fact": "succeeded"}), f"payment:{key}:succeeded", now, now),
    )
    run("UPDATE payment_events SET attempts = 1, handled_at = ? WHERE id = ?", (now, event))
    run("COMMIT")
