"""Trouble with money that only people can mend, told to them through the outbox; the same trouble once."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy.orm import Session

from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.owners import forget_news, tell_owners
from services.payments.mark import BUYER
from services.payments.merchant import Merchant
from services.payments.providers.base import NotAuthorized, RemotePayment, ShopRefused

log = structlog.get_logger()
TROUBLE_PAUSE: Final = timedelta(days=1)
"""Between two looks at what waits for them."""


class PaymentProblem(StrEnum):
    OFF = "off"
    """The shop has no provider; `detail` says which setting is missing."""
    NOT_AUTHORIZED = "not_authorized"
    """The provider does not take the shop's id or key."""
    PAYMENT_MISMATCH = "payment_mismatch"
    """A payment is not at the provider what it is in our books; nothing was credited."""
    REFUND_MISMATCH = "refund_mismatch"
    """The same of a refund; no credits were taken."""
    REFUND_UNKNOWN = "refund_unknown"
    """Nobody answered a refund for a day and it may have been made: the provider's cabinet knows."""
    REFUND_FAILED = "refund_failed"
    """The provider refused, later, a refund that somebody here began."""
    MONEY_BACK_FAILED = "money_back_failed"
    """The same of money that bought nothing, which is tried again."""
    UNCOLLECTED = "uncollected"
    """A refund from the provider's cabinet found its credits spent."""
    RECEIPT_REFUSED = "receipt_refused"
    """The provider refuses payments or refunds for their receipt."""
    SHOP_REFUSED = "shop_refused"
    """It refuses them for another reason that lies in the shop."""
    UNBOOKED = "unbooked"
    """Paid, as if by a version that did not sign its payments, and not in our books; nothing was credited."""
    UNPROVEN = "unproven"
    """Paid and not in our books, with this shop's mark and without a true signature; nothing was credited."""
    MANY_LOST = "many_lost"
    """More such payments than messages would help with."""
    STRAY = "stray"
    """Money that came for nothing we know; it is kept, and can be sent back."""
    OTHER_SHOP = "other_shop"
    """Unfinished payments of another of the provider's shops than the settings name."""


def forget(session: Session, problem: PaymentProblem) -> None:
    """It is over: who has not been told need not be."""
    forget_news(session, PaymentTrouble(problem=problem).key)


def not_authorized(session: Session, merchant: Merchant, now: datetime, *, error: NotAuthorized) -> None:
    """Once a day: until it is mended nobody can pay."""
    log.error("payments_not_authorized", code=error.code, shop_id=merchant.shop_id)
    about = f"{merchant.shop_id}:{error.code[:24]}:{now:%Y-%m-%d}"
    _tell(session, merchant, now, problem=PaymentProblem.NOT_AUTHORIZED, about=about, detail=_words(error))


def shop_refused(session: Session, merchant: Merchant, now: datetime, *, error: ShopRefused) -> None:
    """Once for what the provider objects to, until the setting is another."""
    log.warning("payment_refused_for_shop", code=error.code, detail=error.detail, shop_id=merchant.shop_id)
    receipt = error.parameter.startswith("receipt") or "receipt" in error.detail.lower()
    problem = PaymentProblem.RECEIPT_REFUSED if receipt else PaymentProblem.SHOP_REFUSED
    about = f"{merchant.shop_id}:{error.code[:20]}:{error.parameter[:16]}:{merchant.vat_code}"
    _tell(session, merchant, now, problem=problem, about=about, detail=_words(error))


def lost(
    session: Session, merchant: Merchant, now: datetime, *, problem: PaymentProblem, remote: RemotePayment
) -> None:
    """Money that came in and that our books do not know; each payment once."""
    money = str(remote.amount)
    log.warning("payment_not_in_books", problem=problem, provider_payment_id=remote.id, amount=money)
    claimed = remote.mark.get(BUYER, "")[:16]
    buyer = f"Telegram {claimed}" if claimed.isdigit() else ""
    detail = " · ".join(each for each in (money, remote.id, _moment(remote), buyer) if each)
    _tell(session, merchant, now, problem=problem, about=remote.id[:40], detail=detail)


def many_lost(session: Session, merchant: Merchant, now: datetime, *, count: int) -> None:
    """Once a day."""
    _tell(session, merchant, now, problem=PaymentProblem.MANY_LOST, about=f"{now:%Y-%m-%d}", detail=str(count))


def _tell(
    session: Session, merchant: Merchant, now: datetime, *, problem: PaymentProblem, about: str, detail: str
) -> None:
    trouble = PaymentTrouble(problem=problem, about=about, detail=detail, provider=merchant.provider)
    tell_owners(session, merchant.owners, trouble, now=now)


def _moment(remote: RemotePayment) -> str:
    moment = remote.paid_at or remote.created_at
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _words(error: NotAuthorized | ShopRefused) -> str:
    return f"{error.code}: {error.detail}" if error.detail else error.code
