"""When something is done about a subscription."""

from datetime import datetime, timedelta
from typing import Final

WARN_BEFORE: Final = timedelta(days=1)
CHARGE_BEFORE: Final = timedelta(hours=12)  # a passing failure is over by the end
NOTICE: Final = timedelta(hours=3)  # between a warning that comes late and the charge
LEASE: Final = timedelta(minutes=10)  # longer than a charge takes
GRACE: Final = timedelta(days=3)
BY_PROVIDER: Final = timedelta(days=1)  # at least, where the provider charges by itself: its word comes after the end

MOST_IN_A_DAY: Final = 2  # tries of a saved method, by the one rule that a provider has published
DAY: Final = timedelta(days=1)


def warn_at(ends_at: datetime) -> datetime:
    return ends_at - WARN_BEFORE


def charge_at(ends_at: datetime) -> datetime:
    return ends_at - CHARGE_BEFORE
