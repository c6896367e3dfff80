"""Ways of paying that their owners let the shop charge again, and how they take them back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.plans import MethodState, PaymentMethod
from services.clock import Clock
from services.errors import N_, ShopError
from services.plans.locks import hold_user
from services.plans.rows import subscriptions

methods = table_of(PaymentMethod)
KEPT = (MethodState.ACTIVE, MethodState.REFUSED)


class MethodGone(ShopError):
    message = N_("There is no such way of paying. It may have been removed already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodView:
    """`title`: as its owner knows it, such as `Visa •• 4242`; `consent`: to what its owner agreed, and when;
    `by_provider`: who charges by itself."""

    id: UUID
    provider: str
    title: str
    state: MethodState
    consent: JsonObject
    created_at: datetime
    by_provider: bool = False


class PaymentMethods:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def of(self, user_id: int) -> list[MethodView]:
        """Newest first; those that were taken back are gone."""
        return await self._db.read(methods_of, user_id)

    async def unlink(self, user_id: int, method_id: UUID) -> None:
        """Nothing is charged from it any more; what was paid stays. Where the provider charges by itself, it is told
        by a sweep until it knows. Raises `MethodGone`."""
        await self._db.write(unlink, user_id, method_id, self._clock())


def methods_of(session: Session, user_id: int) -> list[MethodView]:
    mine = select(methods).where(methods.c.user_id == user_id, methods.c.state.in_(KEPT))
    return [method_view(row) for row in session.execute(mine.order_by(methods.c.created_at.desc(), methods.c.id))]


def find_method(session: Session, method_id: UUID | None) -> MethodView | None:
    """Also one that was taken back."""
    row = None if method_id is None else session.execute(select(methods).where(methods.c.id == method_id)).first()
    return None if row is None else method_view(row)


def unlink(session: Session, user_id: int, method_id: UUID, now: datetime) -> None:
    """As `PaymentMethods.unlink`."""
    hold_user(session, user_id)
    mine = (methods.c.id == method_id) & (methods.c.user_id == user_id) & methods.c.state.in_(KEPT)
    if session.execute(select(methods.c.id).where(mine)).first() is None:
        raise MethodGone(method_id=method_id)
    forget(session, method_id, now)
    session.execute(update(subscriptions).where(subscriptions.c.method_id == method_id).values(auto_renew=False))


def forget(session: Session, method_id: UUID, now: datetime) -> None:
    """Its token goes; where the provider charges by itself, only when it has been told."""
    if not stop(session, method_id, now):
        kept = (methods.c.id == method_id) & methods.c.state.in_(KEPT)
        gone = {"state": MethodState.UNLINKED, "token": None, "unlinked_at": now, "updated_at": now}
        session.execute(update(methods).where(kept).values(gone))


def stop(session: Session, method_id: UUID | None, now: datetime) -> bool:
    """A provider who charges by itself is to be told that nothing is to be charged any more. False for others."""
    mine = (methods.c.id == method_id) & methods.c.by_provider & methods.c.state.in_(KEPT)
    told = {"state": MethodState.UNLINKING, "unlinked_at": now, "updated_at": now}
    return session.execute(update(methods).where(mine).values(told).returning(methods.c.id)).first() is not None


def refuse(session: Session, method_id: UUID, reason: str, now: datetime) -> None:
    """For good, by the provider's word: its owner is asked for another one."""
    here = (methods.c.id == method_id) & (methods.c.state == MethodState.ACTIVE)
    refused = {"state": MethodState.REFUSED, "refused_reason": reason, "updated_at": now}
    session.execute(update(methods).where(here).values(refused))


def method_view(row: AnyRow) -> MethodView:
    fields = {name: getattr(row, name) for name in MethodView.__slots__}
    return MethodView(**fields | {"state": MethodState(row.state)})
