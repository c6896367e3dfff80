"""Plans made, changed and looked at by those who run the shop."""

from functools import partial

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.plans import screens as view
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from services.errors import ShopError
from services.pages import page_of
from services.plans.plan_offer import check
from services.plans.plan_text import parse_plan
from services.plans.plans import PlanGone, PlanView

TEXT, CREATE = "plan.text", "plan.create"
ON_PAGE = 8


def router() -> Router:
    router = Router(name="admin_plans")
    router.callback_query.register(show_plans, Pressed(names.PLANS), StaffOnly())
    router.callback_query.register(press, Pressed(names.PLAN), StaffOnly())
    return router


async def show_plans(event: Event, *, ctx: AdminContext, argument: str = "") -> None:
    """`argument`: the page, that there shall be a new one, or another list and its page."""
    verb, _, page = argument.partition(":")
    reports = ctx.services.plan_reports
    if verb == names.NEW:
        ctx.require()
        await ctx.ask(event, view.text_question(ctx.tr), PendingAction.of(TEXT, plan=None))
    elif verb == names.FAILED:
        found = await reports.failed(keyboards.parse_page(page), ON_PAGE)
        customers = await ctx.services.user_management.lines(each.user_id for each in found.items)
        await ctx.respond(event, view.failed_screen(found, await reports.failure_reasons(), customers, ctx.tr))
    elif verb == names.SUBSCRIBERS:
        who = await reports.subscribers(keyboards.parse_page(page), ON_PAGE)
        customers = await ctx.services.user_management.lines(each.user_id for each in who.items)
        await ctx.respond(event, view.subscribers_screen(who, customers, ctx.tr))
    else:
        plans = page_of(await ctx.services.plans.all(), keyboards.parse_page(verb), ON_PAGE)
        numbers = await reports.numbers()
        await ctx.respond(event, view.plans_screen(plans, numbers, ctx.tr, role=ctx.role))


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the plan's id and what to do."""
    number, _, verb = argument.partition(":")
    plan_id = keyboards.parse_number(number, most=10**9)
    if plan_id is None:
        raise PlanGone(plan_id=number[:32])
    plan, manage, notice = await ctx.services.plans.get(plan_id), ctx.services.plan_management, ""
    if verb:
        ctx.require()
    match verb:
        case names.ON | names.OFF:
            plan = await manage.enable(plan_id, enabled=verb == names.ON, actor=ctx.actor)
            await ctx.services.plans.all()
        case names.UP | names.DOWN:
            order = await manage.move(plan_id, places=-1 if verb == names.UP else 1, actor=ctx.actor)
            place = [each.id for each in order].index(plan_id) + 1
            notice = ctx.tr.html("✅ Now place {place} of {count}.", place=place, count=len(order))
        case names.PRICE:
            asked = await manage.offer_price(plan_id, actor=ctx.actor)
            notice = ctx.tr.nhtml("✅ {n} subscriber was asked.", "✅ {n} subscribers were asked.", asked)
        case names.WRITE:
            await ctx.ask(query, view.text_question(ctx.tr, plan=plan), PendingAction.of(TEXT, plan=plan_id))
            return
    await _show(query, plan, ctx=ctx, notice=notice)


async def take_text(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    """A new plan, which is shown before it is sold, or a changed one."""
    plan_id = action.facts["plan"]
    ctx.require()
    shown = None if plan_id is None else await ctx.services.plans.get(plan_id)
    manage = ctx.services.plan_management
    try:
        offer = parse_plan(message.text or "")
        if plan_id is None:
            check(offer)
            new = PendingAction.of(CREATE, text=message.text)
            await ctx.propose(message, view.new_confirmation(offer, new.nonce, ctx.viewer), new)
            return
        plan = await manage.edit(plan_id, offer, actor=ctx.actor)
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.text_question, ctx.tr, plan=shown), problem)
        return
    await ctx.close()
    await ctx.services.plans.all()
    await _show(message, plan, ctx=ctx, notice=ctx.tr.html("✅ Saved."))


async def create(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does."""
    ctx.require()
    await ctx.close()  # first: a repeat would be another plan
    try:
        plan = await ctx.services.plan_management.create(parse_plan(action.facts["text"]), actor=ctx.actor)
    except ShopError as problem:
        again = view.text_question(ctx.tr, problem=ctx.tr.error_html(problem))
        await ctx.ask(query, again, PendingAction.of(TEXT, plan=None))
        return
    await ctx.services.plans.all()
    await _show(query, plan, ctx=ctx, notice=ctx.tr.html("✅ On sale."))


async def _show(event: Event, plan: PlanView, *, ctx: AdminContext, notice: str) -> None:
    await ctx.respond(event, view.plan_screen(plan, ctx.viewer, role=ctx.role, notice=notice))
