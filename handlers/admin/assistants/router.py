"""How an assistant does, and what was sent to its provider."""

from aiogram import Router
from aiogram.types import CallbackQuery

from handlers.admin import buttons as names
from handlers.admin.assistants import screens as view
from handlers.admin.context import AdminContext, StaffOnly
from handlers.kit import buttons
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from services.models.manage import ModelLine

PERIODS = (1, 7, 30)


def router() -> Router:
    router = Router(name="admin_assistants")
    router.callback_query.register(show_assistant, Pressed(names.ASSISTANT), StaffOnly())
    router.callback_query.register(show_requests, Pressed(names.REQUESTS), StaffOnly())
    router.callback_query.register(open_request, Pressed(names.REQUEST), StaffOnly())
    return router


async def show_assistant(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the slug."""
    model = await _model(argument, ctx)
    figures = [(days, await ctx.services.assistant_reports.figures(model.slug, days=days)) for days in PERIODS]
    await ctx.respond(query, view.assistant_screen(model, figures, ctx.tr, role=ctx.role))


async def show_requests(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the slug."""
    model = await _model(argument, ctx)
    latest = await ctx.services.assistant_reports.latest(model.slug, actor=ctx.actor)
    await ctx.respond(query, view.requests_screen(model, latest, ctx.tr))


async def open_request(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: its hex id."""
    if (request_id := buttons.parse_id(argument)) is None:
        await sender.acknowledge(query)
        return
    opened = await ctx.services.assistant_reports.open(request_id, actor=ctx.actor)
    await sender.acknowledge(query)
    await sender.send(ctx.bot, ctx.chat_id, view.opened_screen(opened, ctx.tr))


async def _model(slug: str, ctx: AdminContext) -> ModelLine:
    return await ctx.services.model_management.get(slug)
