"""How often a customer may have the provider's list read for a payment that the books do not know."""

from typing import Final

from services.coordination.base import Coordination
from services.errors import N_, ShopError

SEARCHES: Final = 5
SECONDS: Final = 3600.0


class SearchedOften(ShopError):
    message = N_("You have asked for unknown payments several times. Please try again in an hour.")


async def count_search(coordination: Coordination, user_id: int) -> None:
    """One more: a button may be old, or forged, and each tap reads pages of the list. Raises `SearchedOften`."""
    if not await coordination.allow(f"searches:{user_id}", times=SEARCHES, seconds=SECONDS):
        raise SearchedOften(user_id=user_id)
