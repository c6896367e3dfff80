"""An admin at work: who they are, what they may, what they were asked and what they are about to decide."""

from dataclasses import dataclass, fields
from secrets import token_urlsafe
from typing import Any, Final, Self

from aiogram.filters import Filter
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, TelegramObject

from db.tables.users import Role
from handlers.kit.dialog import Event, Question, put, respond
from handlers.telegram import sender as chat
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues, Translator
from services.audit_log.history import AuditLog
from services.errors import N_
from services.features import Features
from services.models.manage import AdminModels
from services.models.offers import Models
from services.payments.manage import AdminPayments
from services.payments.packages import Packages
from services.payments.queries import Payments
from services.payments.service import Till
from services.reports.statistics import Statistics
from services.users.accounts import Users, UserView
from services.users.manage import AdminUsers
from services.users.roles import RANKS, Admins, NotAllowed

MATTER: Final = "admin"  # where the dialog's data has it
DECIDED = N_("This is decided already.")


class AdminQuestion(Question):
    left = N_("The question is left. Nothing was changed.")
    answering = State("answering", "AdminQuestion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """What a question or a confirmation on the screen is about; `nonce` tells it from every other one."""

    what: str
    nonce: str
    facts: dict[str, Any]  # Any: JSON

    @classmethod
    def of(cls, what: str, **facts: Any) -> Self:  # Any: JSON
        return cls(what=what, nonce=token_urlsafe(6), facts=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything an admin's handler works with."""

    user: UserView
    role: Role
    tr: Translator
    catalogues: Catalogues
    state: FSMContext
    users: Users
    admins: Admins
    admin_users: AdminUsers
    admin_models: AdminModels
    admin_payments: AdminPayments
    audit_log: AuditLog
    models: Models
    packages: Packages
    payments: Payments
    till: Till | None
    statistics: Statistics
    features: Features

    @property
    def actor(self) -> int:
        return self.user.telegram_id

    def require(self, least: Role = Role.ADMIN) -> None:
        """Before questions, so that nobody answers them in vain; services ask again. Raises `NotAllowed`."""
        if RANKS[self.role] < RANKS[least]:
            raise NotAllowed(actor=self.actor, role=self.role, least=least)

    async def show(self, event: Event, screen: Screen) -> None:
        await respond(event, self.state, self.tr, screen)

    async def ask(self, event: Event, screen: Screen, matter: Matter) -> None:
        """What is typed next answers it; a form waits meanwhile."""
        await self._keep(matter)
        await self.state.set_state(AdminQuestion.answering)
        await put(event, screen)

    async def propose(self, event: Event, screen: Screen, matter: Matter) -> None:
        """The screen's button decides it."""
        await self._keep(matter)
        await self.state.set_state(None)
        await put(event, screen)

    async def matter(self) -> Matter | None:
        match (await self.state.get_data()).get(MATTER):
            case {"what": str(what), "nonce": str(nonce), "facts": dict(facts)}:
                return Matter(what=what, nonce=nonce, facts=facts)
        return None

    async def close(self) -> None:
        """It is decided: its button does nothing any more."""
        data = await self.state.get_data()
        data.pop(MATTER, None)
        await self.state.set_data(data)

    async def decided(self, query: CallbackQuery) -> None:
        """A second tap, or the button of an older decision."""
        await chat.acknowledge(query, self.tr.gettext(DECIDED), alert=True)

    async def _keep(self, matter: Matter) -> None:
        kept = {"what": matter.what, "nonce": matter.nonce, "facts": matter.facts}
        await self.state.update_data({MATTER: kept})


class OnDuty(Filter):
    """Somebody with a role, as of this moment; gives the handler `office`. For everybody else there is no such command
    and no such button."""

    async def __call__(
        self,
        event: TelegramObject,
        user: UserView,
        admins: Admins,
        state: FSMContext,
        **data: Any,  # Any: aiogram's workflow data
    ) -> bool | dict[str, Office]:
        role = await admins.role_of(user.telegram_id)
        if role is None:
            return False
        given = {field.name: data[field.name] for field in fields(Office) if field.name in data}
        return {"office": Office(**given | {"user": user, "role": role, "admins": admins, "state": state})}
