"""Moscow Exchange by ISS: public, without a key. Why not `aiomoex`: decision 34."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from services.market.prices import Instrument, StockSplit
from services.market.providers.base import ProviderAway, ProviderNonsense
from services.market.providers.closes import checked
from services.market.providers.http import BoundedReader
from services.market.providers.iss import IssTables, Row
from services.market.spelling import TICKER, code, is_isin, plain, same_name, shown
from services.market.told import Close, ToldSeries

log = structlog.get_logger()

NAME: Final = "moex"
EXCHANGE: Final = "MOEX"
MARKETS: Final = frozenset({("stock", "shares"), ("stock", "foreignshares"), ("stock", "index"), ("currency", "selt")})
"""Whose closes are prices: those of bonds are shares of their value, those of derivatives end."""
GROUPS: Final = ("stock_shares", "stock_dr", "stock_ppif", "stock_etf", "stock_index", "currency_selt")
MOST_FOUND: Final = 20
SHORTEST_WORD: Final = 3
"""ISS leaves out words of fewer letters."""
PAGE: Final = 100
MOST_PAGES: Final = 60
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


class MoscowExchange:
    def __init__(self, root: str, reader: BoundedReader) -> None:
        self._reader, self._iss = reader, IssTables(root, reader)

    async def find(self, text: str) -> Sequence[Instrument]:
        async with self._reader.deadline():
            ticker = code(text)
            if ticker is not None and not is_isin(ticker):
                listing = await self._listing(ticker)
                if listing is not None:
                    return [_instrument(ticker, listing.name)]
            return await self._search(ticker if ticker is not None and is_isin(ticker) else plain(text))

    async def series(self, symbol: str, *, since: dt.date, today: dt.date) -> ToldSeries | None:
        async with self._reader.deadline():
            listing = await self._listing(symbol)
            if listing is None:
                return None
            closes: list[Close] = []
            splits: list[StockSplit] = []
            if listing.is_traded and listing.first is not None and listing.first <= today:
                closes = checked(await self._history(symbol, listing, since), today=today)
                splits = await self._splits(symbol) if (listing.engine, listing.market) != ("stock", "index") else []
                if not closes and (listing.last is None or listing.last >= since):
                    raise ProviderNonsense("a history without rows")
            last = max((day for day, close in closes if close is not None), default=listing.last)
            return ToldSeries(
                instrument=_instrument(symbol, listing.name),
                isin=listing.isin,
                closes=closes,
                splits=splits,
                is_traded=listing.is_traded or listing.first is None or listing.first > today,
                last=last if last is not None and last <= today else None,
            )

    async def _search(self, text: str) -> Sequence[Instrument]:
        if all(len(word) < SHORTEST_WORD for word in text.split()):
            return []
        tables = await self._iss.ask("/securities", "securities", q=text, limit=str(PAGE))
        rows = [row for row in tables["securities"] if _is_ours(row)]
        exact = [row for row in rows if text == row.get("isin") or same_name(text, _text(row, "name"))]
        rows = exact or [row for row in rows if row.get("is_traded") == 1] or rows
        found = {str(row["secid"]): _instrument(str(row["secid"]), _text(row, "name")) for row in rows}
        return list(found.values())[:MOST_FOUND]

    async def _listing(self, symbol: str) -> Listing | None:
        """None of an unknown paper, and of one whose closes are no prices."""
        if not TICKER.fullmatch(symbol):
            return None
        tables = await self._iss.ask(f"/securities/{symbol}", "description", "boards")
        about = {str(row.get("name")).upper(): row.get("value") for row in tables["description"]}
        boards = [row for row in tables["boards"] if (_text(row, "engine"), _text(row, "market")) in MARKETS]
        board = max(boards, key=_rank, default=None)
        if not about or board is None:
            return None
        if not _WORD.fullmatch(_text(board, "boardid")):
            raise ProviderNonsense("a board without a name")
        return Listing(
            name=str(about.get("NAME") or about.get("SHORTNAME") or symbol),
            isin=str(about["ISIN"])[:12] if is_isin(str(about.get("ISIN"))) else None,
            engine=_text(board, "engine"),
            market=_text(board, "market"),
            board=_text(board, "boardid"),
            is_traded=board.get("is_traded") == 1,
            first=_day(board.get("history_from")),
            last=_day(board.get("history_till")),
        )

    async def _history(self, symbol: str, listing: Listing, since: dt.date) -> list[Close]:
        path = f"/history/engines/{listing.engine}/markets/{listing.market}/boards/{listing.board}/securities/{symbol}"
        closes: list[Close] = []
        for _ in range(MOST_PAGES):
            told = await self._iss.ask(
                path,
                "history",
                "history.cursor",
                start=str(len(closes)),
                history__columns="TRADEDATE,CLOSE",
                **{"from": since.isoformat()},
            )
            page = [_close(row) for row in told["history"]]
            if closes and page and page[0][0] <= closes[-1][0]:
                raise ProviderNonsense("a page comes again")
            closes += page
            total = _total(told["history.cursor"])
            if (total is not None and len(closes) >= total) or (total is None and len(page) < PAGE):
                return closes
            if not page:
                raise ProviderNonsense(f"{len(closes)} rows of {total}")
        raise ProviderNonsense(f"more than {MOST_PAGES} pages")

    async def _splits(self, symbol: str) -> list[StockSplit]:
        """None where the table cannot be had: a split then is a jump, which the customer is asked about."""
        try:
            rows = (await self._iss.ask("/statistics/engines/stock/splits", "splits"))["splits"]
        except (ProviderAway, ProviderNonsense) as error:
            log.warning("splits_unknown", symbol=symbol, problem=str(error))
            return []
        return list(_splits_of(symbol, rows))


def _instrument(symbol: str, name: str) -> Instrument:
    return Instrument(provider=NAME, symbol=symbol, name=shown(name) or symbol, exchange=EXCHANGE)


def _is_ours(row: Row) -> bool:
    return row.get("group") in GROUPS and TICKER.fullmatch(_text(row, "secid")) is not None


def _rank(board: Row) -> tuple[bool, bool, str]:
    return board.get("is_traded") == 1, board.get("is_primary") == 1, str(board.get("history_till") or "")


def _splits_of(symbol: str, rows: Iterable[Row]) -> Iterable[StockSplit]:
    for row in rows:
        before, after, day = row.get("before"), row.get("after"), _day(row.get("tradedate"))
        if row.get("secid") != symbol or day is None or type(before) is not int or type(after) is not int:
            continue
        if 0 < before < 10**9 and 0 < after < 10**9:
            yield StockSplit(day=day, before=before, after=after)


def _close(row: Row) -> Close:
    day, close = _day(row.get("tradedate")), row.get("close")
    if day is None or isinstance(close, bool) or not (close is None or isinstance(close, int | float)):
        raise ProviderNonsense("a row of a history without day or close")
    try:
        return day, None if close is None else float(close)
    except OverflowError:
        raise ProviderNonsense(f"the close of {day} has no end") from None


def _total(cursor: Sequence[Row]) -> int | None:
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


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return value if isinstance(value, str) else ""
