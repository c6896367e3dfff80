"""What admins type in answer to a question, and the buttons that decide what was proposed."""

from collections.abc import Awaitable
from typing import Final, Protocol

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminQuestion, Matter, Office, OnDuty
from handlers.admin.models import router as models
from handlers.admin.packages import router as packages
from handlers.admin.payments import router as payments
from handlers.admin.roles import router as roles
from handlers.admin.users import changes
from handlers.admin.users import router as users
from handlers.kit.dialog import pause
from handlers.kit.filters import Pressed
from i18n.translator import Html


class Answer(Protocol):
    def __call__(self, message: Message, /, *, office: Office, matter: Matter) -> Awaitable[None]: ...


class Decision(Protocol):
    def __call__(self, query: CallbackQuery, /, *, office: Office, matter: Matter) -> Awaitable[None]: ...


class CardDecision(Protocol):
    """Gives whose card is to be shown, and with which notice."""

    def __call__(self, query: CallbackQuery, /, *, office: Office, matter: Matter) -> Awaitable[tuple[int, Html]]: ...


ANSWERS: Final[dict[str, Answer]] = {
    users.FIND: users.find,
    changes.AMOUNT: changes.take_amount,
    changes.REASON: changes.take_reason,
    changes.LETTER: changes.take_letter,
    models.PRICE: models.take_price,
    packages.FIELD: packages.take_field,
    payments.FIND: payments.find,
    payments.AMOUNT: payments.take_amount,
    payments.REASON: payments.take_reason,
    roles.WHO: roles.take_who,
}
CARD_DECISIONS: Final[dict[str, CardDecision]] = {
    changes.CHANGE: changes.change,
    changes.SEND: changes.send,
    changes.DISABLE: changes.disable,
}
DECISIONS: Final[dict[str, Decision]] = {packages.CREATE: packages.create, payments.REFUND: payments.refund}


def router() -> Router:
    """The button of a confirmation."""
    router = Router(name="admin_decisions")
    router.callback_query.register(decide, Pressed(names.YES), OnDuty())
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="admin_answers")
    router.message.register(take_answer, StateFilter(AdminQuestion), OnDuty())
    router.message.register(drop, StateFilter(AdminQuestion))
    return router


async def take_answer(message: Message, *, office: Office) -> None:
    matter = await office.matter()
    if matter is None or matter.what not in ANSWERS:
        await drop(message, state=office.state)
        return
    await ANSWERS[matter.what](message, office=office, matter=matter)


async def drop(message: Message, *, state: FSMContext) -> None:
    """A role was taken away in the middle of a question."""
    await pause(state)
    raise SkipHandler


async def decide(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the nonce of what is decided."""
    matter = await office.matter()
    if matter is None or matter.nonce != argument:
        await office.decided(query)
    elif matter.what in CARD_DECISIONS:
        user_id, notice = await CARD_DECISIONS[matter.what](query, office=office, matter=matter)
        await office.close()
        await users.show_card(query, user_id, office=office, notice=notice)
    elif matter.what in DECISIONS:
        await DECISIONS[matter.what](query, office=office, matter=matter)
    else:
        await office.decided(query)
