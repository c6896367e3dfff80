"""Styles: owners make and change them, admins look."""

from functools import partial
from typing import Final

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.presets import screens as view
from handlers.admin.presets.changes import change_part, check_name, is_assistant, new_preset, own_answers, typed_part
from handlers.admin.presets.parts import NEEDED, StylePart
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from services.errors import N_, ChangedMeanwhile, ShopError
from services.models.presets import PresetView

NOTHING_BOUGHT: Final = N_("You have not bought a prediction of this model yet.")
PART, CREATE = "preset.part", "preset.create"


def router() -> Router:
    router = Router(name="admin_presets")
    router.callback_query.register(show_presets, Pressed(names.PRESETS), StaffOnly())
    router.callback_query.register(press, Pressed(names.PRESET), StaffOnly())
    return router


async def show_presets(event: Event, *, ctx: AdminContext, argument: str = "", notice: str = "") -> None:
    """`argument`: the page, that there shall be a new one, or of which model; `notice`: HTML."""
    verb, _, slug = argument.partition(":")
    if verb == names.NEW:
        ctx.require(Role.OWNER)
        lines = await ctx.services.model_management.all()
        models = [each for each in lines if each.present and not is_assistant(each.slug, ctx)]
        await ctx.respond(event, view.model_question(models, ctx.tr))
        return
    if verb == names.OF:
        ctx.require(Role.OWNER)
        await ctx.services.model_management.get(slug)
        await _ask(event, NEEDED[0], ctx=ctx, draft={"model": slug})
        return
    found = await ctx.services.presets.page(None, keyboards.parse_page(argument), view.ON_PAGE, every=True)
    await ctx.respond(event, view.presets_screen(found, ctx.tr, role=ctx.role, notice=notice))


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the style's slug and what to do."""
    slug, _, verb = argument.partition(":")
    preset = await ctx.services.presets.get(slug)
    manage, actor = ctx.services.preset_management, ctx.actor
    if verb:
        ctx.require(Role.OWNER)
    match verb:
        case names.ON | names.OFF:
            preset = await manage.enable(slug, enabled=verb == names.ON, actor=actor)
        case names.UP | names.DOWN:
            order = await manage.move(slug, places=-1 if verb == names.UP else 1, actor=actor)
            place = [each.slug for each in order].index(slug) + 1
            notice = ctx.tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
            await _show(query, preset, ctx=ctx, notice=notice)
            return
        case names.ANSWERS:
            answers = await own_answers(preset.model_slug, ctx)
            if not answers:
                await sender.acknowledge(query, ctx.tr.gettext(NOTHING_BOUGHT), alert=True)
                return
            preset = await manage.set_inputs(slug, answers, actor=actor)
            await _show(query, preset, ctx=ctx, notice=ctx.tr.html("✅ Saved."))
            return
        case names.DELETE:
            await manage.delete(slug, actor=actor)
            await show_presets(query, ctx=ctx, notice=ctx.tr.html("✅ Deleted."))
            return
        case _ if verb in tuple(StylePart):
            await _ask(query, StylePart(verb), ctx=ctx, slug=slug)
            return
    await _show(query, preset, ctx=ctx)


async def take_part(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """One part of a style: of a new one the next part is asked, or all of it confirmed."""
    ctx.require(Role.OWNER)
    part, slug, draft = StylePart(action.facts["part"]), action.facts["slug"], action.facts["draft"]
    again = partial(view.part_question, part, ctx.tr, slug=slug)
    if slug is None:
        try:
            text = check_name(part, message.text or "")
        except ShopError as problem:
            await ctx.ask_again(message, again, problem)
            return
        await _next(message, {**draft, part: text}, ctx)
        return
    now = typed_part(part, await ctx.services.presets.get(slug))
    if now != action.facts.get("shown", now):
        await _ask(message, part, ctx=ctx, slug=slug, problem=ctx.tr.error_html(ChangedMeanwhile(now)))
        return
    try:
        changed = await change_part(slug, part, message, ctx)
    except ShopError as problem:
        await ctx.ask_again(message, again, problem)
        return
    await _show(message, changed, ctx=ctx, notice=ctx.tr.html("✅ Saved."))


async def create(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    ctx.require(Role.OWNER)
    await ctx.close()  # first: a repeat would be another style
    made = await ctx.services.preset_management.create(new_preset(action.facts), actor=ctx.actor)
    await _show(query, made, ctx=ctx, notice=ctx.tr.html("✅ On sale."))


async def _next(event: Event, draft: dict[str, str], ctx: AdminContext) -> None:
    if (unanswered := [each for each in NEEDED if each not in draft]) != []:
        await _ask(event, unanswered[0], ctx=ctx, draft=draft)
        return
    answers = await own_answers(draft["model"], ctx)
    new = PendingAction.of(CREATE, draft=draft, inputs=answers)
    told = ", ".join(f"{name} = {value}" for name, value in answers.items())
    await ctx.propose(event, view.new_confirmation(draft, told, new.nonce, ctx.tr), new)


async def _ask(
    event: Event,
    part: StylePart,
    *,
    ctx: AdminContext,
    slug: str | None = None,
    draft: dict[str, str] | None = None,
    problem: str = "",
) -> None:
    """`problem`: HTML."""
    shown = {} if slug is None else {"shown": typed_part(part, await ctx.services.presets.get(slug))}
    action = PendingAction.of(PART, part=part, slug=slug, draft=dict(draft or {}), **shown)
    await ctx.ask(event, view.part_question(part, ctx.tr, slug=slug, problem=problem), action)


async def _show(event: Event, preset: PresetView, *, ctx: AdminContext, notice: str = "") -> None:
    await ctx.respond(event, view.preset_screen(preset, ctx.tr, role=ctx.role, notice=notice))
