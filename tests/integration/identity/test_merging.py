"""Anna has an account by e-mail and another in Telegram, and makes one of them."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Lot, TransactionKind
from db.tables.chats import DailyUsage, MessageStatus
from db.tables.identities import ApiScope, EmailLogin
from db.tables.payments import PaymentStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.users import Admin, Role, User
from services.billing import audit, ledger
from services.billing.merges import move_on_all
from services.billing.statement import Statement
from services.chats import usage
from services.identity.api_keys import ApiKeys
from services.identity.merging import (
    AccountFacts,
    AccountInUse,
    AccountMerging,
    BalanceChanged,
    CannotMerge,
    look,
    merge_accounts,
)
from services.manifests.live import LivePrices
from services.market import favourites
from services.market.prices import Instrument
from services.payments.queries import PaymentNotFound, PaymentQueries
from services.payments.refunds.paid_lots import held_of_payment, paid_lots
from tests.support.clock import START, FakeClock
from tests.support.shop import add_answer, add_model, add_outsider, add_payment, add_prediction, add_user

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """`old`: by e-mail, with 700 paid, of which 300 are spent, and 100 that end; `heir`: in Telegram."""

    old: int
    heir: int
    paid: UUID
    bought: UUID


def open_accounts(session: Session) -> Accounts:
    add_model(session)
    heir, old = add_user(session), add_outsider(session)
    grant(session, heir, 1000, "welcome:1")
    paid = add_payment(session, user_id=old, amount=700)
    ledger.grant(
        session,
        user_id=old,
        amount=700,
        kind=TransactionKind.TOPUP,
        key=f"topup:{paid}",
        now=START,
        payment_id=paid,
    )
    bought = add_prediction(session, user_id=old, price=300, status=PredictionStatus.SUCCEEDED)
    ledger.charge(session, user_id=old, amount=300, prediction_id=bought, now=START)
    grant(session, old, 100, "gift", ends=7 * DAY)
    login = {"user_id": old, "address": "anna@example.com", "password_hash": "x", "password_changed_at": START}
    session.execute(insert(table_of(EmailLogin)), login | {"created_at": START})
    for user_id, symbol in ((old, "SBER"), (old, "GAZP"), (heir, "SBER")):
        paper = Instrument(provider="moex", symbol=symbol, name=symbol, exchange="MOEX")
        favourites.remember(session, user_id, "moex", paper, START)
    for user_id in (old, heir):
        answer = add_answer(session, user_id=user_id, hold=0, price=0, status=MessageStatus.SUCCEEDED, free=True)
        assert answer
        usage.reserve_free(session, user_id=user_id, model_slug="wine", day=date(2026, 11, 20), most=3)
    return Accounts(old=old, heir=heir, paid=paid, bought=bought)


def grant(session: Session, user_id: int, amount: int, key: str, ends: timedelta | None = None) -> None:
    ledger.grant(
        session,
        user_id=user_id,
        amount=amount,
        kind=TransactionKind.GRANT,
        key=key,
        now=START,
        expires_at=None if ends is None else START + ends,
    )


@pytest.fixture
async def accounts(database: Database) -> Accounts:
    return await database.write(open_accounts)


class Merging(AccountMerging):
    """As somebody's last word makes two accounts one."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        super().__init__(db, clock)
        self.db, self.clock = db, clock

    async def look(self, old: int, heir: int) -> tuple[AccountFacts, AccountFacts]:
        return await self.db.read(look, old, heir)

    async def merge(self, seen: tuple[AccountFacts, AccountFacts]) -> int:
        return await self.db.write(merge_accounts, seen, self.clock())


@pytest.fixture
def merging(database: Database) -> Merging:
    return Merging(database, FakeClock())


async def balances(database: Database, accounts: Accounts) -> tuple[int, int]:
    def read(session: Session) -> dict[int, int]:
        users = table_of(User)
        return {row.id: row.balance for row in session.execute(select(users.c.id, users.c.balance))}

    found = await database.read(read)
    return found[accounts.old], found[accounts.heir]


async def audited(database: Database) -> None:
    report = await audit.run_audit(database)
    assert report.ok, str(report)


async def test_both_balances_are_shown_and_become_one(database: Database, accounts: Accounts, merging: Merging) -> None:
    old, heir = await merging.look(accounts.old, accounts.heir)
    assert (old.email, old.balance, old.predictions, old.telegram) == ("anna@example.com", 500, 1, False)
    assert (heir.balance, heir.telegram) == (1000, True)
    assert await merging.merge((old, heir)) == 500
    assert await balances(database, accounts) == (0, 1500)
    await audited(database)


async def test_credits_keep_their_ends(database: Database, accounts: Accounts, merging: Merging) -> None:
    await merging.merge(await merging.look(accounts.old, accounts.heir))

    def read(session: Session) -> list[tuple[int, bool]]:
        lots = table_of(Lot)
        mine = select(lots.c.remaining, lots.c.expires_at).where(lots.c.user_id == accounts.heir, lots.c.remaining > 0)
        return sorted((row.remaining, row.expires_at is not None) for row in session.execute(mine))

    assert await database.read(read) == [(100, True), (400, False), (1000, False)]


async def test_what_went_over_is_one_line_of_the_statement(
    database: Database, accounts: Accounts, merging: Merging
) -> None:
    """However many lots there were."""
    await merging.merge(await merging.look(accounts.old, accounts.heir))
    last, _ = await Statement(database).overview(accounts.heir, 5)
    assert [(each.kind, each.amount, each.balance_after) for each in last] == [
        (TransactionKind.MERGED_IN, 500, 1500),
        (TransactionKind.GRANT, 1000, 1000),
    ]
    (gone, *_), _ = await Statement(database).overview(accounts.old, 5)
    assert (gone.kind, gone.amount, gone.balance_after) == (TransactionKind.MERGED_OUT, -500, 0)


async def test_twice_is_once(database: Database, accounts: Accounts, merging: Merging) -> None:
    seen = await merging.look(accounts.old, accounts.heir)
    results = await asyncio.gather(*(merging.merge(seen) for _ in range(5)))
    assert sorted(results) == [0, 0, 0, 0, 500]
    assert await balances(database, accounts) == (0, 1500)
    await audited(database)


async def test_what_they_bought_is_theirs_still(database: Database, accounts: Accounts, merging: Merging) -> None:
    await merging.merge(await merging.look(accounts.old, accounts.heir))

    def read(session: Session) -> tuple[int | None, int | None, int | None]:
        predictions, logins, used = table_of(Prediction), table_of(EmailLogin), table_of(DailyUsage)
        return (
            session.scalar(select(predictions.c.user_id).where(predictions.c.id == accounts.bought)),
            session.scalar(select(logins.c.user_id)),
            session.scalar(select(used.c.free_answers).where(used.c.user_id == accounts.heir)),
        )

    assert await database.read(read) == (accounts.heir, accounts.heir, 2)
    papers = await database.read(favourites.favourites_of, accounts.heir, LivePrices(provider="moex"))
    assert sorted(paper.symbol for paper in papers) == ["GAZP", "SBER"]


async def test_what_is_paid_back_later_follows(database: Database, accounts: Accounts, merging: Merging) -> None:
    await merging.merge(await merging.look(accounts.old, accounts.heir))

    def pay_back(session: Session) -> None:
        predictions = table_of(Prediction)
        failed = update(predictions).where(predictions.c.id == accounts.bought).values(status=PredictionStatus.FAILED)
        session.execute(failed)
        ledger.charge_refund(session, prediction_id=accounts.bought, now=START + DAY)

    await database.write(pay_back)
    assert await balances(database, accounts) == (300, 1500)
    assert await merging.move_on() == 300
    assert await balances(database, accounts) == (0, 1800)
    assert await merging.move_on() == 0
    await audited(database)


async def test_a_refund_of_money_finds_the_credits(database: Database, accounts: Accounts, merging: Merging) -> None:
    await merging.merge(await merging.look(accounts.old, accounts.heir))
    assert await database.read(held_of_payment, accounts.paid, START) == 400

    def take_back(session: Session) -> int:
        paid = paid_lots(session, accounts.paid, START)
        assert paid is not None
        taken = ledger.take_back(
            session, user_id=paid.user_id, amount=700, key="r", now=START, lot_ids=paid.ids, partly=True
        )
        return 0 if taken is None else taken.amount

    assert await database.write(take_back) == -400
    assert await balances(database, accounts) == (0, 1100)


async def test_a_balance_that_changed_is_shown_again(database: Database, accounts: Accounts, merging: Merging) -> None:
    seen = await merging.look(accounts.old, accounts.heir)
    await database.write(grant, accounts.heir, 1, "late")
    with pytest.raises(BalanceChanged):
        await merging.merge(seen)
    assert await balances(database, accounts) == (500, 1001)


async def test_what_runs_is_waited_for(database: Database, accounts: Accounts, merging: Merging) -> None:
    seen = await merging.look(accounts.old, accounts.heir)

    def buy(session: Session) -> None:
        queued = add_prediction(session, user_id=accounts.old, price=100, status=PredictionStatus.QUEUED)
        ledger.charge(session, user_id=accounts.old, amount=100, prediction_id=queued, now=START)

    await database.write(buy)
    with pytest.raises(AccountInUse):
        await merging.merge(seen)


async def test_a_payment_that_ends_later_follows(database: Database, accounts: Accounts, merging: Merging) -> None:
    await merging.merge(await merging.look(accounts.old, accounts.heir))

    def pay(session: Session) -> None:
        late = add_payment(session, user_id=accounts.old, amount=50, status=PaymentStatus.SUCCEEDED)
        kind = TransactionKind.TOPUP
        ledger.grant(session, user_id=accounts.old, amount=50, kind=kind, key="late", now=START, payment_id=late)

    await database.write(pay)
    await database.write(move_on_all, START)
    assert await balances(database, accounts) == (0, 1550)
    await audited(database)


@pytest.mark.parametrize("why", ["a role", "closed", "both in Telegram", "the same", "the other way round"])
async def test_what_cannot_become_one(database: Database, accounts: Accounts, merging: Merging, why: str) -> None:
    old, heir = accounts.old, accounts.heir

    def spoil(session: Session) -> None:
        users = table_of(User)
        if why == "a role":
            row = {"user_id": old, "role": Role.ADMIN, "created_at": START}
            session.execute(insert(table_of(Admin)), row)
        elif why == "closed":
            session.execute(update(users).where(users.c.id == old).values(disabled_at=START))
        elif why == "both in Telegram":
            session.execute(update(users).where(users.c.id == old).values(telegram_id=5))

    await database.write(spoil)
    pair = {"the same": (heir, heir), "the other way round": (heir, old)}.get(why, (old, heir))
    with pytest.raises(CannotMerge):
        await merging.look(*pair)
    assert await balances(database, accounts) == (500, 1000)


async def test_what_was_paid_is_among_the_payments_of_both(
    database: Database, accounts: Accounts, merging: Merging
) -> None:
    queries = PaymentQueries(database)
    with pytest.raises(PaymentNotFound):
        await queries.get(accounts.paid, user_id=accounts.heir)
    await merging.merge(await merging.look(accounts.old, accounts.heir))
    shown = await queries.of_user(accounts.heir)
    assert [payment.id for payment in shown.items] == [accounts.paid]
    assert (await queries.get(accounts.paid, user_id=accounts.heir)).id == accounts.paid
    assert [each.id for each in (await queries.after(accounts.heir, None, 10)).items] == [accounts.paid]
    stranger = await database.write(add_user, telegram_id=909)
    with pytest.raises(PaymentNotFound):
        await queries.get(accounts.paid, user_id=stranger)


async def test_a_key_gets_nobodys_role(database: Database, accounts: Accounts, merging: Merging) -> None:
    keys = ApiKeys(database, FakeClock())
    for scopes in ([ApiScope.READ], [ApiScope.READ, ApiScope.ADMIN]):
        await keys.create(accounts.old, "a program", scopes)
    await merging.merge(await merging.look(accounts.old, accounts.heir))
    assert [each.scopes for each in await keys.all(accounts.heir)] == [frozenset({ApiScope.READ})]
