"""A customer's card, below a command or in place under a button."""

from handlers.admin.context import AdminContext
from handlers.admin.users.screens import card_screen
from handlers.kit.dialog import Event


async def show_card(event: Event, user_id: int, *, ctx: AdminContext, notice: str = "") -> None:
    """`notice`: HTML. Raises `UnknownUser`."""
    card = await ctx.services.user_management.card(user_id)
    mine = await ctx.services.subscriptions.of(user_id)
    await ctx.respond(event, card_screen(card, mine, ctx.viewer, role=ctx.role, notice=notice))
