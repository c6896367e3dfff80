"""/models and the page of a model."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.models.screens import model_screen, models_screen
from handlers.telegram.screen import Screen


def router() -> Router:
    router = Router(name="models")
    router.message.register(show_models, Command("models", ignore_case=True))
    router.callback_query.register(show_models, Pressed(buttons.MODELS))
    router.callback_query.register(show_model, Pressed(buttons.MODEL))
    return router


async def show_models(event: Event, *, ctx: Context, argument: str = "") -> None:
    """`argument`: the page, as a button names it."""
    offers = [offer for offer in await ctx.services.models.offers() if offer.category is None]
    await ctx.respond(event, models_screen(offers, ctx.tr, page=buttons.parse_page(argument)))


async def show_model(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the slug."""
    await ctx.respond(query, await model_page(argument, ctx))


async def model_page(slug: str, ctx: Context) -> Screen:
    """The page of a model or a preset. Raises `ModelNotOnSale`."""
    return model_screen(
        await ctx.services.plan_cover.of(await ctx.services.models.offer(slug), ctx.user.id), ctx.viewer
    )
