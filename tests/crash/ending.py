"""What must hold once the shop and its customers have come to rest."""

import asyncio
import sys
from collections import Counter
from uuid import UUID

from db.engine import Database
from db.tables.billing import BonusGrant, Transaction, TransactionKind
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import Payment, PaymentStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import User
from handlers.predictions.notifications import IN_PLACE
from sandbox.client.person import Person
from sandbox.client.shop import Shop
from tests.crash.victim import ROOT
from tests.crash.workers import rows_of
from tests.support.waiting import until

FINAL = {PredictionStatus.SUCCEEDED, PredictionStatus.FAILED, PredictionStatus.CANCELED}


async def settled_all(database: Database, yookassa: Shop, *, seconds: float) -> None:
    """Until nothing is under way. A chat gets a notification a second, and between two kills hardly any gets out."""
    left: list[str] = []

    async def settled() -> bool:
        left[:] = await _under_way(database, yookassa)
        return not left

    try:
        await until(settled, seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {left}") from None


async def check_all(database: Database, yookassa: Shop, people: list[Person], *, cut_off: bool = False) -> None:
    """`cut_off`: connections were, and a message whose arrival nobody could know of may have been sent once more."""
    paid = Counter(
        UUID(each["metadata"]["payment_id"])
        for each in await yookassa.payments(limit=10_000)
        if each["status"] == "succeeded"
    )
    assert set(paid.values()) <= {1}, "the provider was made to take a payment twice"
    lines = await rows_of(database, Transaction)
    assert Counter(line.payment_id for line in lines if line.kind == TransactionKind.TOPUP) == paid
    payments = {row.id: row for row in await rows_of(database, Payment)}
    assert {key for key, row in payments.items() if row.status == PaymentStatus.SUCCEEDED} == set(paid)
    bonuses = Counter(line.user_id for line in lines if line.kind == TransactionKind.BONUS)
    users = {row.id: row.telegram_id for row in await rows_of(database, User)}
    assert bonuses == Counter(users.keys())
    chats = {person.id: await person.looks() for person in people}
    notifications = {row.key: row for row in await rows_of(database, OutboxMessage)}
    for prediction in await rows_of(database, Prediction):
        marks = [
            (message.id, message.text)
            for message in chats[users[prediction.user_id]]
            if any(prediction.id.hex in (button.data or "") for row in message.rows for button in row)
        ]
        notification = notifications[f"prediction:{prediction.id}"]
        late = notification.sent_at - prediction.created_at > IN_PLACE  # then it may come twice: decision 3
        assert 1 <= len(marks) <= 1 + late or (marks and cut_off), f"{marks} show {prediction}, told by {notification}"
    for telegram_id, chat in chats.items():
        told = sum(message.text.startswith("✅ Оплачено") for message in chat)
        bought = [row for row in payments.values() if users[row.user_id] == telegram_id and row.id in paid]
        assert told == len(bought) or (told > len(bought) and cut_off), (
            f"told of {told} of {bought}: {[(each.id, each.text) for each in chat]}"
        )
    print(f"{len(payments)} payments, {len(paid)} of them paid; {len(lines)} lines")  # noqa: T201 - as above


async def audit_exit_code(environment: dict[str, str]) -> int | None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "audit", env=environment, cwd=ROOT)
    return await process.wait()


async def _under_way(database: Database, yookassa: Shop) -> list[str]:
    """Answers and notifications that are not out, payments not known as the provider knows them, bonuses to come."""
    predictions = [row for row in await rows_of(database, Prediction) if row.status not in FINAL]
    notifications = [row for row in await rows_of(database, OutboxMessage) if row.status == OutboxStatus.PENDING]
    theirs = {each["metadata"]["payment_id"]: each["status"] for each in await yookassa.payments(limit=10_000)}
    ours = {str(row.id): row.status for row in await rows_of(database, Payment)}
    users, granted = await rows_of(database, User), await rows_of(database, BonusGrant)
    return [
        *(f"prediction {row.id} is {row.status}" for row in predictions),
        *(f"notification {row.key} waits after {row.attempts} attempts: {row.error}" for row in notifications),
        *(f"payment {key} is {ours[key]}, there {theirs.get(key)}" for key in ours if ours[key] != theirs.get(key)),
        *(f"payment {key} is not known here" for key in theirs.keys() - ours.keys()),
        *(["bonuses"] if len(users) != len(granted) else []),
    ]
