"""How often a customer may have the provider's list read for a payment that the books do not know."""

from datetime import datetime, timedelta
from typing import Final

from services.clock import Clock
from services.errors import N_, ShopError

SEARCHES: Final = 5
PERIOD: Final = timedelta(hours=1)


class SearchedOften(ShopError):
    message = N_("You have asked for unknown payments several times. Please try again in an hour.")


class Searches:
    """Of this process. A button may be old, or forged, and each tap reads pages of the list."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[int, list[datetime]] = {}

    def count(self, user_id: int) -> None:
        """One more. Raises `SearchedOften`."""
        now = self._clock()
        lately = {user: [at for at in made if now - PERIOD < at <= now] for user, made in self._made.items()}
        self._made = {user: made for user, made in lately.items() if made}
        mine = self._made.setdefault(user_id, [])
        if len(mine) >= SEARCHES:
            raise SearchedOften(user_id=user_id)
        mine.append(now)
