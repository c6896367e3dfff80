"""What rows of Moscow Exchange's tables say; checked, for they are a stranger's."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.market.prices import StockSplit
from services.market.providers.base import ProviderNonsense
from services.market.providers.iss import Row
from services.market.spelling import TICKER, is_isin
from services.market.told import Close

MARKETS: Final = frozenset({("stock", "shares"), ("stock", "foreignshares"), ("stock", "index"), ("currency", "selt")})
"""Whose closes are prices: those of bonds are shares of their value, those of derivatives end."""
GROUPS: Final = ("stock_shares", "stock_dr", "stock_ppif", "stock_etf", "stock_index", "currency_selt")
_WORD: Final = re.compile(r"[A-Za-z0-9_]{1,36}")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a paper is traded; `first` and `last` days of its history."""

    name: str
    isin: str | None
    engine: str
    market: str
    board: str
    is_traded: bool
    first: dt.date | None
    last: dt.date | None


def listing_of(symbol: str, description: Sequence[Row], boards: Sequence[Row]) -> Listing | None:
    """None of an unknown paper, and of one whose closes are no prices."""
    about = {str(row.get("name")).upper(): row.get("value") for row in description}
    priced = [row for row in boards if (text_of(row, "engine"), text_of(row, "market")) in MARKETS]
    board = max(priced, key=_rank, default=None)
    if not about or board is None:
        return None
    if not _WORD.fullmatch(text_of(board, "boardid")):
        raise ProviderNonsense("a board without a name")
    return Listing(
        name=str(about.get("NAME") or about.get("SHORTNAME") or symbol),
        isin=str(about["ISIN"])[:12] if is_isin(str(about.get("ISIN"))) else None,
        engine=text_of(board, "engine"),
        market=text_of(board, "market"),
        board=text_of(board, "boardid"),
        is_traded=board.get("is_traded") == 1,
        first=_day(board.get("history_from")),
        last=_day(board.get("history_till")),
    )


def is_ours(row: Row) -> bool:
    return row.get("group") in GROUPS and TICKER.fullmatch(text_of(row, "secid")) is not None


def _rank(board: Row) -> tuple[bool, bool, str]:
    return board.get("is_traded") == 1, board.get("is_primary") == 1, str(board.get("history_till") or "")


def splits_of(symbol: str, rows: Iterable[Row]) -> Iterable[StockSplit]:
    for row in rows:
        before, after, day = row.get("before"), row.get("after"), _day(row.get("tradedate"))
        if row.get("secid") != symbol or day is None or type(before) is not int or type(after) is not int:
            continue
        if 0 < before < 10**9 and 0 < after < 10**9:
            yield StockSplit(day=day, before=before, after=after)


def close_of(row: Row) -> Close:
    day, close = _day(row.get("tradedate")), row.get("close")
    if day is None or isinstance(close, bool) or not (close is None or isinstance(close, int | float)):
        raise ProviderNonsense("a row of a history without day or close")
    try:
        return day, None if close is None else float(close)
    except OverflowError:
        raise ProviderNonsense(f"the close of {day} has no end") from None


def total_of(cursor: Sequence[Row]) -> int | None:
    """How many rows there are; None where the answer does not tell."""
    total = cursor[0].get("total") if cursor else None
    return total if type(total) is int else None


def _day(value: object) -> dt.date | None:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        return None
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return None


def text_of(row: Row, column: str) -> str:
    value = row.get(column)
    return value if isinstance(value, str) else ""
