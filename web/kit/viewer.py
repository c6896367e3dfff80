"""Who looks at a page, or asks for something by a session."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from i18n.titles import Titles
from i18n.translator import Translator
from services.identity.sessions import Device, NotSignedIn, SecondFactorNeeded, SignedIn
from services.users.accounts import UserDisabled, UserView
from web.context import Site, Web, WebContext
from web.kit.cookies import LANGUAGE, session_tokens
from web.kit.senders import caller

MAX_AGENT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PageViewer:
    """`signed_in`: None for a stranger; `halfway`: who has yet to show a second factor, a stranger until then; `place`:
    the address of the page, without a host. What a page may know of its reader."""

    site: Site
    tr: Translator
    device: Device
    place: str = "/"
    signed_in: SignedIn | None = None
    halfway: SignedIn | None = None

    @property
    def runs_the_shop(self) -> bool:
        """There is a panel for them, which looks closer at who they are."""
        seen = self.signed_in
        return seen is not None and (seen.appointed or self.site.services.admins.is_owner(seen.user.telegram_id))

    @property
    def titles(self) -> Titles:
        """Of models."""
        return Titles(find=self.site.services.models.manifest, tr=self.tr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(PageViewer):
    """Somebody who is signed in."""

    signed_in: SignedIn

    @property
    def user(self) -> UserView:
        return self.signed_in.user


def site_of(web: WebContext) -> Site:
    assert web.site is not None  # its routers are there only with it
    return web.site


async def viewer(request: Request, web: Web) -> PageViewer:
    site = site_of(web)
    found = await _signed_in(request, site)
    halfway = found is not None and found.waits_for_factor
    return PageViewer(
        site=site,
        tr=_words(request, site, found),
        device=device(request, web),
        place=place_of(request),
        signed_in=None if halfway else found,
        halfway=found if halfway else None,
    )


def stranger(request: Request, web: Web) -> PageViewer:
    """Whoever it is: nobody is asked, though the words are theirs where it is known who they are."""
    site = site_of(web)
    return PageViewer(site=site, tr=words_of(request), device=device(request, web), place=place_of(request))


async def customer(who: Annotated[PageViewer, Depends(viewer)]) -> Customer:
    """Raises `NotSignedIn`, `SecondFactorNeeded`, `UserDisabled`."""
    if who.halfway is not None:
        raise SecondFactorNeeded()
    if who.signed_in is None:
        raise NotSignedIn()
    if who.signed_in.user.disabled:
        raise UserDisabled(user_id=who.signed_in.user.id)
    return Customer(site=who.site, tr=who.tr, device=who.device, place=who.place, signed_in=who.signed_in)


Someone = Annotated[PageViewer, Depends(viewer)]
Me = Annotated[Customer, Depends(customer)]


def speak(request: Request, tr: Translator) -> Translator:
    """From here on this request is answered in these words, also where it fails."""
    request.state.tr = tr
    return tr


def words_of(request: Request) -> Translator:
    """Of whoever asks, or of a stranger."""
    known: Translator | None = getattr(request.state, "tr", None)
    web: WebContext = request.app.state.web
    return known or _words(request, site_of(web), None)


def place_of(request: Request) -> str:
    """Its path and query."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def device(request: Request, web: Web) -> Device:
    address = caller(request, web.proxies).address
    agent = request.headers.get("user-agent", "")[:MAX_AGENT]
    return Device(address="" if address is None else str(address), agent=agent)


async def _signed_in(request: Request, site: Site) -> SignedIn | None:
    for token in session_tokens(request):
        if (found := await site.services.web_sessions.find(token)) is not None:
            return found
    return None


def _words(request: Request, site: Site, signed_in: SignedIn | None) -> Translator:
    """As the customer chose; of a stranger, as this browser chose, or its settings say."""
    if signed_in is not None:
        return speak(request, site.catalogues[signed_in.user.language])
    chosen = request.cookies.get(LANGUAGE)
    accepted = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0].strip()
    return site.catalogues[chosen or site.catalogues.best(accepted)]
