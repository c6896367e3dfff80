"""A customer's table, from the file to the order."""

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from handlers.form.flow import image_wanted, series_wanted
from handlers.form.session import FormDialog, FormSession
from handlers.form.uploads import is_picture
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, show_in_place
from handlers.kit.filters import Pressed
from handlers.scoring import screens
from handlers.scoring.reading import SentTable, is_table_name, read_table
from handlers.telegram import sender
from handlers.telegram.screen import Document, Screen
from i18n.scorings import cell_words, problems_file
from i18n.table_guide import guide_in
from i18n.titles import title_of
from services.errors import N_, ShopError
from services.manifests.cells import takes_tables
from services.models.offers import ModelNotOnSale, Offer
from services.scoring.choosing import BadColumns
from services.scoring.queries import ScoringNotFound, ScoringView
from services.scoring.template import template, template_name

SLUG = "table_slug"
WAITING = "waiting_table"  # a SentTable, for which a model is to be chosen


class ScoringQuestion(ChatQuestion):
    left = N_("No table is expected any more.")
    table = State("table", "ScoringQuestion")


class SendsTable(Filter):
    """A file where a table is expected, or in a form none of whose questions a file answers; gives the handler the
    slug of the model as `argument`."""

    async def __call__(self, message: Message, ctx: Context, raw_state: str | None = None) -> bool | dict[str, str]:
        document = message.document
        if document is None or is_picture(document):
            return False
        if raw_state == ScoringQuestion.table.state:
            slug = (await ctx.fsm.get_data()).get(SLUG)
            return {"argument": slug} if isinstance(slug, str) else False
        if raw_state != FormDialog.answering.state:
            return False
        try:
            session = await FormSession.find(ctx)
        except ModelNotOnSale:
            return False
        if session is None or not takes_tables(session.offer.manifest):
            return False
        wanted = series_wanted(session.form, session.state) or image_wanted(session.form, session.state)
        return False if wanted else {"argument": session.state.slug}


def router() -> Router:
    """Buttons."""
    router = Router(name="scoring")
    router.callback_query.register(show_page, Pressed(buttons.TABLE))
    router.callback_query.register(send_template, Pressed(screens.TEMPLATE))
    router.callback_query.register(choose_column, Pressed(screens.COLUMN))
    router.callback_query.register(show_problems, Pressed(screens.PROBLEMS))
    router.callback_query.register(drop, Pressed(screens.DROP))
    return router


class IsTableFile(Filter):
    """By its name, where nothing else is asked."""

    async def __call__(self, message: Message, raw_state: str | None = None) -> bool:
        document = message.document
        return raw_state is None and document is not None and is_table_name(document.file_name)


def early_router() -> Router:
    """A table that nobody has asked for; after all that a file may answer."""
    router = Router(name="early_tables")
    router.message.register(ask_for_model, IsTableFile())
    return router


def answers_router() -> Router:
    """The file; before the form, which would refuse it."""
    router = Router(name="scoring_answers")
    router.message.register(take_table, SendsTable())
    router.message.register(want_table, StateFilter(ScoringQuestion))
    return router


async def show_page(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """What to send; the next file is taken for it, and one that waits for a model at once. `argument`: the slug."""
    offer = await table_offer(argument, ctx)
    waiting = SentTable.load((await ctx.fsm.get_data()).get(WAITING))
    await ctx.fsm.update_data({SLUG: offer.slug, WAITING: None})
    await ctx.fsm.set_state(ScoringQuestion.table)
    if waiting is None:
        await sender.show(query, screens.page_screen(offer, ctx.viewer))
        return
    await sender.acknowledge(query)
    await read_table(waiting, offer, ctx)


async def ask_for_model(message: Message, *, ctx: Context) -> None:
    """A table came before anybody asked for one: which model is it for?"""
    offers = [offer for offer in await ctx.services.models.offers() if takes_tables(offer.manifest)]
    if not offers:
        raise SkipHandler
    assert message.document is not None
    sent = SentTable.of(message.document)
    await ctx.fsm.update_data({WAITING: sent.dump()})
    await ctx.respond(message, screens.which_model_screen(sent.name, offers, ctx.tr))


async def send_template(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    offer = await table_offer(argument, ctx)
    content = await template(guide_in(ctx.tr, offer), decimal=ctx.tr.decimal_sign)
    file = Document(name=template_name(title_of(offer, ctx.tr).text), content=content)
    text = ctx.tr.html("Fill it in, a row for each question, and send it back.")
    await sender.acknowledge(query)
    await sender.send(ctx.bot, query.from_user.id, Screen(text=text, document=file))


async def take_table(message: Message, *, ctx: Context, argument: str) -> None:
    """What is found in it is shown in a message of its own, which stays the table's."""
    assert message.document is not None
    await read_table(SentTable.of(message.document), await table_offer(argument, ctx), ctx)


async def want_table(message: Message, *, ctx: Context) -> None:
    offer = await table_offer(str((await ctx.fsm.get_data()).get(SLUG)), ctx)
    above = ctx.tr.html("⚠️ A file is expected here: CSV or Excel.")
    await sender.send(ctx.bot, message.chat.id, screens.page_screen(offer, ctx.viewer, above=above))


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


async def table_offer(slug: str, ctx: Context) -> Offer:
    """Raises `ModelNotOnSale`, also for a model that takes no tables."""
    offer = await ctx.services.plan_cover.of(await ctx.services.models.offer(slug), ctx.user.id)
    if not takes_tables(offer.manifest):
        raise ModelNotOnSale(slug=slug)
    return offer


async def offer_of(view: ScoringView, ctx: Context) -> Offer:
    """What a table is for, as it is sold now. Raises `ModelNotOnSale`."""
    found = await ctx.services.scorings.offer_of(view)
    if found is None:
        raise ModelNotOnSale(slug=view.model_slug)
    return await ctx.services.plan_cover.of(found, ctx.user.id)


async def find_table(hex_id: str, ctx: Context) -> ScoringView:
    """The customer's own. Raises `ScoringNotFound`, for rubbish too."""
    scoring_id = buttons.parse_id(hex_id)
    if scoring_id is None:
        raise ScoringNotFound(scoring_id=hex_id)
    return await ctx.services.scorings.get(scoring_id, user_id=ctx.user.id)
