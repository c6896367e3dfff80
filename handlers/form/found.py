"""Papers that were found for a series: which one is meant, and its prices."""

from collections.abc import Sequence
from dataclasses import replace

from handlers.form.flow import accept, is_outdated, resume_over, turn_page, unasked
from handlers.form.state import Action, Form, FormExit, Turn
from handlers.form.wanted import series_wanted
from handlers.kit.form_state import FormState, WaitingPapers
from services.market.prices import Instrument, PriceJump
from services.values.parse import Value


def offer_papers(state: FormState, found: Sequence[Instrument], jumps: Sequence[PriceJump] = ()) -> Turn:
    """Several were found, or the prices of one are odd: the question stays open until it is said which."""
    changes = tuple((jump.day.isoformat(), jump.change) for jump in jumps)
    asked = state.at(state.asked, editing=state.editing)
    return Turn(state=replace(asked, papers=WaitingPapers(found=tuple(found), jumps=changes)))


def answer_prices(form: Form, state: FormState, prices: Value) -> Turn:
    """The prices of the paper that was chosen."""
    if is_outdated(form, state):
        return resume_over(form, state)
    field = series_wanted(form, state)
    return Turn(state=state, notice=unasked(state)) if field is None else accept(form, state, field, prices)


def press_paper(state: FormState, papers: WaitingPapers, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return Turn(state=state.at(state.asked, editing=state.editing))
        case "i" if action.argument < len(papers.found):
            return Turn(state=state, outcome=FormExit.PAPER, paper=papers.found[action.argument])
    return turn_page(state, action)
