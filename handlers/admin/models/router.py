"""Models on sale, as admins see them."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.models import screens as view
from handlers.admin.uploads.screens import version_button
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.translator import Html
from services.billing.credits import BadAmount
from services.models.manage import ModelLine, parse_price

PRICE = "model.price"


def router() -> Router:
    router = Router(name="admin_models")
    router.callback_query.register(show_models, Pressed(names.MODELS), StaffOnly())
    router.callback_query.register(press, Pressed(names.MODEL), StaffOnly())
    return router


async def show_models(event: Event, *, ctx: AdminContext) -> None:
    known = await ctx.services.model_management.all()
    slugs = {each.slug for each in known}
    broken = [each for each in ctx.services.models.problems if each.slug not in slugs]
    waiting = await ctx.services.upload_management.waiting()
    drafts = [version_button(each, ctx.tr) for each in waiting]
    await ctx.respond(event, view.models_screen(known, broken, drafts, ctx.tr))


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the model's slug and what to do."""
    slug, _, verb = argument.partition(":")
    tr, models = ctx.tr, ctx.services.model_management
    match verb:
        case names.PRICE:
            ctx.require()
            model = await models.get(slug)
            await ctx.ask(query, view.price_question(model, tr), PendingAction.of(PRICE, slug=slug))
        case names.AUTHORS_PRICE:
            model = await models.set_price(slug, None, actor=ctx.actor)
            await _show(query, model, ctx=ctx, notice=tr.html("✅ The price is the author's again."))
        case names.ON | names.OFF:
            model = await models.enable(slug, enabled=verb == names.ON, actor=ctx.actor)
            await _show(query, model, ctx=ctx)
        case names.AGAIN:
            model = await models.try_again(slug, actor=ctx.actor)
            await _show(query, model, ctx=ctx)
        case names.UP | names.DOWN:
            order = await models.move(slug, places=-1 if verb == names.UP else 1, actor=ctx.actor)
            place = [each.slug for each in order].index(slug) + 1
            notice = tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
            await _show(query, await models.get(slug), ctx=ctx, notice=notice)
        case _:
            await _show(query, await models.get(slug), ctx=ctx)


async def take_price(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    slug = action.facts["slug"]
    try:
        price = parse_price(message.text or "")
    except BadAmount:
        model = await ctx.services.model_management.get(slug)
        await ctx.ask(message, view.price_question(model, ctx.tr, again=True), action)
        return
    model = await ctx.services.model_management.set_price(slug, price, actor=ctx.actor)
    await _show(message, model, ctx=ctx, notice=ctx.tr.html("✅ Saved."))


async def _show(event: Event, model: ModelLine, *, ctx: AdminContext, notice: Html | str = "") -> None:
    await ctx.respond(event, view.model_screen(model, ctx.tr, role=ctx.role, notice=notice))
