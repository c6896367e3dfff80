"""/plans and what can be done about a subscription."""

from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.types import CallbackQuery, Message

from db.tables.currencies import Currency
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.plans import lists
from handlers.plans import screens as view
from handlers.plans import subscription_screens as own
from handlers.plans.offers import PlanStep, offer_of
from handlers.plans.purchase import PlanChoice, PlanPurchase, PlanQuestion, compared
from i18n.plans import STAYS_BY_HAND
from services.errors import ShopError
from services.money import Money
from services.plans.plans import PlanGone
from services.plans.subscriptions import SubscriptionView


def router() -> Router:
    """The command and the buttons."""
    router = Router(name="plans")
    router.message.register(show_plans, Command("plans", ignore_case=True))
    router.message.register(show_own, Command("subscription", ignore_case=True))
    router.callback_query.register(press, Pressed(buttons.PLANS))
    router.callback_query.register(buy, Pressed(view.BUY))
    router.callback_query.register(leave, Pressed(buttons.PLAN_LEAVE))
    router.callback_query.register(take, Pressed(view.TAKE))
    router.callback_query.register(try_it, Pressed(view.TRY))
    router.callback_query.register(press_own, Pressed(buttons.SUBSCRIPTION))
    router.callback_query.register(lists.show_cards, Pressed(own.CARDS))
    router.callback_query.register(lists.remove_card, Pressed(own.CARD_OFF))
    router.callback_query.register(lists.show_periods, Pressed(own.PERIODS))
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="plan_answers")
    router.message.register(take_email, StateFilter(PlanQuestion.email))
    return router


async def show_plans(event: Event, *, ctx: Context, problem: str = "", notice: str = "") -> None:
    """`problem`, `notice`: HTML, what came to nothing and what was just done."""
    await ctx.respond(event, await compared(ctx, problem=problem, notice=notice))


async def press(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: nothing, or a plan and perhaps the way to pay for it."""
    number, _, provider = argument.partition(":")
    plan_id = buttons.parse_number(number, most=10**9)
    if plan_id is None:
        await show_plans(query, ctx=ctx)
        return
    try:
        offer = await offer_of(ctx.services, ctx.user.id, plan_id)
    except ShopError as error:
        await show_plans(query, ctx=ctx, problem=ctx.tr.error_html(error))
        return
    if offer.step is PlanStep.HERE:
        await show_own(query, ctx=ctx)
    else:
        await ctx.respond(query, view.plan_screen(offer, ctx.viewer, way=offer.way(provider)))


async def buy(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    choice = PlanChoice.parse(argument)
    if choice is None:
        await show_plans(query, ctx=ctx)
    else:
        await PlanPurchase.of(ctx).open(query, choice)


async def leave(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    payment_id = buttons.parse_id(argument)
    if payment_id is None:
        await show_plans(query, ctx=ctx)
    else:
        await PlanPurchase.of(ctx).leave(query, payment_id)


async def take_email(message: Message, *, ctx: Context) -> None:
    """Kept in the profile; what was chosen before goes on."""
    purchase = PlanPurchase.of(ctx)
    choice = await purchase.asked()
    try:
        await ctx.services.users.set_email(ctx.user.id, message.text or "")
    except ShopError as problem:
        await purchase.ask_email(message, choice, problem)
        return
    if choice is None:
        await show_plans(message, ctx=ctx)
    else:
        await PlanPurchase.of(await ctx.refreshed()).open(message, choice)


async def take(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """Another plan for the next period, at the price that its button was shown with."""
    number, _, price = argument.partition(":")
    try:
        await ctx.services.subscriptions.schedule(ctx.user.id, _plan_id(number), _price(price))
    except ShopError as error:
        await show_plans(query, ctx=ctx, problem=ctx.tr.error_html(error))
        return
    await show_own(query, ctx=ctx, notice=ctx.tr.html("✅ Changed for the next period."))


async def try_it(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    try:
        await ctx.services.subscriptions.start_trial(ctx.user.id, _plan_id(argument))
    except ShopError as error:
        await show_plans(query, ctx=ctx, problem=ctx.tr.error_html(error))
        return
    await show_own(query, ctx=ctx, notice=ctx.tr.html("🎁 The trial has begun. Nothing is charged after it."))


async def show_own(event: Event, *, ctx: Context, notice: str = "") -> None:
    """`notice`: HTML, what was just done."""
    subscription = await ctx.services.subscriptions.of(ctx.user.id)
    if subscription is None:
        await show_plans(event, ctx=ctx, notice=notice)
    else:
        await ctx.respond(event, own.subscription_screen(subscription, ctx.viewer, notice=notice))


async def press_own(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: nothing, or what to do. What cannot be done is told above how things stand now."""
    verb, _, rest = argument.partition(":")
    if verb == own.CANCEL and (asked := await _asked_about(rest, ctx)) is not None:
        await ctx.respond(query, own.stop_question(asked, ctx.tr))
        return
    try:
        notice = await _done(verb, rest, ctx)
    except ShopError as error:
        notice = f"⚠️ {ctx.tr.error_html(error)}"
    await show_own(query, ctx=ctx, notice=notice)


async def _done(verb: str, rest: str, ctx: Context) -> str:
    """What was done, as HTML; nothing for what makes no sense."""
    subscriptions = ctx.services.subscriptions
    match verb:
        case own.CANCEL | own.STOP:
            return await _cancel(rest, ctx)
        case own.RESUME:
            await subscriptions.resume(ctx.user.id)
            return ctx.tr.html("🔁 It is renewed by itself again.")
        case own.STAY if (mine := await subscriptions.of(ctx.user.id)) is not None:
            await subscriptions.schedule(ctx.user.id, mine.last_plan.id)
            return ctx.tr.html(STAYS_BY_HAND) if mine.was_stopped else ctx.tr.html("✅ Your plan stays as it is.")
        case own.AGREE if (price := _price(rest)) is not None:
            await subscriptions.agree(ctx.user.id, price)
            return ctx.tr.html("✅ Agreed: the new price is charged from the next period on.")
    return ""


async def _cancel(number: str, ctx: Context) -> str:
    """In one tap, where it can be taken back."""
    if await _to_cancel(number, ctx) is None:
        return ""
    await ctx.services.subscriptions.cancel(ctx.user.id)
    return ctx.tr.html("✅ Canceled. Nothing will be charged any more.")


async def _to_cancel(number: str, ctx: Context) -> SubscriptionView | None:
    """The button may be older than what its owner has now."""
    mine = await ctx.services.subscriptions.of(ctx.user.id)
    gone = mine is None or mine.id is None or mine.id.hex != number or mine.cancel_at_period_end
    return None if gone else mine


async def _asked_about(number: str, ctx: Context) -> SubscriptionView | None:
    """What a provider charges by itself: it is not resumed from here."""
    mine = await _to_cancel(number, ctx)
    return mine if mine is not None and mine.is_charged_there else None


def _plan_id(argument: str) -> int:
    """Raises `PlanGone`."""
    plan_id = buttons.parse_number(argument, most=10**9)
    if plan_id is None:
        raise PlanGone(plan_id=argument[:32])
    return plan_id


def _price(text: str) -> Money | None:
    minor, _, currency = text.partition(":")
    number = buttons.parse_number(minor, most=10**9)
    return None if number is None or currency not in tuple(Currency) else Money(number, Currency(currency))
