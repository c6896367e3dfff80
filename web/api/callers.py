"""Who calls the API: somebody signed in, by a session's token or their browser's cookie."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from i18n.translator import Translator
from services.identity.sessions import NotSignedIn
from services.users.accounts import UserDisabled, UserView
from web.context import Site, Web
from web.kit.cookies import session_tokens
from web.kit.viewer import site_of, speak


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """`session_id`: None for who calls by a key."""

    site: Site
    user: UserView
    tr: Translator
    session_id: int | None = None


async def caller(request: Request, web: Web) -> Caller:
    """Raises `NotSignedIn`, `UserDisabled`."""
    site = site_of(web)
    for token in _tokens(request):
        if (found := await site.services.web_sessions.find(token)) is not None:
            if found.user.disabled:
                raise UserDisabled(user_id=found.user.id)
            tr = speak(request, site.catalogues[found.user.language])
            return Caller(site=site, user=found.user, tr=tr, session_id=found.session_id)
    raise NotSignedIn()


ApiCaller = Annotated[Caller, Depends(caller)]


def _tokens(request: Request) -> list[str]:
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    return [shown.strip()] if scheme.lower() == "bearer" else session_tokens(request)
