"""`/admin`: what the role of whoever calls allows. Moderators look; admins act, with a second factor: by a session that
has shown it lately, or by a key with the scope `admin`, which only such a session makes."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from pydantic import Field

from db.tables.users import Edge, Role
from services.identity.acting import require_acting, require_role
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import ProveAgain
from services.users.actor import Actor
from services.users.manage import MAX_REASON
from services.users.roles import NotAllowed
from web.api.callers import MayAdmin
from web.api.texts import STORABLE

LOOKS: Final = (NotAllowed,)
ACTS: Final = (NotAllowed, SecondFactorWanted, ProveAgain)
Reason = Annotated[str, Field(max_length=MAX_REASON, json_schema_extra=STORABLE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAdmin:
    """Somebody who runs the shop."""

    who: MayAdmin
    role: Role

    @property
    def actor(self) -> Actor:
        return Actor(self.who.user.id, Edge.API)


async def _looking(who: MayAdmin) -> ApiAdmin:
    role = require_role(who.user.id, await who.site.services.admins.role_of(who.user.id))
    return ApiAdmin(who=who, role=role)


async def _closer(admin: Annotated[ApiAdmin, Depends(_looking)]) -> ApiAdmin:
    require_role(admin.who.user.id, admin.role, Role.ADMIN)
    return admin


async def _acting(admin: Annotated[ApiAdmin, Depends(_looking)]) -> ApiAdmin:
    who = admin.who
    require_acting(who.user.id, admin.role, Role.ADMIN, signed_in=who.signed_in, now=who.site.clock())
    return admin


Looks = Annotated[ApiAdmin, Depends(_looking)]
LooksCloser = Annotated[ApiAdmin, Depends(_closer)]
Acts = Annotated[ApiAdmin, Depends(_acting)]
