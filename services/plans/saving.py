"""A way of paying is kept with the payment in which its owner agreed to that."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject
from db.tables.plans import MethodState
from services.payments.merchant import Merchant
from services.payments.providers.base import RemoteMethod, RemotePayment
from services.payments.queries import PaymentView
from services.plans.consent import in_place_of
from services.plans.methods import methods

_state = select(methods.c.state).where(methods.c.id == bindparam("method"))


def keep_method(
    session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, *, user_id: int, now: datetime
) -> UUID | None:
    """What the provider kept, if its owner agreed: its id in our books."""
    method, consent = remote.method, payment.consent
    if payment.method_id is not None and consent is not None:
        return _keep_on(session, payment.method_id, consent, user_id=user_id, now=now)
    if method is None or consent is None or remote.shop_id is None:
        return None
    facts = {
        "kept_for": None if payment.user_id == user_id else payment.user_id,
        "title": _title(remote, method),
        "card_type": remote.card_type,
        "card_last4": remote.card_last4,
        "by_provider": merchant.charges_itself,
        "state": MethodState.ACTIVE,
        "refused_reason": None,
        "consent": consent,
        "updated_at": now,
        "unlinked_at": None,
    }
    names = {
        "provider": merchant.provider,
        "provider_shop_id": remote.shop_id,
        "token": method.token,
        "user_id": user_id,
    }
    same = [methods.c[name] == value for name, value in names.items()]
    known: UUID | None = session.scalar(select(methods.c.id).where(*same))
    if known is None:
        known = uuid4()
        session.execute(insert(methods), facts | names | {"id": known, "created_at": now})
    else:
        session.execute(update(methods).where(methods.c.id == known).values(facts))
    return known


def _keep_on(session: Session, method_id: UUID, consent: JsonObject, *, user_id: int, now: datetime) -> UUID | None:
    """It is kept already; None where it was taken back meanwhile."""
    mine = (methods.c.id == method_id) & (methods.c.user_id == user_id) & (methods.c.state == MethodState.ACTIVE)
    before = session.scalar(select(methods.c.consent).where(mine))
    if before is None:
        return None
    session.execute(update(methods).where(mine).values(consent=in_place_of(before, consent), updated_at=now))
    return method_id


def _title(remote: RemotePayment, method: RemoteMethod) -> str:
    """In no language, where it is a card: providers write theirs in English."""
    known = remote.card_type and remote.card_last4
    return (f"{remote.card_type} •• {remote.card_last4}" if known else method.title)[:64]


def was_taken_back(session: Session, method_id: UUID | None) -> bool:
    state = session.connection().execute(_state, {"method": method_id}).scalar()
    return state in (None, MethodState.UNLINKING, MethodState.UNLINKED)
