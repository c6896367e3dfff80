"""A subscription behind its owner's lock, with what hangs on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import MethodState
from services.notifications.kinds.plans import PlanFact
from services.payments.changes import OPEN
from services.payments.context import ProviderAccount, ProviderAccounts
from services.payments.providers.base import Autopay
from services.payments.queries import payments
from services.plans.locks import is_shut_out
from services.plans.methods import methods
from services.plans.news import tell
from services.plans.pressed import is_charge_pressed
from services.plans.rows import change_subscription
from services.plans.times import BY_PROVIDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`grace`: for so long after its end the next period is tried for."""

    accounts: ProviderAccounts
    grace: timedelta


# Built once: building and hashing a statement costs more than SQLite takes to run it.
_method = select(methods).where(methods.c.id == bindparam("method"))
_of_next_period = (
    select(payments.c.created_at, payments.c.status, payments.c.method_id)
    .where(payments.c.subscription_id == bindparam("subscription"), payments.c.period_number == bindparam("number"))
    .order_by(payments.c.created_at.desc())
)


@dataclass(frozen=True, kw_only=True)
class HeldSubscription:
    """One subscription as it stands behind its owner's lock."""

    session: Session
    row: AnyRow
    terms: Terms
    now: datetime

    @property
    def ended(self) -> bool:
        return self.now >= self.ends_at

    @property
    def ends_at(self) -> datetime:
        at: datetime = self.row.ends_at
        return at

    @property
    def given_up_at(self) -> datetime:
        return self.ends_at + max(self.terms.grace, BY_PROVIDER if self.is_awaited else timedelta(0))

    def change(self, **values: Any) -> None:  # Any: the columns' values
        change_subscription(self.session, self.row.id, values)

    @cached_property
    def of_next_period(self) -> Sequence[AnyRow]:
        """The payments for it, newest first."""
        given = {"subscription": self.row.id, "number": self.row.number + 1}
        return self.session.connection().execute(_of_next_period, given).all()

    @cached_property
    def method(self) -> AnyRow | None:
        """That may be charged."""
        method = self.session.connection().execute(_method, {"method": self.row.method_id}).first()
        return method if method is not None and method.state == MethodState.ACTIVE and self.row.auto_renew else None

    @property
    def is_awaited(self) -> bool:
        """The provider charges by itself, as far as it has told."""
        return self.method is not None and self.method.by_provider and self.row.decline_reason is None

    @cached_property
    def reached(self) -> ProviderAccount | None:
        """Where the shop can charge the saved method for the price that was agreed."""
        return _reached(self)

    @cached_property
    def account(self) -> ProviderAccount | None:
        """The same, where it is to be charged."""
        return None if is_shut_out(self.session, self.row.user_id) else self.reached

    def tell(self, fact: PlanFact, **more: Any) -> None:  # Any: fields of the news
        tell(self.session, self.row, fact, self.now, **more)

    @property
    def under_way(self) -> bool:
        """A payment for the next period, or one that its owner pressed for and that may bring it."""
        mine = any(each.status in OPEN for each in self.of_next_period)
        return mine or is_charge_pressed(self.session, self.row.user_id)

    @property
    def tries(self) -> list[datetime]:
        """When the method was charged for the next period, newest first."""
        return [each.created_at for each in self.of_next_period if each.method_id is not None]

    @property
    def price(self) -> tuple[int, str]:
        """Of the next period, in minor units, and its currency."""
        minor = self.row.price if self.row.scheduled_price is None else self.row.scheduled_price
        return minor, self.row.currency


def _reached(held: HeldSubscription) -> ProviderAccount | None:
    method, accounts = held.method, held.terms.accounts
    if method is None or not accounts.reach(method.provider, method.provider_shop_id):
        return None
    account = accounts.of(method.provider)
    by_shop = account.provider.autopay is Autopay.BY_SHOP and account.merchant.currency == held.row.currency
    return account if by_shop else None
