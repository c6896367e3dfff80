"""A copy of one's data, and the end of one's account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response, StreamingResponse

from db.tables.users import Edge
from services.errors import N_, ShopError
from services.identity.sessions import JUST_NOW, ProveAgain
from web.cabinet.linking import require_fresh
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
    require_fresh(me)
    pieces = await me.site.services.account_export.begin(me.user.id)
    headers = {"content-disposition": 'attachment; filename="kassandra-my-data.json"', "cache-control": "no-store"}
    return StreamingResponse(pieces, media_type="application/json", headers=headers)


@router.get("/my-data/delete")
async def ask(me: Me) -> Response:
    """What happens, before it does. Raises `ProveAgain`."""
    login = await me.site.services.email_accounts.login(me.user.id)
    if login is None:
        _require_just_proved(me)
    return await _question(me)


@router.post("/my-data/delete")
async def delete(
    request: Request,
    me: Me,
    seen_balance: Annotated[int, Form(ge=0, le=2**53)],
    sure: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    services = me.site.services
    try:
        if not sure:
            raise NotSure()
        if await services.email_accounts.login(me.user.id) is None:
            _require_just_proved(me)
        else:
            require_fresh(me)
            await services.email_accounts.prove(me.signed_in, password)
        await services.account_deletion.delete(me.user.id, seen_balance=seen_balance, edge=Edge.WEB)
    except ProveAgain:
        raise
    except ShopError as error:
        return await _question(me, error)
    return await let_out(request, me, "/account-deleted")


@router.get("/account-deleted")
async def deleted(who: Someone) -> Response:
    return page(who, "cabinet/account/deleted.html")


def _require_just_proved(me: Customer) -> None:
    if me.site.clock() - me.signed_in.authenticated_at > JUST_NOW:
        raise ProveAgain()


async def _question(me: Customer, error: ShopError | None = None) -> Response:
    """What forbids it takes the place of the form."""
    services, facts = me.site.services, None
    try:
        facts = await services.account_deletion.look(me.user.id)
    except ShopError as forbidden:
        error = forbidden
    shown = {
        "facts": facts,
        "password": await services.email_accounts.login(me.user.id) is not None,
        "problem": me.tr.error(error) if error else "",
    }
    status = refusal_of(error).status if error else 200
    return page(me, "cabinet/account/delete.html", status=status, **shown)
