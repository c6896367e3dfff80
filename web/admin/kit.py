"""What the pages of the panel share: who looks, who may act, confirmations that act once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Depends, Form
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from db.tables.users import Edge, Role
from i18n.translator import Html
from i18n.waiting import age_words
from services.errors import DecidedAlready
from services.identity.acting import require_acting, require_role
from services.users.actor import Actor
from services.users.roles import RANKS
from web.kit.pages import page
from web.kit.viewer import Customer, Me

_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{8,32}", re.ASCII)
REMEMBERED: Final = 24 * 3600.0  # seconds, of a decision


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember(Customer):
    """Somebody who runs the shop."""

    role: Role

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, Edge.WEB)

    @property
    def may_act(self) -> bool:
        """Moderators look only."""
        return self.has(Role.ADMIN)

    @property
    def is_owner(self) -> bool:
        return self.has(Role.OWNER)

    def has(self, least: Role) -> bool:
        return RANKS[self.role] >= RANKS[least]


async def admin(who: Me) -> StaffMember:
    """For everybody without a role there is no panel."""
    role = await who.site.services.admins.role_of(who.user.id)
    if role is None:
        raise HTTPException(404)
    return StaffMember(site=who.site, tr=who.tr, device=who.device, place=who.place, signed_in=who.signed_in, role=role)


async def acting(who: Annotated[StaffMember, Depends(admin)]) -> StaffMember:
    """Before forms too, so that nobody fills one in vain."""
    require_acting(who.user.id, who.role, Role.ADMIN, signed_in=who.signed_in, now=who.site.clock())
    return who


async def owning(who: Annotated[StaffMember, Depends(admin)]) -> StaffMember:
    require_acting(who.user.id, who.role, Role.OWNER, signed_in=who.signed_in, now=who.site.clock())
    return who


async def seeing_more(who: Annotated[StaffMember, Depends(admin)]) -> StaffMember:
    """What moderators do not see."""
    require_role(who.user.id, who.role, Role.ADMIN)
    return who


async def seeing_all(who: Annotated[StaffMember, Depends(admin)]) -> StaffMember:
    """What owners alone see."""
    require_role(who.user.id, who.role, Role.OWNER)
    return who


Looks = Annotated[StaffMember, Depends(admin)]
LooksCloser = Annotated[StaffMember, Depends(seeing_more)]
LooksAtAll = Annotated[StaffMember, Depends(seeing_all)]
Acts = Annotated[StaffMember, Depends(acting)]
Owns = Annotated[StaffMember, Depends(owning)]
Typed = Annotated[str, Form()]


def new_nonce() -> str:
    return token_urlsafe(9)


def is_nonce(text: str) -> bool:
    """Whether what was posted comes from a confirmation."""
    return _NONCE.fullmatch(text) is not None


async def decide(who: StaffMember, nonce: str) -> None:
    """For what would act twice if it were posted twice. Raises `DecidedAlready`."""
    first = is_nonce(nonce) and await who.site.services.coordination.allow(
        f"decided:{who.user.id}:{nonce}", times=1, seconds=REMEMBERED
    )
    if not first:
        raise DecidedAlready()


def confirmation(
    who: StaffMember,
    *,
    title: str,
    lines: Sequence[str],
    yes: str,
    action: str,
    back: str,
    fields: Mapping[str, str] | None = None,
    danger: bool = False,
    problem: str = "",
) -> Response:
    """What will happen, and the button that does it: a form that posts `fields` and a nonce to `action`. `lines`: HTML;
    the others plain text."""
    return panel(
        who,
        "confirm.html",
        title=title,
        lines=lines,
        yes=yes,
        action=action,
        back=back,
        fields={**(fields or {}), "nonce": new_nonce()},
        danger=danger,
        problem=problem,
    )


def panel(
    who: StaffMember, template: str, /, *, status: int = 200, **shown: Any
) -> Response:  # Any: what templates name
    """A page of `web/templates/admin/`."""
    shown = {"nonce": new_nonce, "html": _html, "age": partial(age_words, tr=who.tr), **shown}
    return page(who, f"admin/{template}", status=status, **shown)


def _html(text: str) -> Markup:
    """What the Translator made as HTML; anything else is text."""
    return Markup(text) if isinstance(text, Html) else escape(text)  # noqa: S704 - the Translator escapes


def go(place: str, *, done: str = "") -> Response:
    """Look at a page after acting; `done`: the key of what it says about that (`NOTICES`)."""
    query = f"{'&' if '?' in place else '?'}{urlencode({'done': done})}" if done else ""
    return RedirectResponse(place + query, status_code=303)
