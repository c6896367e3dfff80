"""Closes from a CSV at any address: a column of days and one of closes, named so in any case, or the first two."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from services.manifests.live import LivePrices
from services.market.prices import Instrument
from services.market.providers.base import ProviderAway, ProviderNonsense
from services.market.providers.closes import checked
from services.market.providers.http import BoundedReader
from services.market.spelling import code, plain
from services.market.told import MAX_ROWS, Close, ToldSeries

NAME: Final = "csv"
DAYS: Final = ("date", "day", "tradedate", "дата")
CLOSES: Final = ("close", "adj close", "price", "value", "цена", "закрытие")
_DATES: Final = ("%Y-%m-%d", "%d.%m.%Y", "%Y%m%d")
_NOTHING: Final = frozenset({"", "null", "n/a", "n/d", "na", "nan", "none", "-", "."})
_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?")


class CsvPrices:
    """`language`: that of the shop, in which its papers are called."""

    def __init__(self, source: LivePrices, reader: BoundedReader, language: str) -> None:
        self._source, self._reader, self._language = source, reader, language

    def instrument(self, symbol: str) -> Instrument | None:
        """As this manifest calls it; None of what it does not name."""
        listed = next((each for each in self._source.symbols if each.value == symbol), None)
        if listed is None:
            return None
        exchange = "" if self._source.label is None else self._source.label.pick(self._language)
        return Instrument(
            provider=NAME,
            symbol=symbol,
            name=listed.label.pick(self._language),
            exchange=exchange,
            address=self._source.address,
        )

    async def find(self, text: str) -> Sequence[Instrument]:
        """Among those that the manifest names: nobody is asked."""
        typed, wanted = code(text), plain(text).casefold()
        symbols = {each.value: each.label.all() for each in self._source.symbols}
        exact = [each for each in symbols if each.upper() == typed or each.casefold() == wanted]
        named = [
            symbol
            for symbol, labels in symbols.items()
            if wanted and any(wanted in plain(label).casefold() for label in labels)
        ]
        found = map(self.instrument, exact[:1] or named)
        return [instrument for instrument in found if instrument is not None]

    async def series(self, symbol: str, *, since: dt.date, today: dt.date) -> ToldSeries | None:
        instrument = self.instrument(symbol)
        if instrument is None:
            return None
        assert self._source.url is not None  # the manifest says so
        async with self._reader.deadline():
            status, body = await self._reader.get(self._source.url.replace("{symbol}", quote(symbol, safe="")))
        if status != 200:
            raise ProviderAway(f"status {status}")
        closes = checked(read_csv(body), today=today)
        last = max(day for day, close in closes if close is not None)
        kept = [row for row in closes if row[0] >= since]
        return ToldSeries(instrument=instrument, closes=kept, last=last)


def read_csv(body: bytes) -> Iterable[Close]:
    """Raises ProviderNonsense."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProviderNonsense("the answer is no text in UTF-8") from None
    if text.lstrip().startswith("<"):
        raise ProviderNonsense("the answer is a web page")
    delimiter = ";" if text.partition("\n")[0].count(";") else ","
    try:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    except csv.Error as error:
        raise ProviderNonsense(str(error)) from None
    if not rows or len(rows) > MAX_ROWS:
        raise ProviderNonsense(f"{len(rows)} rows")
    names = [name.strip().casefold() for name in rows[0]]
    day, close = _place(names, DAYS), _place(names, CLOSES)
    if day is None or close is None:
        day, close, first = 0, 1, 0 if _day(rows[0][0]) else 1
    else:
        first = 1
    if not rows[first:]:
        raise ProviderNonsense("a CSV without rows")
    return [_close(row, day, close) for row in rows[first:]]


def _place(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((names.index(name) for name in wanted if name in names), None)


def _close(row: Sequence[str], day: int, close: int) -> Close:
    when = _day(row[day]) if len(row) > max(day, close) else None
    if when is None:
        raise ProviderNonsense(f"a row without day and close: {','.join(row)[:60]}")
    told = row[close].strip().replace(" ", "").replace(",", ".")
    if told.lower() in _NOTHING:
        return when, None
    if not _NUMBER.fullmatch(told):
        raise ProviderNonsense(f"a close that is no number: {told[:60]}")
    return when, float(told)


def _day(told: str) -> dt.date | None:
    for form in _DATES:
        try:
            return dt.datetime.strptime(told.strip(), form).date()  # noqa: DTZ007 - a day, no moment
        except ValueError:
            continue
    return None
