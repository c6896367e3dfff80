"""Telegram's own Stop button: it ends the drawing of a draft, and the answer is ended here."""

from aiogram import Router
from aiogram.types import MessageGenerationStopped

from handlers.chats.drafts import draft_id
from handlers.kit.context import Context


def router() -> Router:
    router = Router(name="stopped_drafts")
    router.stopped_message_generation.register(stopped)
    return router


async def stopped(stop: MessageGenerationStopped, *, ctx: Context) -> None:
    """Only the answer whose draft it was: the next one may be under way already."""
    for answer_id in await ctx.services.chats.running(ctx.user.id):
        if draft_id(answer_id) == stop.draft_id:
            await ctx.services.chats.stop(user_id=ctx.user.id, answer_id=answer_id)
