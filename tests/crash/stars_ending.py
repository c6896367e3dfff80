"""What must hold of Stars once the shop and its customers have come to rest: each that Telegram took is credited once,
kept as a stray, or went back; what was paid for a plan is one period each."""

from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from db.engine import Database
from db.tables.billing import Transaction, TransactionKind
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus, StrayPayment, StrayStatus
from db.tables.plans import SubscriptionPeriod
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from tests.crash.paying_stars import RICH
from tests.crash.workers import rows_of
from tests.support.waiting import until

ON_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A charge, by Telegram's own list."""

    amount: int
    back: bool


async def taken_by(sandbox: Sandbox) -> dict[str, Taken]:
    """By the charge's id."""
    listed: list[dict[str, object]] = []
    url = f"{sandbox.base_url}/bot{sandbox.token}/getStarTransactions"
    while True:
        async with sandbox.http.post(url, json={"offset": len(listed), "limit": ON_PAGE}) as answer:
            page = (await answer.json())["result"]["transactions"]
        listed += page
        if len(page) < ON_PAGE:
            break
    back = {each["id"] for each in listed if "receiver" in each}
    return {
        str(each["id"]): Taken(amount=int(str(each["amount"])), back=each["id"] in back)
        for each in listed
        if "source" in each
    }


async def stars_settled(database: Database, sandbox: Sandbox, *, seconds: float) -> None:
    left: list[str] = []

    async def settled() -> bool:
        left[:] = await _under_way(database, await taken_by(sandbox))
        return not left

    try:
        await until(settled, seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {left}") from None


async def check_stars(database: Database, sandbox: Sandbox, people: list[Person]) -> None:
    taken = await taken_by(sandbox)
    assert taken, "nobody has paid"
    assert await sandbox.stars.balance() == sum(each.amount for each in taken.values() if not each.back)
    payments = {row.charge_id: row for row in await rows_of(database, Payment) if row.charge_id is not None}
    plans = {row.id: row.plan_id is not None for row in payments.values()}
    paid = {row.id for row in payments.values() if row.status == PaymentStatus.SUCCEEDED}
    of_plan = {key for key in paid if plans[key]}
    lines = [row for row in await rows_of(database, Transaction) if row.kind == TransactionKind.TOPUP]
    assert Counter(line.payment_id for line in lines) == Counter(paid - of_plan)
    served = await rows_of(database, SubscriptionPeriod)
    assert any(row.number > 1 for row in served), "nobody was charged again"
    periods = Counter(row.payment_id for row in served)
    assert periods <= Counter(of_plan), "one payment is two periods"
    strays = {row.charge_id: row for row in await rows_of(database, StrayPayment)}
    assert not set(payments) & set(strays), "credited, and to be sent back"
    assert set(payments) | set(strays) <= set(taken), "nobody has paid this"
    sent_back = Counter[UUID]()
    for refund in await rows_of(database, Refund):
        assert refund.status == RefundStatus.SUCCEEDED
        sent_back[refund.payment_id] += refund.amount_kopecks
    for charge_id, charge in taken.items():
        if (payment := payments.get(charge_id)) is not None:
            assert payment.amount_kopecks == charge.amount
            assert sent_back[payment.id] == (charge.amount if charge.back else 0)
            assert charge.back or payment.id in periods or payment.id not in of_plan, "paid for, and no period"
        elif (stray := strays.get(charge_id)) is not None:
            assert (stray.status == StrayStatus.REFUNDED) == charge.back
        else:
            assert charge.back, f"{charge_id} was taken for nothing"
    wallets = [await person.wallet.balance() for person in people]
    assert sum(RICH - each for each in wallets) >= await sandbox.stars.balance()
    back = sum(each.back for each in taken.values())
    told = f"{len(paid - of_plan)} credited, {len(periods)} periods, {len(strays)} strays, {back} went back"
    print(f"{len(taken)} charges: {told}")  # noqa: T201 - shown when it fails


async def _under_way(database: Database, taken: dict[str, Taken]) -> list[str]:
    """Stars that our books do not know as Telegram does, and notifications that are not out."""
    payments = {row.charge_id: row for row in await rows_of(database, Payment)}
    refunds = await rows_of(database, Refund)
    back = {row.payment_id for row in refunds if row.status == RefundStatus.SUCCEEDED}
    strays = {row.charge_id: row.status == StrayStatus.REFUNDED for row in await rows_of(database, StrayPayment)}
    notifications = [row for row in await rows_of(database, OutboxMessage) if row.status == OutboxStatus.PENDING]
    booked = strays | {key: row.id in back for key, row in payments.items() if row.status == PaymentStatus.SUCCEEDED}
    return [
        *(f"refund {row.id}" for row in refunds if row.status == RefundStatus.PENDING),
        *(f"notification {row.key} waits after {row.attempts} attempts: {row.error}" for row in notifications),
        *(
            f"charge {key} is {booked.get(key)}, there {charge}"
            for key, charge in taken.items()
            if booked.get(key) is not charge.back and not (charge.back and key not in booked)
        ),
    ]
