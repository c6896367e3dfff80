"""Where the numbers of a series may come from while the shop runs: `[[inputs.live]]`."""

import hashlib
from collections.abc import Sequence
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, model_validator

from services.manifests.schema import Array, Table, Text, wrong


class ListedSymbol(Table):
    value: Annotated[str, Field(min_length=1, max_length=36, pattern=r"^[A-Za-z0-9._:^=-]+$")]
    label: Text


class LivePrices(Table):
    """A provider of daily closes. `moex` is asked at MARKET_DATA_URL; `csv` at `url`, for `symbols` only."""

    provider: Literal["moex", "csv"]
    label: Text | None = None
    url: Annotated[str, Field(max_length=500, pattern=r"^https?://")] | None = None
    symbols: Annotated[tuple[ListedSymbol, ...], Array] = ()
    zone: Annotated[str, Field(max_length=64)] | None = None
    final_at: Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")] | None = None
    """By the clocks of `zone`: from then on a day's close changes no more."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "csv" and (self.url is None or "{symbol}" not in self.url):
            raise wrong("provider csv has no url with {symbol}", 'Write url = "https://…/{symbol}.csv"', "url")
        if self.provider == "csv" and not self.symbols:
            raise wrong("provider csv has no symbols", "Name those that may be asked for", "symbols")
        if self.provider == "moex" and (self.url is not None or self.symbols):
            raise wrong("provider moex takes neither url nor symbols", "Take them out: it is searched", "provider")
        if (self.zone is None) != (self.final_at is None) or (self.provider == "moex" and self.zone is not None):
            raise wrong("zone and final_at belong together, to a csv", 'As in zone = "America/New_York"', "zone")
        if self.zone is not None and not _is_zone(self.zone):
            raise wrong(f'there is no time zone "{self.zone}"', "Take one of the IANA list: Europe/London", "zone")
        return self

    @property
    def key(self) -> str:
        """What tells it from others in the cache: the same address, the same prices."""
        return self.provider if self.url is None else f"{self.provider}:{self.url}"

    @property
    def address(self) -> str:
        """A digest of its url, which may hold a key of the operator's; empty where it has none."""
        return "" if self.url is None else hashlib.sha256(self.url.encode()).hexdigest()[:16]


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def source_of(live: Sequence[LivePrices], *, provider: str, symbol: str, address: str = "") -> LivePrices | None:
    """The one that has this paper; None where it is not asked any more. `address`: digest of the one it came from,
    empty where that was not kept."""
    for source in live:
        listed = not source.symbols or any(each.value == symbol for each in source.symbols)
        if source.provider == provider and address in ("", source.address) and listed:
            return source
    return None
