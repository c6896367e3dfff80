"""The way into the cabinet within Telegram: what its client tells of who opened it is exchanged for a session."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from db.tables.identities import SessionKind
from services.errors import ShopError
from web.cabinet.start_params import place_for
from web.kit.arrivals import arrival_of, keep, way_on
from web.kit.cookies import MINI_APP
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import Someone

router = APIRouter()


@router.get("/mini-app")
async def entry(who: Someone) -> Response:
    """The same for everybody: launch data stand behind the `#`, which browsers send to nobody."""
    return page(who, "mini_app.html")


@router.get("/mini-app/session")
async def look(who: Someone) -> Response:
    """Whether the browser kept the session's cookie: some keep none for a frame."""
    kept = who.signed_in is not None or who.halfway is not None
    return JSONResponse({"signed_in": kept}, headers={"cache-control": "no-store"})


@router.post("/mini-app/session")
async def begin(request: Request, who: Someone, init_data: Annotated[str, Form()] = "") -> Response:
    """For the page's script. `next`: where to go on; `said`: why not. Whoever was signed in here is so no more: another
    account of Telegram's may have been chosen on this device."""
    arrival = arrival_of(request, who, kind=SessionKind.MINI_APP)
    before, best = request.cookies.get(MINI_APP, ""), who.site.catalogues.best
    try:
        entered = await who.site.services.mini_app.enter(init_data, arrival, best, before=before)
    except ShopError as error:
        response = JSONResponse({"said": who.tr.error(error)}, status_code=refusal_of(error).status)
    else:
        response = JSONResponse({"next": await way_on(who, entered.opened, place_for(entered.start_param))})
        await keep(request, who, response, entered.opened, arrival)
    response.headers["cache-control"] = "no-store"
    return response
