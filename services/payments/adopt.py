"""A payment that the provider has and our books have not, because they are older than it: its row, and its buyer's."""

from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import PaymentStatus, ProviderList
from services.payments.mark import Mark, Origin
from services.payments.merchant import Merchant
from services.payments.payment_row import MOST_SIGNS, Description, NewRow, insert_payment
from services.payments.providers.base import RemotePayment
from services.payments.queries import parse_id
from services.users import accounts as users

log = structlog.get_logger()

_lists = table_of(ProviderList)
PAID = (PaymentStatus.SUCCEEDED, PaymentStatus.WAITING_FOR_CAPTURE)


class Adoption(StrEnum):
    """What became of a payment that our books do not know."""

    ADOPTED = "adopted"
    """Ours: it has a row now."""
    ANOTHER = "another"
    """Another shop's or program's, or one that came to nothing."""
    UNPROVEN = "unproven"
    """It says that it is ours, in vain."""
    UNBOOKED = "unbooked"
    """Paid, and it may be ours: it was begun before our payments were signed."""


def adopt(session: Session, remote: RemotePayment, merchant: Merchant, now: datetime) -> Adoption:
    """Judge a payment that has no row here, and give it one, pending, where its mark is true. What follows from its
    status follows as for any other. Whoever else does the same at this moment gets the same row."""
    if remote.shop_id != merchant.shop_id or remote.status == PaymentStatus.CANCELED:
        return Adoption.ANOTHER
    origin, mark = merchant.signer.verify(remote)
    same = (merchant.told_test or remote.test is merchant.test) and remote.amount.currency == merchant.currency
    if mark is not None and mark.plan is not None:  # what it served by now nobody can tell from it
        return Adoption.UNBOOKED if remote.status in PAID else Adoption.ANOTHER
    if mark is not None and mark.telegram_id is not None and same:
        _insert(session, remote, mark, mark.telegram_id, merchant=merchant, now=now)
        log.warning("payment_adopted", payment_id=str(mark.payment_id), provider_payment_id=remote.id)
        return Adoption.ADOPTED
    if remote.status not in PAID or origin is Origin.ANOTHER:
        return Adoption.ANOTHER
    if origin is not Origin.UNMARKED:
        return Adoption.UNPROVEN
    old = parse_id(remote.our_id) is not None and before_list(session, remote, merchant)
    return Adoption.UNBOOKED if old else Adoption.ANOTHER


def _insert(
    session: Session, remote: RemotePayment, mark: Mark, telegram_id: int, *, merchant: Merchant, now: datetime
) -> None:
    buyer = users.Visitor(telegram_id=telegram_id, username=None, first_name="", language=merchant.language)
    user = users.bring_in(session, buyer, now, merchant.welcome_credits, merchant.people)
    row = NewRow(
        id=mark.payment_id,
        user_id=user.id,
        provider=merchant.provider,
        provider_payment_id=remote.id,
        provider_shop_id=remote.shop_id,
        test=remote.test,
        amount=remote.amount,
        credits=mark.credits,
        valid_days=mark.valid_days,
        description=Description(receipt=remote.description.replace("\x00", "")[:MOST_SIGNS], shown=None),
        receipt_email=user.email if merchant.receipts else None,
        confirmation_url=remote.confirmation_url,
        next_check_at=now,
        created_at=min(remote.created_at or now, now),
        adopted_at=now,
    )
    insert_payment(session, row, now)


def before_list(session: Session, remote: RemotePayment, merchant: Merchant) -> bool:
    """Whether it is older than the first reading of the provider's list, and so perhaps than this shop."""
    here = (_lists.c.provider == merchant.provider) & (_lists.c.provider_shop_id == merchant.shop_id)
    began_at = session.scalar(select(_lists.c.began_at).where(here))
    return began_at is None or remote.created_at is None or remote.created_at < began_at
