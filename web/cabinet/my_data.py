"""A copy of one's data, and the end of one's account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response, StreamingResponse

from db.tables.users import Edge
from services.errors import N_, ShopError
from services.identity.sessions import ProveAgain
from web.kit.arrivals import let_out
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me, Someone

router = APIRouter()


class NotSure(ShopError):
    message = N_("Tick the box if you are sure.")


@router.get("/my-data")
async def look(me: Me) -> Response:
    return page(me, "cabinet/account/my_data.html")


@router.get("/my-data/copy")
async def take_copy(me: Me) -> Response:
    """A file to keep. Raises `ProveAgain`, `TooManyExports`."""
    pieces = await me.site.services.account_export.begin(me.signed_in)
    headers = {"content-disposition": 'attachment; filename="kassandra-my-data.json"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


@router.get("/my-data/delete")
async def ask(me: Me) -> Response:
    """What happens, before it does. Raises `ProveAgain`."""
    return await _question(me)


@router.post("/my-data/delete")
async def delete(
    request: Request,
    me: Me,
    seen_balance: Annotated[int, Form(ge=0, le=2**53)],
    sure: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    try:
        if not sure:
            raise NotSure()
        await me.site.services.account_deletion.delete(
            me.signed_in, password=password, seen_balance=seen_balance, edge=Edge.WEB
        )
    except ProveAgain:
        raise
    except ShopError as error:
        return await _question(me, error)
    return await let_out(request, me, "/account-deleted")


@router.get("/account-deleted")
async def deleted(who: Someone) -> Response:
    return page(who, "cabinet/account/deleted.html")


async def _question(me: Customer, error: ShopError | None = None) -> Response:
    """What forbids it takes the place of the form. Raises `ProveAgain`."""
    deletion, facts = me.site.services.account_deletion, None
    password = await deletion.wants_password(me.signed_in)
    try:
        facts = await deletion.look(me.user.id)
    except ShopError as forbidden:
        error = forbidden
    shown = {
        "facts": facts,
        "password": password,
        "problem": me.tr.error(error) if error else "",
    }
    status = refusal_of(error).status if error else 200
    return page(me, "cabinet/account/delete.html", status=status, **shown)
