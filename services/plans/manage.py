"""What owners do with plans. Each change is in the audit log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.base import JsonObject
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from db.tables.users import AuditAction
from services import ordering
from services.audit_log.record import AuditRecord, record
from services.clock import Clock
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.kinds.plans import PlanFact
from services.payments.queries import payments
from services.plans.methods import methods
from services.plans.news import tell
from services.plans.plan_offer import PlanOffer, check
from services.plans.plans import (
    PlanView,
    find_plan,
    list_plans,
    plan_allowances,
    plans,
    prices,
)
from services.plans.promised import check_promises
from services.plans.rows import subscriptions
from services.plans.times import charge_at
from services.users.actor import Actor
from services.users.roles import Staff

P = ParamSpec("P")
_ORDER = ordering.Ranking(key=plans.c.id, position=plans.c.position, by=(plans.c.position, plans.c.id))


class PlanNameTaken(ShopError):
    message = N_("There is a plan of this name already.")


class PlanSold(ShopError):
    """Whoever has it, or is paying for it, agreed to a price for so much time."""

    message = N_(
        "This plan has been sold, so its period stays as long as it is, and a paid one stays paid. Make another plan, "
        "and switch this one off."
    )


class FreePlanThere(ShopError):
    message = N_("There is a free plan already. Switch it off first.")


class PlanManagement:
    """Raises `NotAllowed`."""

    def __init__(self, db: Database, clock: Clock, staff: Staff) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff

    async def create(self, offer: PlanOffer, *, actor: Actor) -> PlanView:
        """On sale at once, behind the others. Raises `BadPlan`, `PlanNameTaken`, `FreePlanThere`."""
        check(offer)
        return await self._written(self._create, offer, actor, self._clock())

    async def edit(self, plan_id: int, offer: PlanOffer, *, actor: Actor) -> PlanView:
        """Periods that are paid keep what they brought; subscribers keep their price, and have no less for it. Raises
        `BadPlan`, `PlanGone`, `PlanNameTaken`, `FreePlanThere`, `PlanSold`, `GivesLess`."""
        check(offer)
        return await self._written(self._edit, plan_id, offer, actor, self._clock())

    async def enable(self, plan_id: int, *, enabled: bool, actor: Actor) -> PlanView:
        """One that is off is not sold; who has it keeps it. Raises `PlanGone`, `FreePlanThere`."""
        return await self._written(self._enable, plan_id, enabled, actor, self._clock())

    async def move(self, plan_id: int, *, places: int, actor: Actor) -> list[PlanView]:
        """Up (negative) or down the list; returns all. Raises `PlanGone`."""
        return await self._db.write(self._move, plan_id, places, actor, self._clock())

    async def offer_price(self, plan_id: int, *, actor: Actor) -> int:
        """Subscribers who are charged another price by themselves are asked whether they agree to the present one;
        nothing changes for those who do not answer. How many were asked. Raises `PlanGone`."""
        return await self._db.write(self._offer_price, plan_id, actor, self._clock())

    async def _written(
        self, change: Callable[Concatenate[Session, P], PlanView], *args: P.args, **kwargs: P.kwargs
    ) -> PlanView:
        try:
            return await self._db.write(change, *args, **kwargs)
        except IntegrityError:  # another owner was quicker by a moment: now what is in the way is seen
            return await self._db.write(change, *args, **kwargs)

    def _create(self, session: Session, offer: PlanOffer, actor: Actor, now: datetime) -> PlanView:
        self._staff.require(session, actor)
        place = max((plan.position for plan in list_plans(session)), default=0) + ordering.STEP
        values = _columns(offer) | {"enabled": True, "position": place, "created_at": now}
        _not_taken(session, offer.name, None)
        _one_free(session, offer, None)
        plan_id: int = session.execute(insert(plans).returning(plans.c.id), values).scalar_one()
        _write_terms(session, plan_id, offer)
        _record(session, AuditAction.PLAN_CREATE, offer.name, actor, now, after=_told(offer))
        return find_plan(session, plan_id)

    def _edit(self, session: Session, plan_id: int, offer: PlanOffer, actor: Actor, now: datetime) -> PlanView:
        self._staff.require(session, actor)
        plan = _locked(session, plan_id)
        before, after = _told(PlanOffer.of(plan)), _told(offer)
        if before == after:
            return plan
        _not_taken(session, offer.name, plan_id)
        stays = (offer.months, offer.is_free) == (plan.months, plan.is_free) or (offer.is_free and plan.is_free)
        if not stays and _sold(session, plan_id):
            raise PlanSold(plan_id=plan_id)
        check_promises(session, plan, offer)
        if plan.enabled:
            _one_free(session, offer, plan_id)
        session.execute(update(plans).where(plans.c.id == plan_id).values(_columns(offer)))
        _write_terms(session, plan_id, offer)
        changed = [name for name in after if before[name] != after[name]]
        was, now_is = ({name: each[name] for name in changed} for each in (before, after))
        _record(session, AuditAction.PLAN_EDIT, plan.name, actor, now, before=was, after=now_is)
        return find_plan(session, plan_id)

    def _enable(self, session: Session, plan_id: int, enabled: bool, actor: Actor, now: datetime) -> PlanView:
        self._staff.require(session, actor)
        plan = _locked(session, plan_id)
        if plan.enabled == enabled:
            return plan
        if enabled:
            _one_free(session, PlanOffer.of(plan), plan_id)
        session.execute(update(plans).where(plans.c.id == plan_id).values(enabled=enabled))
        action = AuditAction.PLAN_ENABLE if enabled else AuditAction.PLAN_DISABLE
        _record(session, action, plan.name, actor, now, before={"enabled": not enabled}, after={"enabled": enabled})
        return find_plan(session, plan_id)

    def _move(self, session: Session, plan_id: int, places: int, actor: Actor, now: datetime) -> list[PlanView]:
        self._staff.require(session, actor)
        plan, moved = find_plan(session, plan_id), ordering.move(session, _ORDER, plan_id, places)
        if moved is not None and moved[0] != moved[1]:
            before, after = ({"place": place} for place in moved)
            _record(session, AuditAction.PLAN_MOVE, plan.name, actor, now, before=before, after=after)
        return list_plans(session)

    def _offer_price(self, session: Session, plan_id: int, actor: Actor, now: datetime) -> int:
        self._staff.require(session, actor)
        plan, asked = find_plan(session, plan_id), 0
        for currency, price in plan.prices.items():
            for row in session.execute(_with_another_price(plan_id, currency, price)).all():
                present = row.price if row.scheduled_price is None else row.scheduled_price
                at = max(charge_at(row.ends_at), now)
                told = {"amount": price.minor, "present": present, "currency": currency, "at": at}
                tell(session, row, PlanFact.PRICE_OFFERED, now, about=f":{price.minor}:{now:%Y%m%d}", **told)
                asked += 1
        _record(session, AuditAction.PLAN_OFFER, plan.name, actor, now, after={"asked": asked})
        return asked


def _with_another_price(plan_id: int, currency: Currency, price: Money) -> Any:  # Any: statements carry no types
    """Of those whose next period is one of this plan and is charged by itself; Telegram's own subscriptions have the
    price that they began with."""
    itself = select(methods.c.id).where(methods.c.id == subscriptions.c.method_id, methods.c.by_provider).exists()
    return select(subscriptions).where(
        subscriptions.c.plan_id == plan_id,
        func.coalesce(subscriptions.c.scheduled_plan_id, plan_id) == plan_id,
        subscriptions.c.currency == currency,
        subscriptions.c.price != price.minor,
        subscriptions.c.status.in_((SubscriptionStatus.ACTIVE, SubscriptionStatus.PAST_DUE)),
        subscriptions.c.auto_renew,
        ~subscriptions.c.cancel_at_period_end,
        subscriptions.c.scheduled_price.is_distinct_from(price.minor),
        ~itself,
    )


def _columns(offer: PlanOffer) -> JsonObject:
    names = ("name", "title", "months", "credits", "discount_percent", "trial_days", "is_free")
    return {name: getattr(offer, name) for name in names} | {"description": offer.description or None}


def _told(offer: PlanOffer) -> JsonObject:
    """As the audit log keeps it."""
    sold = {str(currency): money.minor for currency, money in sorted(offer.prices.items())}
    given = [{"unit": str(each.unit), "amount": each.amount, "slugs": list(each.slugs)} for each in offer.allowances]
    return _columns(offer) | {"prices": sold, "allowances": given}


def _write_terms(session: Session, plan_id: int, offer: PlanOffer) -> None:
    session.execute(delete(prices).where(prices.c.plan_id == plan_id))
    session.execute(delete(plan_allowances).where(plan_allowances.c.plan_id == plan_id))
    for currency, money in offer.prices.items():
        session.execute(insert(prices), {"plan_id": plan_id, "currency": currency, "amount": money.minor})
    for place, each in enumerate(offer.allowances):
        given = {"plan_id": plan_id, "unit": each.unit, "amount": each.amount, "slugs": list(each.slugs)}
        session.execute(insert(plan_allowances), given | {"position": place})


def _locked(session: Session, plan_id: int) -> PlanView:
    session.execute(select(plans.c.id).where(plans.c.id == plan_id).with_for_update(key_share=True))
    return find_plan(session, plan_id)


def _not_taken(session: Session, name: str, plan_id: int | None) -> None:
    same = select(plans.c.id).where(plans.c.name == name, plans.c.id != (plan_id or 0))
    if session.scalar(same) is not None:
        raise PlanNameTaken(name=name)


def _sold(session: Session, plan_id: int) -> bool:
    """Somebody has it or had it, chose it for later, or has a page open to pay for it."""
    mine = (subscriptions.c.plan_id == plan_id) | (subscriptions.c.scheduled_plan_id == plan_id)
    found = (
        select(subscriptions.c.id).where(mine).exists()
        | select(payments.c.id).where(payments.c.plan_id == plan_id).exists()
    )
    return bool(session.scalar(select(found)))


def _one_free(session: Session, offer: PlanOffer, plan_id: int | None) -> None:
    other = select(plans.c.id).where(plans.c.is_free, plans.c.enabled, plans.c.id != (plan_id or 0))
    if offer.is_free and session.scalar(other) is not None:
        raise FreePlanThere()


def _record(
    session: Session,
    action: AuditAction,
    name: str,
    actor: Actor,
    now: datetime,
    *,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
) -> None:
    record(session, AuditRecord(actor=actor, action=action, subject=name, before=before, after=after), now)
