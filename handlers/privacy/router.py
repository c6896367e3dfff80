"""/privacy."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.conversation import forget_unsent, is_talking
from handlers.kit.dialog import Event, leave_question, pause
from handlers.kit.filters import Pressed
from handlers.privacy import screens as view
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from services.digits import whole_number
from services.identity.deletion import BalanceSeen
from services.identity.deletion_rows import CannotDelete


def router() -> Router:
    router = Router(name="privacy")
    router.message.register(show_privacy, Command("privacy", ignore_case=True))
    router.callback_query.register(show_privacy, Pressed(buttons.PRIVACY))
    router.callback_query.register(ask_whether, Pressed(view.DELETE))
    router.callback_query.register(delete_pictures, Pressed(view.DELETE_SURE))
    router.callback_query.register(ask_whether_talks, Pressed(view.DELETE_TALKS))
    router.callback_query.register(delete_talks, Pressed(view.DELETE_TALKS_SURE))
    router.callback_query.register(ask_whether_leave, Pressed(view.LEAVE))
    router.callback_query.register(leave, Pressed(view.LEAVE_SURE))
    return router


async def show_privacy(event: Event, *, ctx: Context) -> None:
    kept = ctx.services.file_cleanup
    providers = await ctx.services.chats.providers() if ctx.services.features.chats else {}
    screen = view.privacy_screen(
        ctx.tr,
        pictures=kept.inputs_for,
        results=kept.results_for,
        providers=providers,
        journal_days=ctx.services.assistant_reports.journal_for.days,
    )
    await ctx.respond(event, screen)


async def ask_whether(query: CallbackQuery, *, ctx: Context) -> None:
    await _ask(query, view.sure_screen(ctx.tr), ctx)


async def delete_pictures(query: CallbackQuery, *, ctx: Context) -> None:
    """All files. A form under way, and pictures that wait for a style, would name what is gone."""
    await ctx.fsm.clear()
    count = await ctx.services.file_cleanup.delete_of(ctx.user.id)
    await ctx.respond(query, view.deleted_screen(count, ctx.tr))


async def ask_whether_talks(query: CallbackQuery, *, ctx: Context) -> None:
    await _ask(query, view.talks_sure_screen(ctx.tr), ctx)


async def delete_talks(query: CallbackQuery, *, ctx: Context) -> None:
    """Whoever is talked to is left."""
    if await is_talking(ctx.fsm):
        await pause(ctx.fsm)
    count = await ctx.services.chat_sessions.delete_all(ctx.user.id)
    await forget_unsent(ctx.fsm)
    await ctx.respond(query, view.talks_deleted_screen(count, ctx.tr))


async def ask_whether_leave(query: CallbackQuery, *, ctx: Context) -> None:
    try:
        facts = await ctx.services.account_deletion.look(ctx.user.id)
    except CannotDelete as error:
        await _ask(query, view.cannot_leave_screen(ctx.tr.error(error), ctx.tr), ctx)
    else:
        await _ask(query, view.leave_screen(facts, ctx.tr), ctx)


async def leave(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """What they were told is asked anew where it has changed."""
    seen = whole_number(argument, most=2**53)
    await ctx.fsm.clear()
    try:
        await ctx.services.account_deletion.delete_in_chat(ctx.user.id, seen_balance=seen or 0)
    except (BalanceSeen, CannotDelete):
        await ask_whether_leave(query, ctx=ctx)
    else:
        await sender.show(query, view.left_screen(ctx.tr))


async def _ask(query: CallbackQuery, question: Screen, ctx: Context) -> None:
    """Nothing stands above its answer, not even the way back to a form."""
    await leave_question(ctx.fsm)
    await sender.show(query, question)
