"""Papers that answer a question by their prices: searched for, chosen, fetched, and fetched anew before the sale."""

from dataclasses import replace
from typing import Final

from handlers.form.found import answer_prices, offer_papers
from handlers.form.session import FormSession
from handlers.form.state import Turn
from handlers.form.wanted import series_wanted
from services.errors import N_, ShopError
from services.manifests.inputs import SeriesInput
from services.market.errors import InstrumentUnknown
from services.market.origin import origin_of
from services.market.prices import Instrument
from services.values.errors import InvalidValue
from services.values.parse import Value, is_sample, parse_text

FOUND: Final = 20
NEWER: Final = N_("There are newer prices now. Please look at the dates once more; nothing was charged.")


async def look_up(turn: Turn, session: FormSession) -> Turn:
    """What was typed is a ticker or a part of a name: one paper is taken at once, of several one is chosen. What no
    exchange knows may be what a sample is called."""
    field = series_wanted(session.form, turn.state)
    assert field is not None
    try:
        found = await session.ctx.services.live_answers.find(field, turn.given)
    except InstrumentUnknown as problem:
        sample = _sample(field, turn.given)
        return (
            Turn(state=turn.state, problem=problem)
            if sample is None
            else answer_prices(session.form, turn.state, sample)
        )
    except ShopError as problem:
        return Turn(state=turn.state, problem=problem)
    if len(found) > 1:
        return offer_papers(turn.state, found[:FOUND])
    return await take_paper(replace(turn, paper=found[0]), session)


def _sample(field: SeriesInput, typed: str) -> Value | None:
    try:
        value = parse_text(field, typed)
    except InvalidValue:
        return None
    return value if is_sample(value) else None


async def take_paper(turn: Turn, session: FormSession) -> Turn:
    """The prices of `turn.paper`. Those with a jump are shown first; whoever chooses the paper again means them."""
    field, paper = series_wanted(session.form, turn.state), turn.paper
    assert field is not None
    assert paper is not None
    try:
        value, origin = await session.ctx.services.live_answers.take(field, paper)
    except ShopError as problem:
        return Turn(state=turn.state.at(turn.state.asked, editing=turn.state.editing), problem=problem)
    waiting = turn.state.papers
    if origin.jumps and not (waiting is not None and waiting.jumps):
        return offer_papers(turn.state, [paper], origin.jumps)
    await session.ctx.services.live_answers.remember(field, origin.instrument, session.ctx.user.id)
    return answer_prices(session.form, turn.state, value)


async def favourites(session: FormSession) -> tuple[Instrument, ...]:
    """What this customer took before, of the exchanges that the form knows; the last first."""
    fields, user_id = session.form.fields, session.ctx.user.id
    return tuple(await session.ctx.services.live_answers.favourites(fields, user_id))


async def newer_prices(session: FormSession) -> Turn | None:
    """The summary with the prices of today, where the form has those of another day; None where nothing changed. A
    problem keeps the form as it is."""
    state = session.state
    if not any(origin_of(answer) for answer in state.answers.values()):
        return None
    if await session.ctx.services.predictions.has_sold(user_id=session.ctx.user.id, request_key=state.nonce):
        return None
    try:
        changed = await session.ctx.services.live_answers.refreshed(session.form.fields, state.answers)
    except ShopError as problem:
        return Turn(state=state, problem=problem)
    return Turn(state=state.with_answers(changed), notice=NEWER) if changed else None
