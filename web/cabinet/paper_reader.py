"""A paper that answers a question on a page: found, chosen, and its prices seen before they are paid for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.manifests.manifest import SeriesInput
from services.market.errors import PaperWanted, PricesJumped, PricesUnseen
from services.market.live_answers import LiveAnswers
from services.market.prices import Instrument
from services.values.errors import Unanswered
from web.cabinet.entries import LIVE, FormEntry, paper_key, seen_key

FOUND = 20


async def read_paper(field: SeriesInput, entry: FormEntry, answers: LiveAnswers, user_id: int) -> FormEntry:
    """Raises leaves of NoPrices, Unanswered. What has not been seen as it is now comes back with that problem."""
    entry = replace(entry, source=LIVE)
    found = await _found(field, entry, answers)
    if len(found) > 1:
        return replace(entry, paper="", papers=found[:FOUND], problem=PaperWanted(found))
    value, origin = await answers.take(field, found[0])
    assert isinstance(value, Mapping)
    paper, seen = paper_key(origin.instrument), seen_key(origin, value["values"])
    known = replace(entry, ticker=origin.instrument.symbol, paper=paper, value=value)
    if entry.seen == seen:
        await answers.remember(field, origin.instrument, user_id)
        return known
    problem = PricesUnseen()
    if origin.jumps:
        problem = PricesJumped(symbol=origin.instrument.symbol, day=origin.jumps[-1].day)
    return replace(known, seen=seen, problem=problem)


async def _found(field: SeriesInput, entry: FormEntry, answers: LiveAnswers) -> Sequence[Instrument]:
    """The one that was chosen, while the ticker beside it is still what it was chosen for; else what that may mean."""
    if not entry.ticker and not entry.paper:
        raise Unanswered()
    symbol = entry.paper.partition(" ")[0]
    found = await answers.find(field, entry.ticker or symbol)
    chosen = [each for each in found if paper_key(each) == entry.paper]
    return chosen or found
