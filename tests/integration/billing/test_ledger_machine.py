"""All operations of the ledger in any order, on both databases: after each step the audit holds and every lot has what
a plain model of the rules says. `LEDGER_EXAMPLES=500` runs it longer."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Lot, TransactionKind
from db.tables.chats import ChatMessage, MessageStatus
from db.tables.identities import AccountMerge
from db.tables.predictions import PredictionStatus
from db.tables.users import User
from services.billing import audit, ledger
from services.billing.ledger import InsufficientBalance, NothingToRefund, Posting
from services.billing.merges import merge_of, move_on_all
from services.billing.returns import Rest, give_back_rests
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.shop import add_answer, add_model, add_prediction, add_user

EXAMPLES = int(os.environ.get("LEDGER_EXAMPLES", "25"))  # half as many on PostgreSQL, which takes longer
STEPS = 30
GRANTED, SPENT = st.integers(50, 300), st.integers(1, 120)
HOURS = st.sampled_from([1, 4, 12])
FOR_EVER = datetime.max.replace(tzinfo=UTC)
USERS = st.sampled_from([0, 0, 0, 1, 2])  # one has most of it, so that things meet
HEIR, MERGED = 0, 2  # what comes to the merged account goes to the other one


@dataclass(slots=True)
class ModelLot:
    id: int
    held: int
    ends: datetime | None

    def ended(self, now: datetime) -> bool:
        return self.ends is not None and self.ends <= now


@dataclass(slots=True)
class Account:
    """One user by the rules of the shop, without a database."""

    id: int
    lots: list[ModelLot] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(lot.held for lot in self.lots)

    def spendable(self, now: datetime, lot_id: int | None = None) -> list[ModelLot]:
        """Earliest end first, the endless ones last."""
        lots = [lot for lot in self.lots if lot.held and not lot.ended(now) and lot_id in (None, lot.id)]
        return sorted(lots, key=lambda lot: (lot.ends is None, lot.ends or now, lot.id))

    def write_off(self, now: datetime) -> int:
        ended = [lot for lot in self.lots if lot.held and lot.ended(now)]
        for lot in ended:
            lot.held = 0
        return len(ended)

    def take(self, amount: int, now: datetime, lot_id: int | None = None) -> dict[int, int]:
        taken = {}
        for lot in self.spendable(now, lot_id):
            part = min(lot.held, amount)
            if part:
                lot.held -= part
                amount -= part
                taken[lot.id] = part
        return taken


@dataclass(frozen=True, slots=True)
class Charged:
    account: Account
    amount: int
    prediction_id: UUID
    taken: dict[int, int]


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that was charged; `taken`: what of each lot is spent or held for it."""

    account: Account
    hold: int
    answer_id: UUID
    taken: dict[int, int]

    def last_first(self) -> list[ModelLot]:
        lots = [lot for lot in self.account.lots if lot.id in self.taken]
        return sorted(lots, key=lambda lot: (lot.ends or FOR_EVER, lot.id), reverse=True)

    def comes_back(self, amount: int, now: datetime) -> dict[int, int]:
        """The lots that end last get theirs first, and those that have ended keep nothing. What is left."""
        left = dict(self.taken)
        for lot in self.last_first():
            part = min(left[lot.id], amount)
            amount, left[lot.id] = amount - part, left[lot.id] - part
            lot.held += 0 if lot.ended(now) else part
        return left


class LedgerMachine(RuleBasedStateMachine):
    held: Bundle[Charged] = Bundle("held")
    asked: Bundle[Asked] = Bundle("asked")
    answered: Bundle[Asked] = Bundle("answered")

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__()
        self.server, self.url = server, server.create()
        self.runner = asyncio.Runner()
        self.database = Database(self.url)
        self.clock = FakeClock()
        self.names = 0
        self.write(add_model)
        self.accounts = [Account(self.write(add_user)) for _ in range(3)]

    def write(self, work: Callable[..., Any], **arguments: Any) -> Any:  # Any: any function of a transaction
        return self.runner.run(self.database.write(work, **arguments))

    def refused(self, work: Callable[..., Any], **arguments: Any) -> bool:
        try:
            self.write(work, **arguments)
        except InsufficientBalance:
            return True
        return False

    def comes_to_nothing(self, work: Callable[..., Any], **arguments: Any) -> bool:
        """Whether an error after `work` undoes it; what was undone may be done again."""

        def fail(session: Session) -> None:
            work(session, **arguments)
            raise ZeroDivisionError

        try:
            self.write(fail)
        except ZeroDivisionError:
            return True
        return False

    def name(self) -> str:
        self.names += 1
        return f"operation:{self.names}"

    @rule(hours=HOURS | st.just(-4), sweep=st.sampled_from([0, 1, 500]))
    def time_passes(self, hours: int, sweep: int) -> None:
        """Backwards too: machines disagree. The sweep comes or does not, with its limit."""
        now, count = self.clock.advance(hours=hours), 0
        while sweep and (found := self.write(ledger.expire, now=now, limit=sweep)):
            count += found
        if sweep:
            assert count == sum(account.write_off(now) for account in self.accounts)

    @initialize()
    def open_accounts(self) -> None:
        for user in range(3):
            self.grant(user, amount=100, hours=None, again=False)
            self.grant(user, amount=200, hours=4, again=False)

    @rule(user=USERS, amount=GRANTED, hours=HOURS | st.sampled_from([None, 0]), again=st.booleans())
    def grant(self, user: int, amount: int, hours: int | None, again: bool) -> None:
        account = self.accounts[user]
        ends = None if hours is None else self.clock() + timedelta(hours=hours)
        kind = TransactionKind.WELCOME
        arguments = {"user_id": account.id, "amount": amount, "kind": kind, "key": self.name(), "expires_at": ends}
        if not again:
            assert self.comes_to_nothing(ledger.grant, **arguments, now=self.clock())
        posting = self.write(ledger.grant, **arguments, now=self.clock())
        account.lots.append(ModelLot(posting.lot_id, amount, ends))
        assert (posting.amount, posting.balance_after) == (amount, account.balance)
        if again:
            assert self.write(ledger.grant, **arguments, now=self.clock()) == posting

    @rule(target=held, user=USERS, amount=SPENT, again=st.booleans(), succeeds=st.sampled_from([False, False, True]))
    def charge(
        self, user: int, amount: int, again: bool, succeeds: bool
    ) -> Any:  # Any: hypothesis' own "nothing for the bundle"
        account, now = self.accounts[user], self.clock()

        def buy(session: Session) -> tuple[UUID, Posting]:
            prediction_id = add_prediction(session, user_id=account.id, price=amount)
            return prediction_id, ledger.charge(
                session, user_id=account.id, amount=amount, prediction_id=prediction_id, now=now
            )

        if sum(lot.held for lot in account.spendable(now)) < amount:
            assert self.refused(buy)
            return multiple()
        prediction_id, posting = self.write(buy)
        account.write_off(now)
        taken = account.take(amount, now)
        assert (posting.amount, posting.balance_after) == (-amount, account.balance)
        if again:
            what = {"user_id": account.id, "amount": amount, "prediction_id": prediction_id}
            assert self.write(ledger.charge, **what, now=now) == posting
        if succeeds:
            self.write(set_status, prediction_id=prediction_id, status=PredictionStatus.SUCCEEDED)
            return multiple()
        return Charged(account, amount, prediction_id, taken)

    @rule(charged=consumes(held), late=st.booleans(), again=st.booleans())
    def charge_refund(self, charged: Charged, late: bool, again: bool) -> None:
        """`late`: when all it was taken from has ended."""
        ends = [lot.ends for lot in charged.account.lots if lot.ends and lot.id in charged.taken]
        now = self.clock.now = max([self.clock(), *ends]) if late else self.clock()
        prediction_id = charged.prediction_id

        def fail(session: Session) -> Posting:
            set_status(session, prediction_id, PredictionStatus.FAILED)
            return ledger.charge_refund(session, prediction_id=prediction_id, now=now)

        if not again:
            assert self.comes_to_nothing(fail)
        posting = self.write(fail)
        for lot in charged.account.lots:
            if not lot.ended(now):
                lot.held += charged.taken.get(lot.id, 0)
        assert posting.amount == charged.amount
        if again:
            assert self.write(ledger.charge_refund, prediction_id=prediction_id, now=now) == posting

    @rule(target=asked, user=USERS, hold=SPENT, again=st.booleans())
    def ask(self, user: int, hold: int, again: bool) -> Any:  # Any: as above
        account, now = self.accounts[user], self.clock()

        def send(session: Session) -> tuple[UUID, Posting]:
            answer_id = add_answer(session, user_id=account.id, hold=hold)
            return answer_id, ledger.charge(session, user_id=account.id, amount=hold, message_id=answer_id, now=now)

        if sum(lot.held for lot in account.spendable(now)) < hold:
            assert self.refused(send)
            return multiple()
        answer_id, posting = self.write(send)
        account.write_off(now)
        taken = account.take(hold, now)
        assert (posting.amount, posting.balance_after) == (-hold, account.balance)
        if again:
            what = {"user_id": account.id, "amount": hold, "message_id": answer_id}
            assert self.write(ledger.charge, **what, now=now) == posting
        return Asked(account, hold, answer_id, taken)

    @rule(
        target=answered,
        asked=consumes(asked),
        part=st.integers(0, 4),
        late=st.booleans(),
        again=st.booleans(),
        by_set=st.booleans(),
    )
    def answer(self, asked: Asked, part: int, late: bool, again: bool, by_set: bool) -> Asked:
        """It costs `part` quarters of what was held; `by_set`: as answers that end together are settled."""
        now, price = self.later(asked, late), asked.hold * part // 4
        back: dict[str, Any] = {"message_id": asked.answer_id, "amount": asked.hold - price}  # Any: of both kinds

        def settle(session: Session) -> Posting | None:
            end_answer(session, asked.answer_id, MessageStatus.SUCCEEDED, price)
            if by_set and price < asked.hold:
                rest = Rest(user_id=asked.account.id, message_id=asked.answer_id, amount=asked.hold - price)
                give_back_rests(session, [rest], now)  # below is what it has written
            return ledger.charge_return(session, **back, now=now) if price < asked.hold else None

        if not again:
            assert self.comes_to_nothing(settle)
        posting = self.write(settle)
        left = asked.comes_back(asked.hold - price, now)
        assert sum(left.values()) == price
        assert (posting.amount if posting else 0) == asked.hold - price
        if again and posting:
            assert self.write(ledger.charge_return, **back, now=now) == posting
        return Asked(asked.account, asked.hold, asked.answer_id, left)

    @rule(asked=consumes(asked) | consumes(answered), late=st.booleans(), again=st.booleans())
    def pay_back(self, asked: Asked, late: bool, again: bool) -> None:
        """Nothing came, or what came was never delivered: all that has not come back does."""
        now, answer_id, spent = self.later(asked, late), asked.answer_id, sum(asked.taken.values())

        def fail(session: Session) -> Posting:
            end_answer(session, answer_id, MessageStatus.FAILED, 0)
            return ledger.charge_refund(session, message_id=answer_id, now=now)

        if not spent:
            with pytest.raises(NothingToRefund):
                self.write(fail)
            return
        posting = self.write(fail)
        assert sum(asked.comes_back(spent, now).values()) == 0
        assert posting.amount == spent
        if again:
            assert self.write(ledger.charge_refund, message_id=answer_id, now=now) == posting

    def later(self, asked: Asked, late: bool) -> datetime:
        """`late`: when all it was taken from has ended."""
        ends = [lot.ends for lot in asked.last_first() if lot.ends]
        self.clock.now = max([self.clock(), *ends]) if late else self.clock()
        return self.clock()

    @rule(user=USERS, amount=SPENT, partly=st.booleans(), lot=st.none() | st.integers(0, 5), again=st.booleans())
    def take_back(self, user: int, amount: int, partly: bool, lot: int | None, again: bool) -> None:
        account, now = self.accounts[user], self.clock()
        lot_id = account.lots[lot % len(account.lots)].id if lot is not None and account.lots else None
        covered = min(amount, sum(lot.held for lot in account.spendable(now, lot_id)))
        lot_ids = None if lot_id is None else [lot_id]
        what = {"user_id": account.id, "amount": amount, "key": self.name(), "lot_ids": lot_ids, "partly": partly}
        if covered < amount and not partly:
            assert self.refused(ledger.take_back, **what, now=now)
            return
        posting = self.write(ledger.take_back, **what, now=now)
        account.write_off(now)
        account.take(covered, now, lot_id)
        assert (posting is None) == (covered == 0)
        if posting is not None:
            assert (posting.amount, posting.balance_after) == (-covered, account.balance)
            if again:
                assert self.write(ledger.take_back, **what, now=now) == posting

    @rule()
    def merge(self) -> None:
        """The first time the account becomes part of the other one; later, what has come to it since goes there."""
        old, heir, now = self.accounts[MERGED], self.accounts[HEIR], self.clock()
        old.write_off(now)
        for lot_id, source in self.write(merge, from_user_id=old.id, into_user_id=heir.id, now=now):
            lot = next(each for each in old.lots if each.id == source)
            heir.lots.append(ModelLot(lot_id, lot.held, lot.ends))
            lot.held = 0

    @invariant()
    def the_audit_holds_and_lots_are_as_the_model_says(self) -> None:
        checks, balances, lots = self.runner.run(self.database.read(look))
        assert all(check.ok for check in checks), f"\n{audit.format_report(checks)}"
        assert balances == {account.id: account.balance for account in self.accounts}
        assert lots == {lot.id: lot.held for account in self.accounts for lot in account.lots}

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        self.server.give_back(self.url)


def set_status(session: Session, prediction_id: UUID, status: PredictionStatus) -> None:
    row = prediction_id.hex if session.get_bind().dialect.name == "sqlite" else prediction_id
    session.execute(text("UPDATE predictions SET status = :status WHERE id = :row"), {"status": status, "row": row})


def merge(session: Session, *, from_user_id: int, into_user_id: int, now: datetime) -> list[tuple[int, int]]:
    """The lots that it made, each with the one that it came from."""
    lots, merges = table_of(Lot), table_of(AccountMerge)
    last = session.scalar(select(func.max(lots.c.id))) or 0
    if merge_of(session, from_user_id) is None:
        row = {"from_user_id": from_user_id, "into_user_id": into_user_id, "credits": 0, "created_at": now}
        session.execute(insert(merges), row)
    move_on_all(session, now)
    made = select(lots.c.id, lots.c.moved_from_id).where(lots.c.id > last)
    return [(row.id, row.moved_from_id) for row in session.execute(made)]


def end_answer(session: Session, answer_id: UUID, status: MessageStatus, price: int) -> None:
    answers = table_of(ChatMessage)
    session.execute(
        update(answers).where(answers.c.id == answer_id).values(status=status, price=price, fixed_price=price)
    )


def look(session: Session) -> tuple[list[audit.Check], dict[int, int], dict[int, int]]:
    users, lots = table_of(User), table_of(Lot)
    balances = session.execute(select(users.c.id, users.c.balance)).all()
    held = session.execute(select(lots.c.id, lots.c.remaining)).all()
    return audit.audit(session), {row.id: row.balance for row in balances}, {row.id: row.remaining for row in held}


@pytest.mark.parametrize(
    ("server", "examples"),
    [
        ("sqlite", min(EXAMPLES, 6)),
        pytest.param("sqlite", EXAMPLES, marks=pytest.mark.slow),
        pytest.param("postgresql", max(1, EXAMPLES // 2), marks=pytest.mark.slow),
    ],
    indirect=["server"],
    ids=["a few", "sqlite", "postgresql"],
)
def test_any_order_of_operations(server: SqliteServer | PostgresServer, examples: int) -> None:
    run_state_machine_as_test(
        lambda: LedgerMachine(server),  # type: ignore[arg-type]  # any factory does, whatever the hint says
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,  # the machine may be busy
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
