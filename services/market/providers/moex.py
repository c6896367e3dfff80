"""Moscow Exchange by ISS: public, without a key. Why not `aiomoex`: decision 34."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

import structlog

from services.market.prices import Instrument, StockSplit
from services.market.providers.base import ProviderAway, ProviderNonsense
from services.market.providers.closes import checked
from services.market.providers.http import BoundedReader
from services.market.providers.iss import IssTables
from services.market.providers.moex_rows import Listing, close_of, is_ours, listing_of, splits_of, text_of, total_of
from services.market.spelling import TICKER, code, is_isin, plain, same_name, shown
from services.market.told import Close, ToldSeries

log = structlog.get_logger()

NAME: Final = "moex"
EXCHANGE: Final = "MOEX"
MOST_FOUND: Final = 20
SHORTEST_WORD: Final = 3
"""ISS leaves out words of fewer letters."""
PAGE: Final = 100
MOST_PAGES: Final = 60


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
            splits: list[StockSplit] | None = []
            gone = not listing.is_traded and (listing.last is None or listing.last < since)
            if not gone and listing.first is not None and listing.first <= today:
                closes = checked(await self._history(symbol, listing, since), today=today)
                splits = await self._splits(symbol) if (listing.engine, listing.market) != ("stock", "index") else []
                if not closes and (listing.last is None or listing.last >= since):
                    raise ProviderNonsense("a history without rows")
            last = max((day for day, close in closes if close is not None), default=listing.last)
            return ToldSeries(
                instrument=_instrument(symbol, listing.name),
                isin=listing.isin,
                closes=closes,
                splits=splits or [],
                splits_known=splits is not None,
                is_traded=listing.is_traded or listing.first is None or listing.first > today,
                last=last if last is not None and last <= today else None,
            )

    async def _search(self, text: str) -> Sequence[Instrument]:
        if all(len(word) < SHORTEST_WORD for word in text.split()):
            return []
        tables = await self._iss.ask("/securities", "securities", q=text, limit=str(PAGE))
        rows = [row for row in tables["securities"] if is_ours(row)]
        exact = [row for row in rows if text == row.get("isin") or same_name(text, text_of(row, "name"))]
        rows = exact or [row for row in rows if row.get("is_traded") == 1] or rows
        found = {str(row["secid"]): _instrument(str(row["secid"]), text_of(row, "name")) for row in rows}
        return list(found.values())[:MOST_FOUND]

    async def _listing(self, symbol: str) -> Listing | None:
        """None of an unknown paper, and of one whose closes are no prices."""
        if not TICKER.fullmatch(symbol):
            return None
        tables = await self._iss.ask(f"/securities/{symbol}", "description", "boards")
        return listing_of(symbol, tables["description"], tables["boards"])

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
            page = [close_of(row) for row in told["history"]]
            if closes and page and page[0][0] <= closes[-1][0]:
                raise ProviderNonsense("a page comes again")
            closes += page
            total = total_of(told["history.cursor"])
            if (total is not None and len(closes) >= total) or (total is None and len(page) < PAGE):
                return closes
            if not page:
                raise ProviderNonsense(f"{len(closes)} rows of {total}")
        raise ProviderNonsense(f"more than {MOST_PAGES} pages")

    async def _splits(self, symbol: str) -> list[StockSplit] | None:
        """None where the table cannot be had: then nothing is judged, and customers are asked about the jump."""
        try:
            rows = (await self._iss.ask("/statistics/engines/stock/splits", "splits"))["splits"]
        except (ProviderAway, ProviderNonsense) as error:
            log.warning("splits_unknown", symbol=symbol, problem=str(error))
            return None
        return list(splits_of(symbol, rows))


def _instrument(symbol: str, name: str) -> Instrument:
    return Instrument(provider=NAME, symbol=symbol, name=shown(name) or symbol, exchange=EXCHANGE)
