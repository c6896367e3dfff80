"""/topup and the list of payments. A shop without a till says so."""

from typing import Any

from aiogram import Router
from aiogram.filters import Command, CommandObject, Filter, StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message, TelegramObject

from db.tables.payments import PaymentStatus, RefundStatus
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event, respond
from handlers.kit.filters import Pressed
from handlers.kit.notices import notice_screen
from handlers.payments import screens as view
from handlers.payments.checkout import WISH, Checkout, TopUpQuestion
from handlers.payments.history_screens import payments_screen
from i18n.translator import Translator
from services.errors import ShopError
from services.payments.pricing import PaymentsOff
from services.payments.queries import Payments
from services.payments.service import Till
from services.users.accounts import Users, UserView

_GIVEN = ("bot", "user", "tr", "packages", "payments", "users", "outbox", "messages")
ON_PAGE = 6  # payments


class Open(Filter):
    """A shop that takes money; gives the handler `checkout`."""

    async def __call__(
        self,
        event: TelegramObject,
        till: Till | None,
        state: FSMContext,
        **data: Any,  # Any: aiogram's workflow data
    ) -> bool | dict[str, Checkout]:
        if till is None:
            return False
        given = {name: data[name] for name in _GIVEN}
        return {"checkout": Checkout(till=till, fsm=state, **given)}


def router() -> Router:
    """The command and the buttons."""
    router = Router(name="topup")
    router.message.register(show_topup, Command("topup", ignore_case=True), Open())
    router.message.register(closed, Command("topup", ignore_case=True))
    router.callback_query.register(press, Pressed(keyboards.TOPUP), Open())
    router.callback_query.register(closed, Pressed(keyboards.TOPUP))
    router.callback_query.register(show_payments, Pressed(keyboards.PAYMENTS))
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="topup_answers")
    router.message.register(take_amount, StateFilter(TopUpQuestion.amount), Open())
    router.message.register(take_email, StateFilter(TopUpQuestion.email), Open())
    router.message.register(closed, StateFilter(TopUpQuestion))
    return router


async def closed(event: Event, *, tr: Translator, state: FSMContext) -> None:
    """Buttons and questions may be older than the shop's settings."""
    await respond(event, state, tr, notice_screen(tr.error_html(PaymentsOff()), tr))


async def show_topup(message: Message, *, checkout: Checkout, command: CommandObject) -> None:
    """With an amount behind it the command is the answer to the question that it spares."""
    if command.args is None:
        await checkout.offer(message)
    else:
        await _take(message, command.args, checkout, asked=f"{message.message_id}-{message.date.timestamp():.0f}")


async def press(query: CallbackQuery, *, checkout: Checkout, argument: str) -> None:
    """`argument`: nothing, a choice, or what to do with a payment. One that makes no sense shows what can be bought."""
    verb, _, rest = argument.partition(":")
    payment_id = keyboards.parse_id(rest)
    choice = view.Choice.parse(argument)
    if choice is not None:
        await checkout.open(query, choice)
    elif verb == view.OWN:
        await checkout.ask_amount(query)
    elif verb == view.CHECK and payment_id is not None:
        await checkout.check(query, payment_id)
    elif verb == view.LEAVE and payment_id is not None:
        await checkout.leave(query, payment_id)
    else:
        await checkout.offer(query)


async def take_amount(message: Message, *, checkout: Checkout) -> None:
    await _take(message, message.text or "", checkout, asked=await checkout.asked())


async def _take(message: Message, typed: str, checkout: Checkout, *, asked: str) -> None:
    try:
        kopecks = checkout.till.terms.parse(typed)
    except ShopError as problem:
        await checkout.ask_amount(message, problem)
        return
    await checkout.open(message, view.Choice.typed(kopecks, asked=asked))


async def take_email(message: Message, *, checkout: Checkout, users: Users, state: FSMContext) -> None:
    """Kept in the profile; what was chosen before goes on."""
    choice = view.Choice.parse((await state.get_data()).get(WISH))
    try:
        await users.set_email(checkout.user.id, message.text or "")
    except ShopError as problem:
        await checkout.ask_email(message, choice, problem)
        return
    checkout = checkout.of(await users.get(checkout.user.id))
    if choice is None:
        await checkout.offer(message)
    else:
        await checkout.open(message, choice)


async def show_payments(
    query: CallbackQuery,
    *,
    user: UserView,
    tr: Translator,
    state: FSMContext,
    till: Till | None,
    payments: Payments,
    argument: str,
) -> None:
    """`argument`: the page."""
    page = await payments.of_user(user.id, keyboards.parse_page(argument), ON_PAGE)
    sent_back = {}
    for payment in page.items:
        if payment.status is PaymentStatus.SUCCEEDED:
            refunds = await payments.refunds(payment.id)
            sent_back[payment.id] = sum(r.amount_kopecks for r in refunds if r.status is RefundStatus.SUCCEEDED)
    await respond(query, state, tr, payments_screen(page, sent_back, tr, can_top_up=till is not None))
