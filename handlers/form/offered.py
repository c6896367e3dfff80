"""A form that begins with a paper: its ticker was typed where nothing was asked."""

from dataclasses import replace
from typing import Final

from aiogram.types import CallbackQuery

from handlers.form.papers import favourites, look_up
from handlers.form.session import FormSession, offer_of
from handlers.form.state import Turn
from handlers.kit.context import Context
from handlers.kit.dialog import show_in_place
from services.manifests.inputs import Input, SeriesInput

PAPER: Final = "paper"  # paper:<slug>:<ticker or ISIN>


def paper_input(fields: tuple[Input, ...]) -> SeriesInput | None:
    """The first question that a paper may answer."""
    return next((field for field in fields if isinstance(field, SeriesInput) and field.live), None)


async def begin_with_paper(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """A fresh form, that question answered. `argument`: the slug and the paper."""
    slug, _, ticker = argument.partition(":")
    session, turn = FormSession.begin(ctx, await offer_of(slug, ctx))
    state = replace(turn.state, favourites=await favourites(session))
    turn = replace(turn, state=state)
    if (field := paper_input(session.form.fields)) is not None:
        turn = await look_up(Turn(state=state.at(field.name), given=ticker), session)
    await session.keep(turn, await show_in_place(query, session.screen(turn)))
