"""Live prices as the answer to a model's question."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from services.manifests.inputs import Input, SeriesInput
from services.manifests.live import LivePrices, source_of
from services.market.errors import ExchangeSilent, InstrumentUnknown, JumpUnaccepted, NoPrices, StaleUnaccepted
from services.market.market import Market
from services.market.origin import PriceOrigin, origin_of
from services.market.prices import Instrument
from services.market.spelling import code, is_isin, plain
from services.values.json_values import NamedPaper
from services.values.parse import Value, check_value
from services.values.series import numbers_of

MOST_NAME = 64  # characters of what may name a paper
SHORTEST = 2  # characters of a ticker that nobody asked for
PATIENCE = 3.0  # seconds, for an exchange that nobody was told of


def may_name_paper(field: Input, text: str) -> bool:
    """Whether this may be a ticker or a part of a name, rather than numbers."""
    word = text.strip()
    if not (isinstance(field, SeriesInput) and field.live) or "\n" in word or len(word) > MOST_NAME:
        return False
    return any(each.isalpha() for each in word)


class LiveAnswers:
    """Asks the exchanges that a manifest names. Not to be called inside a transaction."""

    def __init__(self, market: Market) -> None:
        self._market = market

    async def find(self, field: SeriesInput, text: str) -> Sequence[Instrument]:
        """Papers that this may mean, those of each provider in turn; an exact one alone. Raises leaves of NoPrices."""
        found: list[Instrument] = []
        problems: list[NoPrices] = []
        for source in field.live:
            try:
                papers = await self._market.find(source, text)
            except NoPrices as problem:
                problems.append(problem)
                continue
            if len(papers) == 1:
                return papers
            found += papers
        if found:
            return found
        silent = [each for each in problems if isinstance(each, ExchangeSilent)]
        raise (silent or problems or [InstrumentUnknown(text[:MOST_NAME])])[0]

    async def exact(self, field: SeriesInput, text: str) -> Instrument | None:
        """The paper of this very ticker or ISIN; None where there is none, or its exchange takes long to say so."""
        wanted = code(text)
        if wanted is None or len(wanted) < SHORTEST or " " in plain(text):
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self.find(field, wanted)
        except (NoPrices, TimeoutError):
            return None
        return found[0] if len(found) == 1 and (is_isin(wanted) or found[0].symbol == wanted) else None

    async def take(self, field: SeriesInput, paper: Instrument) -> tuple[Value, PriceOrigin]:
        """Its last closes as the answer, and where they are from. Raises leaves of NoPrices; InvalidValue where one is
        out of the bounds."""
        source = _source_of(field, paper)
        if source is None:
            raise InstrumentUnknown(paper.symbol)
        prices = (await self._market.closes(source, paper.symbol, least=field.min_length)).last(field.max_length)
        origin = PriceOrigin.of(prices)
        return check_value(field, {"values": list(prices.values), "live": origin.dump()}), origin

    async def named(self, field: SeriesInput, named: NamedPaper) -> Value:
        """The paper of this very name. Raises InstrumentUnknown where none or several bear it, PricesDoubtful where
        nobody accepted what they are, and as `take`."""
        papers = [each for each in await self.find(field, named.symbol) if named.provider in (None, each.provider)]
        if len(papers) != 1:
            raise InstrumentUnknown(named.symbol[:MOST_NAME])
        value, origin = await self.take(field, papers[0])
        if named.accept != origin.last.isoformat():
            _refuse_doubtful(origin)
        return value

    async def favourites(self, fields: Sequence[Input], user_id: int) -> Sequence[Instrument]:
        """What this customer took before, of the sources that these questions know."""
        sources = {source.key: source for field in fields if isinstance(field, SeriesInput) for source in field.live}
        found: list[Instrument] = []
        for source in sources.values():
            found += await self._market.favourites(user_id, source)
        return found

    async def remember(self, field: SeriesInput, paper: Instrument, user_id: int) -> None:
        """It is offered first the next time."""
        if (source := _source_of(field, paper)) is not None:
            await self._market.remember(user_id, source, paper)

    async def refreshed(self, fields: Sequence[Input], answers: Mapping[str, Any]) -> dict[str, Value]:  # Any: JSON
        """Of these answers those whose prices are others by now, as they are now. Raises leaves of NoPrices."""
        changed: dict[str, Value] = {}
        for field in fields:
            given = answers.get(field.name)
            origin = origin_of(given)
            if origin is None or not isinstance(field, SeriesInput) or not field.live:
                continue
            value, now = await self.take(field, origin.instrument)
            if _days(origin) != _days(now) or numbers_of(given) != numbers_of(value):
                changed[field.name] = value
        return changed


def is_asked(field: SeriesInput, paper: Instrument) -> bool:
    """Whether this very paper may answer the question."""
    return _source_of(field, paper) is not None


def _source_of(field: SeriesInput, paper: Instrument) -> LivePrices | None:
    return source_of(field.live, provider=paper.provider, symbol=paper.symbol, address=paper.address)


def _refuse_doubtful(origin: PriceOrigin) -> None:
    """Raises leaves of PricesDoubtful."""
    symbol = origin.instrument.symbol
    if origin.jumps:
        raise JumpUnaccepted(symbol=symbol, day=origin.jumps[-1].day, last=origin.last)
    if origin.stale:
        raise StaleUnaccepted(symbol=symbol, last=origin.last)


def _days(origin: PriceOrigin) -> tuple[object, ...]:
    return origin.first, origin.last, origin.stale
