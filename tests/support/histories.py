"""What histories of a shop share, whatever happens in them: a database, an event loop and a clock that is moved by
hand; after each step the audit holds, and in the end all comes to rest."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test
from sqlalchemy import select

from db.base import AnyRow, Base, table_of
from db.engine import Database
from services.billing.audit import run_audit
from services.errors import ShopError
from services.payments.providers.base import ProviderError
from services.payments.queries import PaymentNotFound
from services.payments.refunds.begin import AlreadyRefunded, NotRefundable, RefundNeedsConfirmation, RefundTooLarge
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Crash, Fault
from tests.support.tills import open_cashier

T = TypeVar("T")
NO_REFUND = (AlreadyRefunded, NotRefundable, PaymentNotFound, RefundNeedsConfirmation, RefundTooLarge)


class History(RuleBasedStateMachine):
    """Its cashier's till may be another one."""

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__()
        self.server, self.url = server, server.create()
        self.runner = asyncio.Runner()
        self.db, self.clock = Database(self.url), FakeClock()
        self.cashier = open_cashier(self.db, self.clock)

    @property
    def faults(self) -> deque[Fault | None]:
        """Of the provider's next calls."""
        return self.cashier.yookassa.faults

    def restart(self) -> None:
        """The shop's process has died; another one goes on over the same database."""
        self.cashier.restart()

    def come_to_rest(self) -> None:
        """Time goes on without faults, and then everything is where it belongs."""
        raise NotImplementedError

    def close(self) -> None:
        """What is open beside the database."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:  # Any: as in typing
        return self.runner.run(work)

    def attempt(
        self,
        work: Coroutine[Any, Any, T],  # Any: as above
        *refusals: type[ShopError],
        fault: Fault | None = None,
    ) -> T | None:
        """None where the shop refused in one of these ways, the provider did not do it, or the process died."""
        expected: tuple[type[ShopError], ...] = (ProviderError, *refusals)
        if fault is not None:
            self.faults.append(fault)
        try:
            return self.run(work)
        except expected:
            return None
        except Crash:
            self.restart()
            return None
        finally:
            if fault is not None:
                self.faults.clear()

    def rows(self, mapped: type[Base]) -> list[AnyRow]:
        return self.run(self.db.read(lambda session: list(session.execute(select(table_of(mapped))))))

    @invariant()
    def the_audit_holds(self) -> None:
        report = self.run(run_audit(self.db))
        assert report.ok, f"\n{report}"

    def teardown(self) -> None:
        try:
            self.come_to_rest()
            self.the_audit_holds()
        finally:
            self.close()
            self.run(self.db.close())
            self.runner.close()
            self.server.give_back(self.url)


def on_databases(examples: int, *, few: int) -> pytest.MarkDecorator:
    """`few` in a quick test, all on both databases in slow ones."""
    return pytest.mark.parametrize(
        ("server", "examples"),
        [
            ("sqlite", min(examples, few)),
            pytest.param("sqlite", examples, marks=pytest.mark.slow),
            pytest.param("postgresql", examples, marks=pytest.mark.slow),
        ],
        indirect=["server"],
        ids=["a few", "sqlite", "postgresql"],
    )


def live(kind: type[History], server: SqliteServer | PostgresServer, *, examples: int, steps: int) -> None:
    """So many histories of this kind."""
    run_state_machine_as_test(
        lambda: kind(server),  # type: ignore[arg-type]  # any factory does, whatever the hint says
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,  # the machine may be busy
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
