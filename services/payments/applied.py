"""What the provider's word came to."""

from dataclasses import dataclass
from enum import StrEnum

from services.payments.queries import PaymentView


class Applied(StrEnum):
    UNCHANGED = "unchanged"
    CREDITED = "credited"
    CANCELED = "canceled"
    TO_CAPTURE = "to_capture"
    """The money is held; the shop must take it."""
    MISMATCH = "mismatch"
    """The provider's payment is not the one in our books; nothing was changed."""
    ADOPTED = "adopted"
    """It has a row now, and nothing followed from that yet."""
    UNPROVEN = "unproven"
    UNBOOKED = "unbooked"
    """Paid, perhaps to us, and not in our books: for people to judge."""
    FOREIGN = "foreign"
    """No payment of ours."""
    STRAY = "stray"
    """Money for nothing that we know, or not as it was asked for: kept to be sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`payment`: as it stands now; None for one that is not in our books. `problem`: what does not match."""

    applied: Applied
    payment: PaymentView | None = None
    problem: str | None = None
