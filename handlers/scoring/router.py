"""Where a table is sent: the page of what is wanted, and the files that come."""

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Filter, StateFilter
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from handlers.form.session import FormDialog, FormSession
from handlers.form.uploads import is_picture
from handlers.form.wanted import image_wanted, series_wanted
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion
from handlers.kit.filters import Pressed
from handlers.scoring import screens
from handlers.scoring.finding import table_offer
from handlers.scoring.links import file_wanted, is_sheet_link
from handlers.scoring.reading import SentTable, is_table_name, read_table
from handlers.telegram import sender
from handlers.telegram.screen import Document, Screen
from i18n.table_guide import guide_in
from i18n.titles import title_of
from services.errors import N_
from services.manifests.cells import takes_tables
from services.models.offers import ModelNotOnSale
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
    return router


class IsTableFile(Filter):
    """By its name, where nothing else is asked."""

    async def __call__(self, message: Message, raw_state: str | None = None) -> bool:
        document = message.document
        return raw_state is None and document is not None and is_table_name(document.file_name)


class IsSheetLink(Filter):
    """To an online table, where nothing else is asked."""

    async def __call__(self, message: Message, raw_state: str | None = None) -> bool:
        return raw_state is None and is_sheet_link(message.text)


def early_router() -> Router:
    """A table that nobody has asked for; after all that a file may answer."""
    router = Router(name="early_tables")
    router.message.register(ask_for_model, IsTableFile())
    router.message.register(want_file, IsSheetLink())
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
    above = file_wanted(message.text, ctx.tr)
    await sender.send(ctx.bot, message.chat.id, screens.page_screen(offer, ctx.viewer, above=above))


async def want_file(message: Message, *, ctx: Context) -> None:
    await ctx.respond(message, Screen(text=file_wanted(message.text, ctx.tr), rows=((buttons.menu_button(ctx.tr),),)))
