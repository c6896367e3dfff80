"""A table that was read and is not ordered: which column is which, rows that cannot be taken, or no table at all."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import show_in_place
from handlers.kit.filters import Pressed
from handlers.scoring import columns, screens
from handlers.scoring.finding import find_table, offer_of
from handlers.scoring.headings import DROP
from handlers.scoring.router import show_page
from handlers.telegram import sender
from handlers.telegram.screen import Document, Screen
from i18n.scorings import cell_words, problems_file
from services.errors import ShopError
from services.scoring.choosing import BadColumns, unanswered
from services.scoring.queries import ScoringNotFound


def router() -> Router:
    router = Router(name="scoring_drafts")
    router.callback_query.register(choose_column, Pressed(columns.COLUMN))
    router.callback_query.register(turn_columns, Pressed(columns.COLUMNS))
    router.callback_query.register(show_problems, Pressed(screens.PROBLEMS))
    router.callback_query.register(drop, Pressed(DROP))
    return router


async def choose_column(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the table's hex id, the place of the input among the model's, and the column or nothing for the
    default."""
    hex_id, _, rest = argument.partition(":")
    place, _, column = rest.partition(":")
    view = await find_table(hex_id, ctx)
    offer = await offer_of(view, ctx)
    at, chosen = buttons.parse_number(place), buttons.parse_number(column)
    if at is None or at >= len(offer.manifest.inputs):
        raise ScoringNotFound(scoring_id=hex_id)
    name = offer.manifest.inputs[at].name
    if view.is_ordered or (chosen is None and column):
        raise ScoringNotFound(scoring_id=hex_id)
    try:
        view = await ctx.services.scorings.choose(
            view.id, offer, user_id=ctx.user.id, columns={name: chosen}, say=cell_words(ctx.tr)
        )
    except ScoringNotFound:
        raise
    except BadColumns:  # an old button: what is asked now
        screen = screens.draft_screen(view, offer, ctx.viewer)
    except ShopError as problem:
        screen = screens.refused_screen(offer, problem, ctx.tr)
    else:
        screen = screens.draft_screen(view, offer, ctx.viewer)
    await show_in_place(query, screen)


async def turn_columns(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the table's hex id, the place of the input that is asked for, and the page."""
    hex_id, _, rest = argument.partition(":")
    place, _, number = rest.partition(":")
    view = await find_table(hex_id, ctx)
    offer = await offer_of(view, ctx)
    at, page = buttons.parse_number(place), buttons.parse_number(number, most=999)
    inputs = offer.manifest.inputs
    asked = at is not None and at < len(inputs) and inputs[at].name in unanswered(view, offer)
    if asked and at is not None and page is not None and not view.is_ordered:
        screen = columns.column_screen(view, offer, inputs[at], ctx.tr, page=page)
    else:  # an old button: what is asked now
        screen = screens.draft_screen(view, offer, ctx.viewer)
    await show_in_place(query, screen)


async def show_problems(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    view = await find_table(argument, ctx)
    content = problems_file(await ctx.services.scorings.problems(view), ctx.tr)
    file = Document(name=f"{view.model_slug}-problems.csv", content=content)
    await sender.acknowledge(query)
    text = ctx.tr.html("All rows that cannot be taken")
    await sender.send(ctx.bot, query.from_user.id, Screen(text=text, document=file))


async def drop(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """The draft goes; another table may be sent at once."""
    view = await find_table(argument, ctx)
    offer = await offer_of(view, ctx)
    await ctx.services.scorings.drop(view.id, user_id=ctx.user.id)
    await show_page(query, ctx=ctx, argument=offer.slug)
