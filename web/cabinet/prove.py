"""Before a delicate step, somebody who signed in by e-mail a while ago shows the password once more."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from services.errors import ShopError
from web.kit.pages import page
from web.kit.places import own_place
from web.kit.refusals import refusal_of
from web.kit.viewer import Me

router = APIRouter()
TEMPLATE = "cabinet/account/prove.html"


@router.get("/prove")
async def ask(me: Me, place: Annotated[str, Query(alias="next")] = "") -> Response:
    return page(me, TEMPLATE, next=own_place(place), problem="")


@router.post("/prove")
async def prove(
    me: Me, password: Annotated[str, Form()] = "", place: Annotated[str, Form(alias="next")] = ""
) -> Response:
    services = me.site.services
    try:
        await services.email_accounts.prove(me.signed_in, password)
    except ShopError as error:
        said = me.tr.error(error)
        return page(me, TEMPLATE, status=refusal_of(error).status, next=own_place(place), problem=said)
    await services.web_sessions.prove_again(me.signed_in.session_id)
    return RedirectResponse(own_place(place), status_code=303)
