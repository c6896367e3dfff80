"""What an admin's handler works with: the chat's context, the role, and what is being decided."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any, Final, Self
from uuid import UUID

from aiogram.filters import Filter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, TelegramObject

from db.tables.users import Edge, Role
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, Event, leave_question, open_form, put, respond
from handlers.telegram import sender as chat
from handlers.telegram.screen import Screen
from services.errors import N_, ShopError
from services.models.uploads.trials import tried
from services.users.actor import Actor
from services.users.roles import RANKS, NotAllowed

PENDING: Final = "admin"  # where the dialog's data has it
DECIDED = N_("This is decided already.")


class AdminQuestion(ChatQuestion):
    left = N_("The question is left. Nothing was changed.")
    answering = State("answering", "AdminQuestion")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAction:
    """What a question or a confirmation on the screen is about; `nonce` tells it from every other one."""

    what: str
    nonce: str
    facts: dict[str, Any]  # Any: JSON

    @classmethod
    def of(cls, what: str, **facts: Any) -> Self:  # Any: JSON
        return cls(what=what, nonce=token_urlsafe(6), facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminContext(Context):
    """The context of somebody with a role. `pending`: what was asked or proposed before this update."""

    role: Role
    pending: PendingAction | None

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, Edge.CHAT)

    def require(self, least: Role = Role.ADMIN) -> None:
        """Before questions, so that nobody answers them in vain; services ask again. Raises `NotAllowed`."""
        if RANKS[self.role] < RANKS[least]:
            raise NotAllowed(actor=self.user.id, role=self.role, least=least)

    async def respond(self, event: Event, screen: Screen, *, of: UUID | None = None) -> int:
        """`of`: the version that the screen is about. From there alone a form that tries it is continued: elsewhere it
        would stand in the way."""
        form = await open_form(self.fsm)
        trial = None if form is None else tried(form.slug)
        if trial is None or trial == of:
            return await respond(event, self.fsm, self.tr, screen)
        await leave_question(self.fsm)
        return await put(event, screen)

    async def ask(self, event: Event, screen: Screen, action: PendingAction) -> None:
        """What is typed next answers it; a form waits meanwhile."""
        await self._keep(action)
        await self.fsm.set_state(AdminQuestion.answering)
        await put(event, screen)

    async def ask_again(self, event: Event, question: Callable[..., Screen], problem: ShopError) -> None:
        """What is pending, once more: `question` makes its screen with `problem`, HTML, the sentence that says what
        was wrong with the answer."""
        assert self.pending is not None
        await self.ask(event, question(problem=self.tr.error_html(problem)), self.pending)

    async def propose(self, event: Event, screen: Screen, action: PendingAction) -> None:
        """The screen's button decides it."""
        await self._keep(action)
        await self.fsm.set_state(None)
        await put(event, screen)

    async def close(self) -> None:
        """It is decided: its button does nothing any more."""
        data = await self.fsm.get_data()
        data.pop(PENDING, None)
        await self.fsm.set_data(data)

    async def tell_decided(self, query: CallbackQuery) -> None:
        """To a second tap, or the button of an older decision."""
        await chat.acknowledge(query, self.tr.gettext(DECIDED), alert=True)

    async def _keep(self, action: PendingAction) -> None:
        kept = {"what": action.what, "nonce": action.nonce, "facts": action.facts}
        await self.fsm.update_data({PENDING: kept})


class StaffOnly(Filter):
    """Lets through whoever has a role at this moment, and gives the handler an `AdminContext` as `ctx`. For everybody
    else there is no such command and no such button."""

    async def __call__(self, event: TelegramObject, ctx: Context) -> bool | dict[str, AdminContext]:
        role = await ctx.services.admins.role_of(ctx.user.id)
        if role is None:
            return False
        admin = AdminContext(
            user=ctx.user,
            tr=ctx.tr,
            fsm=ctx.fsm,
            bot=ctx.bot,
            services=ctx.services,
            catalogues=ctx.catalogues,
            messages=ctx.messages,
            role=role,
            pending=await _pending(ctx.fsm),
        )
        return {"ctx": admin}


async def _pending(fsm: FSMContext) -> PendingAction | None:
    match (await fsm.get_data()).get(PENDING):
        case {"what": str(what), "nonce": str(nonce), "facts": dict(facts)}:
            return PendingAction(what=what, nonce=nonce, facts=facts)
    return None
