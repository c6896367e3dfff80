"""What admins type in answer to a question, and the buttons that decide what was proposed."""

from collections.abc import Awaitable
from typing import Final, Protocol, TypeVar

from aiogram import Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import StateFilter
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, AdminQuestion, PendingAction, StaffOnly
from handlers.admin.models import router as models
from handlers.admin.packages import router as packages
from handlers.admin.payments import router as payments
from handlers.admin.payments import strays
from handlers.admin.plans import router as plans
from handlers.admin.presets import router as presets
from handlers.admin.roles import router as roles
from handlers.admin.uploads import router as uploads
from handlers.admin.uploads import texts as upload_texts
from handlers.admin.uploads import versions as upload_versions
from handlers.admin.users import changes
from handlers.admin.users import router as users
from handlers.kit.context import Context
from handlers.kit.dialog import pause
from handlers.kit.filters import Pressed

E_contra = TypeVar("E_contra", Message, CallbackQuery, contravariant=True)


class Step(Protocol[E_contra]):
    """Does what an admin typed or decided about a pending action, and shows what came of it."""

    def __call__(self, event: E_contra, /, *, ctx: AdminContext, action: PendingAction) -> Awaitable[None]: ...


ANSWERS: Final[dict[str, Step[Message]]] = {
    users.FIND: users.find,
    changes.AMOUNT: changes.take_amount,
    changes.REASON: changes.take_reason,
    changes.LETTER: changes.take_letter,
    models.PRICE: models.take_price,
    packages.FIELD: packages.take_field,
    presets.PART: presets.take_part,
    plans.TEXT: plans.take_text,
    payments.FIND: payments.find,
    payments.AMOUNT: payments.take_amount,
    payments.REASON: payments.take_reason,
    roles.WHO: roles.take_who,
    uploads.PART: uploads.take_part,
    upload_texts.TEXT: upload_texts.take_text,
    upload_versions.VERSION: upload_versions.take_no_file,
}
DECISIONS: Final[dict[str, Step[CallbackQuery]]] = {
    changes.CHANGE: changes.change,
    changes.SEND: changes.send,
    changes.DISABLE: changes.disable,
    changes.FACTOR: changes.turn_off_factor,
    packages.CREATE: packages.create,
    plans.CREATE: plans.create,
    presets.CREATE: presets.create,
    payments.REFUND: payments.refund,
    strays.SEND_BACK: strays.send_back,
    uploads.WHICH: uploads.new_version,
    upload_versions.REMOVE: upload_versions.remove,
}


def router() -> Router:
    """The button of a confirmation."""
    router = Router(name="admin_decisions")
    router.callback_query.register(decide, Pressed(names.YES), StaffOnly())
    return router


def answers_router() -> Router:
    """What is typed in answer to a question."""
    router = Router(name="admin_answers")
    router.message.register(take_answer, StateFilter(AdminQuestion), StaffOnly())
    router.message.register(drop, StateFilter(AdminQuestion))
    return router


async def take_answer(message: Message, *, ctx: AdminContext) -> None:
    action = ctx.pending
    if action is None or action.what not in ANSWERS:
        await drop(message, ctx=ctx)
        return
    await ANSWERS[action.what](message, ctx=ctx, action=action)


async def drop(message: Message, *, ctx: Context) -> None:
    """A role was taken away in the middle of a question."""
    await pause(ctx.fsm)
    raise SkipHandler


async def decide(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the nonce of what is decided."""
    action = ctx.pending
    if action is None or action.nonce != argument or action.what not in DECISIONS:
        await ctx.tell_decided(query)
        return
    await DECISIONS[action.what](query, ctx=ctx, action=action)
