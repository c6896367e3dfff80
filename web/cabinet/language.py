"""The language of pages: of a customer in their profile, of a stranger in their browser."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from i18n.translator import LANGUAGES
from web.kit.cookies import LANGUAGE, set_cookie
from web.kit.places import own_place
from web.kit.viewer import Someone

router = APIRouter()
YEAR = 365 * 24 * 3600  # seconds


@router.post("/language")
async def choose_language(
    who: Someone, language: Annotated[str, Form()], place: Annotated[str, Form(alias="next")] = "/"
) -> Response:
    response = RedirectResponse(own_place(place), status_code=303)
    if language not in LANGUAGES:
        return response
    if who.signed_in is not None:
        await who.site.services.users.choose_language(who.signed_in.user.id, language)
    set_cookie(response, LANGUAGE, language, seconds=YEAR)
    return response
