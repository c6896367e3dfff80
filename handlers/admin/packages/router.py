"""Packages, as admins see them."""

from functools import partial

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.packages import screens as view
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.errors import ChangedMeanwhile, ShopError
from services.payments.package_parts import PackagePart, Parts, offer_of, parse_part, parts_of, typed_part
from services.payments.packages import PackageGone, PackageView

FIELD, CREATE = "package.field", "package.create"


def router() -> Router:
    router = Router(name="admin_packages")
    router.callback_query.register(show_packages, Pressed(names.PACKAGES), StaffOnly())
    router.callback_query.register(press, Pressed(names.PACKAGE), StaffOnly())
    return router


async def show_packages(event: Event, *, ctx: AdminContext, argument: str = "", notice: str = "") -> None:
    """`argument`: the page, or that there shall be a new one; `notice`: HTML."""
    if argument == names.NEW:
        ctx.require()
        await _ask(event, PackagePart.NAME_RU, ctx=ctx)
        return
    found = await ctx.services.packages.all()
    page = keyboards.parse_page(argument)
    await ctx.respond(event, view.packages_screen(found, ctx.tr, role=ctx.role, notice=notice, page=page))


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the package's id and what to do."""
    number, _, verb = argument.partition(":")
    package_id = keyboards.parse_number(number)
    if package_id is None:
        raise PackageGone(package_id=number[:32])
    package = await ctx.services.packages.get(package_id)
    if verb in (names.ON, names.OFF, names.UP, names.DOWN, *PackagePart):
        ctx.require()
    match verb:
        case names.ON | names.OFF:
            package = await ctx.services.packages.enable(package.id, enabled=verb == names.ON, actor=ctx.actor)
        case names.UP | names.DOWN:
            places = -1 if verb == names.UP else 1
            order = await ctx.services.packages.move(package.id, places=places, actor=ctx.actor)
            place = [each.id for each in order].index(package.id) + 1
            notice = ctx.tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
            await _show(query, package, ctx=ctx, notice=notice)
            return
        case _ if verb in tuple(PackagePart):
            await _ask(query, PackagePart(verb), ctx=ctx, package_id=package.id)
            return
    await _show(query, package, ctx=ctx)


async def take_field(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """One part of a package: of a new one the next part is asked, or all of it confirmed."""
    part, package_id = PackagePart(action.facts["field"]), action.facts["package"]
    ctx.require()
    try:
        value = parse_part(part, message.text or "")
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.part_question, part, ctx.tr, package_id=package_id), problem)
        return
    if package_id is not None:
        now = typed_part(part, parts_of(await ctx.services.packages.get(package_id)))
        if now != action.facts.get("shown", now):
            changed = ChangedMeanwhile(now)
            await _ask(message, part, ctx=ctx, package_id=package_id, problem=ctx.tr.error_html(changed))
            return
        await _edit(message, package_id, {part: value}, ctx=ctx)
        return
    draft = {**action.facts["draft"], part: value}
    if (unanswered := [each for each in PackagePart if each not in draft]) != []:
        await _ask(message, unanswered[0], ctx=ctx, draft=draft)
        return
    new = PendingAction.of(CREATE, draft=draft)
    await ctx.propose(message, view.new_confirmation(offer_of(draft), new.nonce, ctx.tr), new)


async def create(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    ctx.require()
    await ctx.close()  # first: a repeat would be another package
    package = await ctx.services.packages.create(offer_of(action.facts["draft"]), actor=ctx.actor)
    await _show(query, package, ctx=ctx, notice=ctx.tr.html("✅ On sale."))


async def _edit(event: Event, package_id: int, change: Parts, *, ctx: AdminContext) -> None:
    shown = await ctx.services.packages.get(package_id)
    offer = offer_of({**parts_of(shown), **change})
    changed = await ctx.services.packages.edit(package_id, offer, actor=ctx.actor, shown=shown)
    await _show(event, changed, ctx=ctx, notice=ctx.tr.html("✅ Saved."))


async def _ask(
    event: Event,
    part: PackagePart,
    *,
    ctx: AdminContext,
    package_id: int | None = None,
    draft: Parts | None = None,
    problem: str = "",
) -> None:
    """`problem`: HTML."""
    shown = {}
    if package_id is not None:  # told where somebody else changes it before the answer comes
        shown = {"shown": typed_part(part, parts_of(await ctx.services.packages.get(package_id)))}
    action = PendingAction.of(FIELD, field=part, package=package_id, draft=dict(draft or {}), **shown)
    await ctx.ask(event, view.part_question(part, ctx.tr, package_id=package_id, problem=problem), action)


async def _show(event: Event, package: PackageView, *, ctx: AdminContext, notice: str = "") -> None:
    await ctx.respond(event, view.package_screen(package, ctx.tr, role=ctx.role, notice=notice))
