"""Saved ways to pay, and periods that were."""

from aiogram.types import CallbackQuery

from db.tables.plans import MethodState
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.plans import subscription_screens as own
from services.plans.methods import MethodGone


async def show_cards(query: CallbackQuery, *, ctx: Context, argument: str = "", notice: str = "") -> None:
    """`argument`: the page."""
    methods = await ctx.services.payment_methods.of(ctx.user.id)
    await ctx.respond(query, own.cards_screen(methods, ctx.viewer, page=buttons.parse_page(argument), notice=notice))


async def remove_card(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """In one tap; what a provider charges by itself after a question, as to cancel is."""
    hex_id, _, said = argument.partition(":")
    methods = await ctx.services.payment_methods.of(ctx.user.id)
    asked = next((each for each in methods if each.id.hex == hex_id and each.by_provider), None)
    if asked is not None and asked.state is MethodState.ACTIVE and said != own.SURE:
        await ctx.respond(query, own.remove_question(asked, ctx.tr))
        return
    notice: str = ctx.tr.html("✅ Removed. It is not charged any more.")
    try:
        method_id = buttons.parse_id(hex_id)
        if method_id is None:
            raise MethodGone(method_id=hex_id[:32])
        await ctx.services.payment_methods.unlink(ctx.user.id, method_id)
    except MethodGone as error:
        notice = f"⚠️ {ctx.tr.error_html(error)}"
    await show_cards(query, ctx=ctx, notice=notice)


async def show_periods(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the page."""
    page = buttons.parse_page(argument)
    found = await ctx.services.subscriptions.periods(ctx.user.id, page, own.PERIODS_ON_PAGE)
    await ctx.respond(query, own.periods_screen(found, ctx.tr))
