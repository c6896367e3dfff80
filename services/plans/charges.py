"""The charge of a saved method for the next period: when it is made, and its payment."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid5

from sqlalchemy import Select, bindparam, select

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.users import User
from services.money import Money
from services.notifications.kinds.plans import PlanFact
from services.payments.payment_row import NewRow, first_check, insert_payment
from services.payments.providers.base import Decline
from services.payments.queries import PaymentView, find_payment, payments
from services.plans.checkout import described
from services.plans.held import HeldSubscription
from services.plans.methods import refuse
from services.plans.plans import find_plan
from services.plans.rows import periods
from services.plans.times import DAY, MOST_IN_A_DAY, charge_at

_users = table_of(User)
PAUSES: Final = {Decline.TOMORROW: timedelta(days=1), Decline.HOURS: timedelta(hours=4)}
NO_EMAIL: Final = "email_needed"
_language = select(_users.c.language).where(_users.c.id == bindparam("user"))


def next_charge(held: HeldSubscription) -> datetime | None:
    """When the saved method is charged; None where it cannot be, or must not."""
    account = held.account
    if account is None:
        return None
    receipt = account.merchant.receipts
    healed = held.row.decline_reason == NO_EMAIL and (not receipt or _email(held) is not None)
    if (reason := held.row.decline_reason) is None or healed:
        return charge_at(held.ends_at)
    decline = Decline.ACT if reason == NO_EMAIL else account.provider.decline_of(reason)
    if decline is Decline.NEVER:
        refuse(held.session, held.row.method_id, reason, held.now)
        held.change(auto_renew=False)
    again = None
    if decline in PAUSES:
        tries = held.tries
        crowded = len(tries) >= MOST_IN_A_DAY and tries[0] - tries[MOST_IN_A_DAY - 1] < DAY
        again = (tries[0] if tries else held.now) + (DAY if crowded else PAUSES[decline])
        again = again if again < held.given_up_at else None
    amount, currency = held.price
    told = {"amount": amount, "currency": currency, "reason": reason, "decline": str(decline), "at": again}
    held.tell(PlanFact.DECLINED, about=f":{held.row.tries}", **told)
    return again


def begin_charge(held: HeldSubscription) -> PaymentView | None:
    """Its row: the id hangs on subscription, period and try, so that who does it twice does it once. None where it
    cannot be asked for: its row says so."""
    session, row, now, account = held.session, held.row, held.now, held.account
    assert account is not None  # it was asked for
    email = _email(held) if account.merchant.receipts else None
    number, plan = row.number + 1, find_plan(session, row.scheduled_plan_id or row.plan_id)
    payment_id = uuid5(row.id, f"{number}:{len(held.tries)}")
    amount, currency = held.price
    language = session.connection().execute(_language, {"user": row.user_id}).scalar_one()
    without_address = account.merchant.receipts and email is None
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
    if without_address:
        held.change(decline_reason=NO_EMAIL, tries=row.tries + 1)
        new = replace(new, status=PaymentStatus.CANCELED, cancel_reason=NO_EMAIL, next_check_at=None)
    insert_payment(session, new, now)
    return None if without_address else find_payment(session, payment_id)


def _email(held: HeldSubscription) -> str | None:
    """For the receipt: as the last one had it, or as the profile has it now."""
    mine = (payments.c.subscription_id == held.row.id) & payments.c.receipt_email.is_not(None)
    last = select(payments.c.receipt_email).where(mine).order_by(payments.c.created_at.desc()).limit(1)
    profile = select(_users.c.email).where(_users.c.id == held.row.user_id)
    for query in (profile, last, _first_email(held)):
        if (email := held.session.scalar(query)) is not None:
            return str(email)
    return None


def _first_email(held: HeldSubscription) -> Select[Any]:  # Any: statements of tables carry no types
    """The payment that began it does not bear its id."""
    begun = (periods.c.payment_id == payments.c.id) & (periods.c.subscription_id == held.row.id)
    return select(payments.c.receipt_email).join(periods, begun).where(payments.c.receipt_email.is_not(None)).limit(1)
