"""Tables in any order of events: paid by credits, or by a plan while it lasts, answered by two workers of which either
may die, come late or give up, stopped by their customer, not delivered. After each step the audit holds.
`SCORING_EXAMPLES=300` runs it longer."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from db.engine import Database
from db.tables.outbox import OutboxKind
from db.tables.plans import AllowanceUnit
from db.tables.scorings import ScoringStatus
from services.billing import audit
from services.files.files import StoredFile
from services.notifications.sending import Outbox
from services.scoring import claims
from services.scoring.queries import ScoringView, look_at
from services.scoring.settle import cancel, settle
from services.scoring.undelivered import pay_back_table
from services.scoring.worker import LEASE
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.plans import add_plan, used
from tests.support.tables import TableDesk, models_folder, open_desk

EXAMPLES = int(os.environ.get("SCORING_EXAMPLES", "20"))
STEPS = 25
PRICE, CREDITS, PLAN = 100, 5_000, 15
WORKERS = st.sampled_from(["one", "other"])
ENDED = (ScoringStatus.SUCCEEDED, ScoringStatus.FAILED, ScoringStatus.CANCELED)


class ScoringMachine(RuleBasedStateMachine):
    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__()
        self.server, self.url = server, server.create()
        self.runner, self.folder = asyncio.Runner(), tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.db = self.run(self._open())
        self.desk: TableDesk = self.run(open_desk(self.db, self.clock, models_folder(Path(self.folder.name))))
        self.users = [self.run(self.desk.counter.customer(CREDITS, telegram_id=7 + n)) for n in range(2)]
        requests = AllowanceUnit.REQUESTS
        self.write(add_plan, "free", kopecks=None, allowances=[(requests, PLAN, ["double"])], created_at=self.clock())
        self.outbox = Outbox(self.db, self.clock, {OutboxKind.SCORING: partial(pay_back_table, owners=[])})
        self.tables: dict[UUID, int] = {}  # and whose each is
        self.answered: dict[UUID, int] = {}
        self.in_hand: dict[str, ScoringView] = {}  # what each worker thinks that it has

    def run(self, work: Any) -> Any:  # Any: what it gives
        return self.runner.run(work)

    def write(self, transaction: Callable[..., Any], *args: Any, **more: Any) -> Any:  # Any: as above
        return self.run(self.db.write(transaction, *args, **more))

    async def _open(self) -> Database:
        return Database(self.url)

    @rule(user=st.sampled_from([0, 0, 1]), rows=st.integers(1, 6))
    def order(self, user: int, rows: int) -> None:
        user_id = self.users[user]
        if self.run(self.desk.counter.balance(user_id)) >= rows * PRICE:
            self.clock.advance(seconds=0.001)  # which of them is claimed first is no chance
            view = self.run(self.desk.ordered(user_id, range(rows)))
            self.tables[view.id], self.answered[view.id] = user_id, 0

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        if worker in self.in_hand:
            return
        now = self.clock()
        lease = {"worker": worker, "now": now, "lease_until": now + LEASE}
        claimed = self.write(claims.claim, slugs=["double"], held=[], **lease)
        if claimed is not None:
            self.in_hand[worker] = claimed.view

    @precondition(lambda self: self.in_hand)
    @rule(worker=WORKERS, rows=st.integers(1, 4), failed=st.integers(0, 4))
    def answer(self, worker: str, rows: int, failed: int) -> None:
        """What the worker thinks it has; another may have it long since."""
        view = self.in_hand.get(worker)
        if view is None or view.done >= view.good:
            return
        rows = min(rows, view.good - view.done)
        failed, now = min(rows, failed), self.clock()
        brought = {"rows": rows, "failed": failed, "worker": worker, "now": now, "lease_until": now + LEASE}
        moved = self.write(claims.advance, view, _file(), **brought)
        if moved is None:
            del self.in_hand[worker]
        else:
            self.in_hand[worker] = moved
            self.answered[view.id] += rows - failed

    @precondition(lambda self: self.in_hand)
    @rule(worker=WORKERS, writes=st.booleans())
    def finish(self, worker: str, writes: bool) -> None:
        """With what is done; a result that cannot be written is none."""
        view = self.in_hand.pop(worker, None)
        if view is None:
            return
        result = _file() if view.answered and writes else None
        if self.write(settle, view.id, result, worker=worker, now=self.clock()) and result is None:
            self.answered[view.id] = 0

    @rule(worker=WORKERS, dies=st.booleans())
    def leave(self, worker: str, dies: bool) -> None:
        self.in_hand.pop(worker, None)
        if not dies:
            self.write(claims.give_back, worker=worker, now=self.clock())

    @precondition(lambda self: self.in_hand)
    @rule(worker=WORKERS, tried=st.booleans())
    def put_back(self, worker: str, tried: bool) -> None:
        if (view := self.in_hand.pop(worker, None)) is not None:
            self.write(claims.release, view.id, worker=worker, available_at=self.clock(), tried=tried)

    @precondition(lambda self: self.tables)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        scoring_id = data.draw(st.sampled_from(list(self.tables)))  # their ids are drawn by chance
        self.write(cancel, scoring_id, self.tables[scoring_id], self.clock())

    @rule(seconds=st.sampled_from([1, LEASE.total_seconds() + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds=seconds)

    @rule(arrives=st.booleans())
    def deliver(self, arrives: bool) -> None:
        for notification in self.run(self.outbox.claim(9)):
            if arrives:
                self.run(self.outbox.sent(notification))
                continue
            told = UUID(notification.payload["scoring_id"])
            delivered = self._view(told).status is ScoringStatus.SUCCEEDED
            self.run(self.outbox.fail(notification, "Bad Request"))
            if delivered:
                self.answered[told] = 0

    @invariant()
    def nobody_pays_for_more_than_answers(self) -> None:
        report = self.run(self.db.read(audit.audit))
        assert not [check for check in report if not check.ok], audit.format_report(report)
        for user_id in self.users:
            mine = [self._view(table) for table, owner in self.tables.items() if owner == user_id]
            assert self.run(self.desk.counter.balance(user_id)) == CREDITS - PRICE * self._rows(mine, PRICE)
        tables = [self._view(table) for table in self.tables]
        assert sum(self.run(self.db.read(used))) == self._rows(tables, 0)

    def _rows(self, tables: list[ScoringView], price: int) -> int:
        """Held and answered, of those that were sold at this price."""
        sold = [view for view in tables if view.price == price]
        return sum(self.answered[view.id] if view.status in ENDED else view.good for view in sold)

    def _view(self, scoring_id: UUID) -> ScoringView:
        view: ScoringView = self.run(self.db.read(look_at, scoring_id, self.tables[scoring_id]))
        return view

    def teardown(self) -> None:
        self.run(self.desk.counter.exits.aclose())
        self.run(self.db.close())
        self.runner.close()
        self.server.give_back(self.url)
        self.folder.cleanup()


def _file() -> StoredFile:
    return StoredFile(id=uuid4(), media_type="text/csv", size=1, sha256="0" * 64)


@pytest.mark.parametrize(
    ("server", "examples"),
    [
        ("sqlite", min(EXAMPLES, 4)),
        pytest.param("sqlite", EXAMPLES, marks=pytest.mark.slow),
        pytest.param("postgresql", max(1, EXAMPLES // 2), marks=pytest.mark.slow),
    ],
    indirect=["server"],
    ids=["a few", "sqlite", "postgresql"],
)
def test_any_order_of_events(server: SqliteServer | PostgresServer, examples: int) -> None:
    run_state_machine_as_test(
        lambda: ScoringMachine(server),  # type: ignore[arg-type]  # any factory does, whatever the hint says
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
