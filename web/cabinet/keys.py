"""Keys of a customer's programs: made, shown once, revoked."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from db.tables.identities import ApiScope
from services.digits import whole_number
from services.errors import N_, ShopError
from services.identity.api_keys import MAX_DAYS, MAX_TITLE, offered_scopes
from web.cabinet.linking import require_fresh
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.row_ids import RowId
from web.kit.viewer import Customer, Me

router = APIRouter(prefix="/keys")
SCOPES: Final = {
    ApiScope.READ: N_("look at the account and at what was bought"),
    ApiScope.PREDICT: N_("buy predictions"),
    ApiScope.CHAT: N_("talk with assistants"),
    ApiScope.PAY: N_("begin payments"),
    ApiScope.ADMIN: N_("do what your role allows"),
}
DAYS: Final = ("30", "90", "365")
NAME: Final = "name"


@router.get("")
async def show_keys(me: Me) -> Response:
    return await _page(me, title="", scopes=[ApiScope.READ, ApiScope.PREDICT], days=DAYS[1])


@router.get("/new")
async def prove_first(me: Me) -> Response:
    """Before the form, so that nobody fills it in vain. Raises `ProveAgain`."""
    require_fresh(me)
    return RedirectResponse("/keys", status_code=303)


@router.post("")
async def make_key(
    me: Me,
    title: Annotated[str, Form(alias=NAME, max_length=10 * MAX_TITLE)] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form()] = "",
) -> Response:
    """The answer shows the key: it is told here and never again, so there is no redirect, and no cache keeps it."""
    chosen = [each for each in await _offered(me) if each in (scopes or ())]
    good_for = (whole_number(days, most=MAX_DAYS) or 0) if days else None
    try:
        _, key = await me.site.services.api_keys.make(me.signed_in, title, chosen, days=good_for)
    except ShopError as error:
        return await _page(me, title=title, scopes=chosen, days=days, refused=error)
    return await _page(me, title="", scopes=chosen, days=days, key=key)


@router.post("/{key_id}/revoke")
async def revoke_key(me: Me, key_id: RowId) -> Response:
    await me.site.services.api_keys.revoke(key_id, user_id=me.user.id)
    return RedirectResponse("/keys", status_code=303)


async def _offered(me: Customer) -> Sequence[ApiScope]:
    """The right of a role for those alone who have one."""
    offered = offered_scopes(me.signed_in)
    runs = ApiScope.ADMIN in offered and await me.site.services.admins.role_of(me.user.id) is not None
    return [each for each in offered if runs or each is not ApiScope.ADMIN]


async def _page(
    me: Customer, *, title: str, scopes: Sequence[ApiScope], days: str, key: str = "", refused: ShopError | None = None
) -> Response:
    tr = me.tr
    return page(
        me,
        "cabinet/keys.html",
        status=200 if refused is None else refusal_of(refused).status,
        keys=await me.site.services.api_keys.all(me.user.id),
        words={scope: tr.gettext(said) for scope, said in SCOPES.items()},
        offered=[(each, tr.gettext(SCOPES[each])) for each in await _offered(me)],
        lives=[(each, tr.ngettext("{n} day", "{n} days", int(each))) for each in DAYS],
        fresh=me.signed_in.is_fresh(me.site.clock()),
        title=title,
        chosen=scopes,
        days=days,
        key=key,
        problem="" if refused is None else tr.error(refused),
    )
