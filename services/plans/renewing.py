"""What is due for one subscription, done in one transaction: tell its owner, begin the next charge, end it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.currencies import Currency
from db.tables.plans import LIVE, MethodState, SubscriptionStatus
from db.tables.users import User
from services.money import Money
from services.notifications.kinds.plans import PlanFact
from services.payments.changes import OPEN
from services.payments.context import ProviderAccount, ProviderAccounts
from services.payments.payment_row import NewRow, first_check, insert_payment
from services.payments.providers.base import Autopay, Decline
from services.payments.queries import PaymentView, find_payment, payments
from services.plans.checkout import described
from services.plans.endings import finish
from services.plans.locks import hold_user, is_shut_out
from services.plans.methods import methods
from services.plans.news import tell
from services.plans.plans import find_plan
from services.plans.rows import change_subscription, periods, subscription_row
from services.plans.times import BY_PROVIDER, LEASE, NOTICE, charge_at, warn_at

_users = table_of(User)
WAIT: Final = timedelta(minutes=15)  # for a payment of the next period that is under way
STUCK: Final = timedelta(days=1)  # nobody can tell any more what becomes of it; paid after all, it counts
PAUSES: Final = {Decline.TOMORROW: timedelta(days=1), Decline.HOURS: timedelta(hours=4)}
MOST_IN_A_DAY: Final = 2  # tries, by the one rule that a provider has published
DAY: Final = timedelta(days=1)
NO_EMAIL: Final = "email_needed"


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
_language = select(_users.c.language).where(_users.c.id == bindparam("user"))


@dataclass(frozen=True, kw_only=True)
class _Look:
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
    def account(self) -> ProviderAccount | None:
        """Where the saved method can be charged, if it can."""
        return _account(self)

    def tell(self, fact: PlanFact, **more: Any) -> None:  # Any: fields of the news
        tell(self.session, self.row, fact, self.now, **more)


def do_due(session: Session, subscription_id: UUID, terms: Terms, now: datetime) -> PaymentView | None:
    """The payment that the provider is now to be asked for; its row is there."""
    row = subscription_row(session, subscription_id)
    if row is None:
        return None
    hold_user(session, row.user_id)
    row = subscription_row(session, subscription_id)
    if row is None or row.status not in LIVE or row.look_at is None:
        return None
    look = _Look(session=session, row=row, terms=terms, now=now)
    if row.price is None or row.cancel_at_period_end:
        _run_out(look)
        return None
    return _renew(look)


def _run_out(look: _Look) -> None:
    """Nothing is to be charged: a trial, or it was cancelled."""
    trial = look.row.status == SubscriptionStatus.TRIALING
    if not trial and look.row.price is None:
        look.change(look_at=None)  # the free one has no end
    elif look.ended:
        status = SubscriptionStatus.CANCELED if look.row.cancel_at_period_end else SubscriptionStatus.EXPIRED
        finish(look.session, look.row, status, look.now)
    else:
        if trial and look.row.warned_of != look.ends_at and look.now >= warn_at(look.ends_at):
            look.tell(PlanFact.ENDS_SOON, at=look.ends_at)
        warned = look.now >= warn_at(look.ends_at)
        later = look.ends_at if warned or not trial else warn_at(look.ends_at)
        look.change(look_at=later, warned_of=look.ends_at if warned else look.row.warned_of)


def _renew(look: _Look) -> PaymentView | None:
    under_way = _under_way(look)
    if look.now >= look.given_up_at + (STUCK if under_way else timedelta(0)):
        finish(look.session, look.row, SubscriptionStatus.EXPIRED, look.now)
        return None
    charge = None if under_way else _next_charge(look)
    charge = _warn(look, charge)
    if look.ended and look.row.status == SubscriptionStatus.ACTIVE:
        _lapse(look, comes=under_way or charge is not None)
    if charge is not None and charge <= look.now:
        payment = _begin_charge(look)
        look.change(look_at=look.now + (WAIT if payment is None else LEASE))
        return payment
    moments = [warn_at(look.ends_at), look.ends_at, look.given_up_at, look.now + WAIT if under_way else charge]
    look.change(look_at=min(moment for moment in moments if moment is not None and moment > look.now))
    return None


def _warn(look: _Look, charge: datetime | None) -> datetime | None:
    """A day before the end; who is told late has some hours more before the charge, though not beyond the end."""
    row = look.row
    if row.warned_of == look.ends_at or look.now < warn_at(look.ends_at):
        return charge
    look.change(warned_of=look.ends_at)
    if charge is not None:
        latest = look.now + NOTICE if look.ended else max(look.now, look.ends_at - LEASE)
        charge = max(charge, min(look.now + NOTICE, latest))
    if row.auto_renew and row.decline_reason is None and not (look.ended and charge is None):
        amount, currency = _price(row)
        look.tell(PlanFact.RENEWAL_SOON, amount=amount, currency=currency, at=charge or look.ends_at)
    elif not look.ended:
        look.tell(PlanFact.ENDS_SOON, at=look.ends_at)
    return charge


def _lapse(look: _Look, *, comes: bool) -> None:
    """`comes`: the money may be on its way, or is still tried for. Telegram's word comes a little after the end."""
    look.change(status=SubscriptionStatus.PAST_DUE, past_due_at=look.now)
    waits = look.row.auto_renew and look.row.decline_reason is None
    if not comes and not waits:
        look.tell(PlanFact.PAST_DUE, at=look.given_up_at)


def _next_charge(look: _Look) -> datetime | None:
    """When the saved method is charged; None where it cannot be, or must not."""
    account = look.account
    if account is None:
        return None
    if (reason := look.row.decline_reason) is None:
        return charge_at(look.ends_at)
    decline = Decline.ACT if reason == NO_EMAIL else account.provider.decline_of(reason)
    if decline is Decline.NEVER:
        _refuse_method(look, reason)
    again = None
    if decline in PAUSES:
        tries = _tries(look)
        crowded = len(tries) >= MOST_IN_A_DAY and tries[0] - tries[MOST_IN_A_DAY - 1] < DAY
        again = (tries[0] if tries else look.now) + (DAY if crowded else PAUSES[decline])
        again = again if again < look.given_up_at else None
    amount, currency = _price(look.row)
    told = {"amount": amount, "currency": currency, "reason": reason, "decline": str(decline), "at": again}
    look.tell(PlanFact.DECLINED, about=f":{look.row.tries}", **told)
    return again


def _account(look: _Look) -> ProviderAccount | None:
    row, method = look.row, look.method
    if method is None or is_shut_out(look.session, row.user_id):
        return None
    if not look.terms.accounts.reach(method.provider, method.provider_shop_id):
        return None
    account = look.terms.accounts.of(method.provider)
    by_shop = account.provider.autopay is Autopay.BY_SHOP and account.merchant.currency == row.currency
    return account if by_shop else None


def _refuse_method(look: _Look, reason: str) -> None:
    """Its owner is asked for another one."""
    refused = {"state": MethodState.REFUSED, "refused_reason": reason, "updated_at": look.now}
    look.session.execute(update(methods).where(methods.c.id == look.row.method_id).values(refused))
    look.change(auto_renew=False)


def _under_way(look: _Look) -> bool:
    return any(each.status in OPEN for each in look.of_next_period)


def _tries(look: _Look) -> list[datetime]:
    """When the method was charged for the next period, newest first."""
    return [each.created_at for each in look.of_next_period if each.method_id is not None]


def _price(row: AnyRow) -> tuple[int, str]:
    return (row.price if row.scheduled_price is None else row.scheduled_price), row.currency


def _begin_charge(look: _Look) -> PaymentView | None:
    """Its row: the id hangs on subscription, period and try, so that who does it twice does it once."""
    session, row, now, account = look.session, look.row, look.now, look.account
    assert account is not None  # it was asked for
    email = _email(look) if account.merchant.receipts else None
    if account.merchant.receipts and email is None:
        look.change(decline_reason=NO_EMAIL, tries=row.tries + 1)
        return None
    number, plan = row.number + 1, find_plan(session, row.scheduled_plan_id or row.plan_id)
    payment_id = uuid5(row.id, f"{number}:{len(_tries(look))}")
    amount, currency = _price(row)
    language = session.connection().execute(_language, {"user": row.user_id}).scalar_one()
    new = NewRow(
        id=payment_id,
        user_id=row.user_id,
        plan_id=plan.id,
        subscription_id=row.id,
        period_number=number,
        method_id=row.method_id,
        provider=account.merchant.provider,
        provider_shop_id=account.merchant.shop_id,
        test=account.merchant.test,
        amount=Money(amount, Currency(currency)),
        credits=plan.credits,
        receipt_email=email,
        next_check_at=first_check(now),
        description=described(plan, language),
    )
    insert_payment(session, new, now)
    return find_payment(session, payment_id)


def _email(look: _Look) -> str | None:
    """For the receipt: as the last one had it, or as the profile has it now."""
    mine = (payments.c.subscription_id == look.row.id) & payments.c.receipt_email.is_not(None)
    last = select(payments.c.receipt_email).where(mine).order_by(payments.c.created_at.desc()).limit(1)
    profile = select(_users.c.email).where(_users.c.id == look.row.user_id)
    for query in (profile, last, _first_email(look)):
        if (email := look.session.scalar(query)) is not None:
            return str(email)
    return None


def _first_email(look: _Look) -> Select[Any]:  # Any: statements of tables carry no types
    """The payment that began it does not bear its id."""
    begun = (periods.c.payment_id == payments.c.id) & (periods.c.subscription_id == look.row.id)
    return select(payments.c.receipt_email).join(periods, begun).where(payments.c.receipt_email.is_not(None)).limit(1)
