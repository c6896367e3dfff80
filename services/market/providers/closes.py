"""Closes as they come in answers, checked: nothing that makes no sense goes on from here."""

import datetime as dt
import math
from collections.abc import Iterable

from services.market.providers.base import ProviderNonsense
from services.market.told import MAX_ROWS, Close


def checked(rows: Iterable[Close], *, today: dt.date) -> list[Close]:
    """The same. Raises ProviderNonsense where days do not ascend or have not come, where closes are no prices, or where
    there are days and no close at all."""
    found: list[Close] = []
    for day, close in rows:
        if found and day <= found[-1][0]:
            raise ProviderNonsense(f"{day} comes after {found[-1][0]}")
        if day > today:
            raise ProviderNonsense(f"{day} has not come yet")
        if close is not None and not (0 < close < math.inf):
            raise ProviderNonsense(f"the close of {day} is {close}")
        found.append((day, close))
        if len(found) > MAX_ROWS:
            raise ProviderNonsense(f"more than {MAX_ROWS} days")
    if found and all(close is None for _, close in found):
        raise ProviderNonsense("no day has a close")
    return found
