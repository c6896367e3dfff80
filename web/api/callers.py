"""Who calls the API: somebody signed in, by a session's token or their browser's cookie, or a program with a key.

An endpoint asks for the weakest caller that will do: `MayRead`, `MayPredict`, `MayChat`, `MayPay`, `MayAdmin` want that
right of a key and let every session pass; `Person` lets no key pass, for what keys must never do: make keys, change
ways in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from db.tables.identities import ApiScope
from i18n.translator import Translator
from services.errors import N_, ShopError
from services.identity.api_keys import PREFIX
from services.identity.sessions import NotSignedIn, SecondFactorNeeded, SignedIn
from services.users.accounts import UserDisabled, UserView
from web.context import Site, WebContext
from web.kit.cookies import session_tokens
from web.kit.viewer import site_of, speak

EVERYTHING: Final = frozenset(ApiScope)


class ScopeMissing(ShopError):
    message = N_("This API key has no right to do that: it wants “{scope}”.")


class SessionWanted(ShopError):
    message = N_("An API key cannot do that. Please sign in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`signed_in`: None for who calls by a key, `key_id`: for who does not. A session may do everything."""

    site: Site
    user: UserView
    tr: Translator
    signed_in: SignedIn | None = None
    key_id: int | None = None
    scopes: frozenset[ApiScope] = EVERYTHING

    @property
    def session_id(self) -> int | None:
        return None if self.signed_in is None else self.signed_in.session_id

    @property
    def name(self) -> str:
        """Whose requests are counted together."""
        return f"user:{self.user.id}" if self.key_id is None else f"key:{self.key_id}"


async def caller(request: Request) -> Caller:
    """Asked for once of each request. Raises `NotSignedIn`, `BadKey`, `UserDisabled`, `SecondFactorNeeded`."""
    kept = request.scope.setdefault("state", {})  # what `request.state` lacks it says by an exception: that is dear
    known: Caller | ShopError | None = kept.get("caller")
    if known is None:
        try:
            known = await _find(request)
            if known.signed_in is not None and known.signed_in.waits_for_factor:
                raise SecondFactorNeeded()
        except ShopError as error:
            known = error
        kept["caller"] = known
    if isinstance(known, ShopError):
        raise known
    return known


async def _find(request: Request) -> Caller:
    web: WebContext = request.app.state.web
    site = site_of(web)
    for token in _tokens(request):
        if token.startswith(PREFIX):
            held = await site.services.api_keys.find(token)
            return _caller(request, site, held.user, key_id=held.key_id, scopes=held.scopes)
        if (found := await site.services.web_sessions.find(token)) is not None:
            return _caller(request, site, found.user, signed_in=found)
    raise NotSignedIn()


def _caller(
    request: Request,
    site: Site,
    user: UserView,
    *,
    signed_in: SignedIn | None = None,
    key_id: int | None = None,
    scopes: frozenset[ApiScope] = EVERYTHING,
) -> Caller:
    tr = speak(request, site.catalogues[user.language])
    if user.disabled:
        raise UserDisabled(user_id=user.id)
    return Caller(site=site, user=user, tr=tr, signed_in=signed_in, key_id=key_id, scopes=scopes)


def _tokens(request: Request) -> list[str]:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return [shown.strip()] if scheme.lower() == "bearer" else session_tokens(request)


Check = Callable[..., Awaitable[Caller]]
WANTS: Final[dict[Callable[..., object], str]] = {}
"""For the description of the API: the scope that each check wants of a key; empty where it wants a person."""


def _with(scope: ApiScope) -> Check:
    async def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in who.scopes:
            raise ScopeMissing(scope=str(scope))
        return who

    WANTS[check] = str(scope)
    return check


async def _person(who: Annotated[Caller, Depends(caller)]) -> Caller:
    if who.session_id is None:
        raise SessionWanted()
    return who


async def _halfway(request: Request) -> Caller:
    who = await _find(request)
    if who.signed_in is None:
        raise SessionWanted()
    return who


WANTS[_person] = ""
WANTS[_halfway] = ""
ApiCaller = Annotated[Caller, Depends(caller)]
"""Whoever it is, with whatever right."""
MayRead = Annotated[Caller, Depends(_with(ApiScope.READ))]
MayPredict = Annotated[Caller, Depends(_with(ApiScope.PREDICT))]
MayChat = Annotated[Caller, Depends(_with(ApiScope.CHAT))]
MayPay = Annotated[Caller, Depends(_with(ApiScope.PAY))]
MayAdmin = Annotated[Caller, Depends(_with(ApiScope.ADMIN))]
Person = Annotated[Caller, Depends(_person)]
Halfway = Annotated[Caller, Depends(_halfway)]
"""A person who may have yet to show a second factor."""
