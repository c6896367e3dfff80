"""How long a table waits for a model that is not there, or whose server answers checks and no rows."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.scoring.queries import ScoringView

PATIENCE: Final = timedelta(minutes=30)


class Waits:
    """Since when this worker has got no answer for a table, and how far the table was."""

    def __init__(self) -> None:
        self._since: dict[UUID, tuple[int, datetime]] = {}

    def too_long(self, view: ScoringView, now: datetime) -> bool:
        """Once more there was none; whether it has got no further for all that time."""
        self._since = {key: wait for key, wait in self._since.items() if now - wait[1] < 2 * PATIENCE}
        done, since = self._since.setdefault(view.id, (view.done, now))
        if done != view.done:
            self._since[view.id] = (view.done, now)
            return False
        return now - since > PATIENCE
