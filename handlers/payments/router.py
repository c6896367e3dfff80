"""/topup and the list of payments. A shop that takes no money says so."""

from aiogram import Router
from aiogram.filters import Command, CommandObject, Filter, StateFilter
from aiogram.types import CallbackQuery, Message, TelegramObject

from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from handlers.kit.notices import notice_screen
from handlers.payments import screens as view
from handlers.payments.checkout import WISH, Checkout, TopUpQuestion
from handlers.payments.history_screens import payments_screen
from services.errors import ShopError
from services.payments.pricing import PaymentsOff, WayNotOffered

ON_PAGE = 6  # payments


class Open(Filter):
    """A shop that takes money; gives the handler `checkout`."""

    async def __call__(self, event: TelegramObject, ctx: Context) -> bool | dict[str, Checkout]:
        payments = ctx.services.payments
        return False if payments is None else {"checkout": Checkout(ctx=ctx, payments=payments)}


def router() -> Router:
    """The command and the buttons."""
    router = Router(name="topup")
    router.message.register(show_topup, Command("topup", ignore_case=True), Open())
    router.message.register(closed, Command("topup", ignore_case=True))
    router.callback_query.register(press, Pressed(buttons.TOPUP), Open())
    router.callback_query.register(closed, Pressed(buttons.TOPUP))
    router.callback_query.register(show_payments, Pressed(buttons.PAYMENTS))
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="topup_answers")
    router.message.register(take_amount, StateFilter(TopUpQuestion.amount), Open())
    router.message.register(take_email, StateFilter(TopUpQuestion.email), Open())
    router.message.register(closed, StateFilter(TopUpQuestion))
    return router


async def closed(event: Event, *, ctx: Context) -> None:
    """Buttons and questions may be older than the shop's settings."""
    await ctx.respond(event, notice_screen(ctx.tr.error_html(PaymentsOff()), ctx.tr))


async def show_topup(message: Message, *, checkout: Checkout, command: CommandObject) -> None:
    """With an amount behind it the command is the answer to the question that it spares."""
    if command.args is None:
        await checkout.offer(message)
    else:
        asked = f"{message.message_id}-{message.date.timestamp():.0f}"
        await _take(message, command.args, checkout, asked=asked, provider=None)


async def press(query: CallbackQuery, *, checkout: Checkout, argument: str) -> None:
    """`argument`: nothing, a choice, or what to do with a payment. One that makes no sense shows what can be bought."""
    verb, _, rest = argument.partition(":")
    payment_id = buttons.parse_id(rest)
    choice = view.Choice.parse(argument)
    if choice is not None:
        await checkout.open(query, choice)
    elif verb == view.OWN:
        await checkout.ask_amount(query, rest or None)
    elif verb == view.WAY:
        await checkout.offer(query, rest)
    elif verb == view.CHECK and payment_id is not None:
        await checkout.check(query, payment_id)
    elif verb == view.LEAVE and payment_id is not None:
        await checkout.leave(query, payment_id)
    else:
        await checkout.offer(query)


async def take_amount(message: Message, *, checkout: Checkout) -> None:
    asked, provider = await checkout.asked()
    await _take(message, message.text or "", checkout, asked=asked, provider=provider)


async def _take(message: Message, typed: str, checkout: Checkout, *, asked: str, provider: str | None) -> None:
    try:
        money = checkout.pricing(provider).parse(typed)
    except WayNotOffered:
        await checkout.offer(message)
    except ShopError as problem:
        await checkout.ask_amount(message, provider, problem)
    else:
        await checkout.open(message, view.Choice.typed(money.minor, asked=asked, provider=provider))


async def take_email(message: Message, *, checkout: Checkout, ctx: Context) -> None:
    """Kept in the profile; what was chosen before goes on."""
    choice = view.Choice.parse((await ctx.fsm.get_data()).get(WISH))
    try:
        await ctx.services.users.set_email(ctx.user.id, message.text or "")
    except ShopError as problem:
        await checkout.ask_email(message, choice, problem)
        return
    checkout = checkout.of(await ctx.services.users.get(ctx.user.id))
    if choice is None:
        await checkout.offer(message)
    else:
        await checkout.open(message, choice)


async def show_payments(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: the page."""
    payments = ctx.services.payment_queries
    page = await payments.of_user(ctx.user.id, buttons.parse_page(argument), ON_PAGE)
    await ctx.respond(query, payments_screen(page, await payments.sent_back(page.items), ctx.viewer))
