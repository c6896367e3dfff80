"""The tap that orders a table, the one that wants no more of it, and the one that looks at it later."""

import structlog
from aiogram import Router
from aiogram.types import CallbackQuery

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import leave_question, show_in_place
from handlers.kit.filters import Pressed
from handlers.scoring import screens
from handlers.scoring.finding import find_table, offer_of
from handlers.scoring.notifications import ended_screen
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from services.billing.ledger import InsufficientBalance
from services.errors import ShopError
from services.notifications.message_ref import MessageRef
from services.notifications.notification import About
from services.scoring.queries import ScoringNotFound
from services.scoring.submit import ScoringOrder

log = structlog.get_logger()


def router() -> Router:
    router = Router(name="scoring_orders")
    router.callback_query.register(order, Pressed(buttons.TABLE_ORDER))
    router.callback_query.register(cancel, Pressed(screens.CANCEL))
    router.callback_query.register(show, Pressed(buttons.SENT_TABLE))
    return router


async def order(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the table's hex id and the whole price that its message shows. The message says that it waits before
    it is sold: the answer may come at any moment after that."""
    hex_id, _, total = argument.partition(":")
    view = await find_table(hex_id, ctx)
    price = buttons.parse_number(total)
    if price is None:
        raise ScoringNotFound(scoring_id=hex_id)
    offer = await offer_of(view, ctx)
    if view.is_ordered:
        await sender.acknowledge(query, ctx.tr.gettext("It is ordered already."))
        return
    if ctx.user.balance < price:
        short = ctx.tr.error(InsufficientBalance(needed=price, balance=ctx.user.balance))
        await show_in_place(query, screens.draft_screen(view, offer, ctx.viewer), short)
        return
    message_id = await show_in_place(query, screens.waiting_screen(view, ctx.tr))
    chat_id = query.from_user.id
    shown_in = MessageRef(chat_id=chat_id, thread_id=reply_target().thread_id, message_id=message_id)
    wish = ScoringOrder(scoring_id=view.id, user_id=ctx.user.id, total=price, shown_in=shown_in)
    try:
        await ctx.services.scorings.order(wish)
    except (ShopError, DatabaseUnavailable) as error:
        log.info("table_not_sold", error=str(error), user_id=ctx.user.id)
        problem = error if isinstance(error, ShopError) else ShopError()
        fresh = await ctx.refreshed()
        screen = screens.draft_screen(view, await offer_of(view, ctx), fresh.viewer, problem=problem)
        await sender.edit(ctx.bot, chat_id, message_id, screen)
        return
    await leave_question(ctx.fsm)
    about = About(kind=OutboxKind.SCORING, id=view.id, user_id=ctx.user.id)
    await ctx.messages.recheck_if_in_doubt(about, chat_id, message_id)


async def cancel(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    view = await find_table(argument, ctx)
    done = await ctx.services.scorings.cancel(view.id, user_id=ctx.user.id)
    text = ctx.tr.gettext("Stopping: what is answered comes at once.") if done else ctx.tr.gettext("It has ended.")
    await sender.acknowledge(query, text)


async def show(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """What it costs, how it goes; or how it ended, with its file while that is kept."""
    view = await find_table(argument, ctx)
    if not view.is_ordered:
        await show_in_place(query, screens.draft_screen(view, await offer_of(view, ctx), ctx.viewer))
        return
    if view.finished_at is None:
        await show_in_place(query, screens.progress_screen(view, ctx.tr))
        return
    screen = await ended_screen(view, ctx.services, ctx.tr)
    if screen.document is None:
        await show_in_place(query, screen)
        return
    await sender.acknowledge(query)
    await sender.send(ctx.bot, query.from_user.id, screen)
