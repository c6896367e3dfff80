"""Customers: the list, and the card of one with everything that happened to them."""

from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from db.tables.users import Role
from i18n.people import ROLE_NAMES
from i18n.plans import plan_title, what_follows
from services.billing.credits import parse_amount
from services.digits import whole_number
from services.errors import N_, ShopError
from services.users.directory import Gone, UserFilter
from services.users.manage import MAX_CREDITS
from services.users.search import MAX_ID
from web.admin.kit import Looks, panel
from web.admin.notices import notice
from web.admin.timeline import event_words

router = APIRouter(prefix="/admin/users")
SEEN: Final = ("1", "7", "30", "90")  # days
CLOSED: Final = "closed"
STATES: Final = {
    CLOSED: N_("the shop is closed to them"),
    Gone.MERGED: N_("part of another account"),
    Gone.DELETED: N_("deleted"),
}


class UserQuery(BaseModel):
    """As the form of the list sends it."""

    q: str = Field("", max_length=200)
    role: str = ""
    state: str = ""
    balance: str = ""
    seen: str = ""
    after: str = ""


@router.get("")
async def show_users(who: Looks, asked: Annotated[UserQuery, Query()]) -> Response:
    """What is typed wrongly is told; it filters nothing."""
    low, problem = None, ""
    if asked.balance.strip():
        try:
            low = parse_amount(asked.balance, low=1, high=MAX_CREDITS)
        except ShopError as error:
            problem = who.tr.error(error)
    wanted = UserFilter(
        text=asked.q,
        role=Role(asked.role) if asked.role in tuple(Role) else None,
        closed=asked.state == CLOSED,
        gone=Gone(asked.state) if asked.state in tuple(Gone) else None,
        balance=low,
        seen_days=int(asked.seen) if asked.seen in SEEN else None,
    )
    found = await who.site.services.user_management.page(wanted, asked.after)
    kept = urlencode({name: value for name, value in asked if value and name != "after"})
    more = None if found.more is None else f"/admin/users?{kept}{'&' if kept else ''}after={found.more}"
    roles = [(each.value, who.tr.gettext(name)) for each, name in ROLE_NAMES.items()]
    return panel(
        who,
        "users/list.html",
        found=found,
        asked=asked,
        more=more,
        roles=roles,
        states=[(state, who.tr.gettext(words)) for state, words in STATES.items()],
        problem=problem,
        role_names=ROLE_NAMES,
    )


@router.get("/{number}")
async def show_user(who: Looks, number: str, before: str = "", done: str = "") -> Response:
    user_id = user_number(number)
    users = who.site.services.user_management
    mine = await who.site.services.subscriptions.of(user_id)
    return panel(
        who,
        "users/card.html",
        plan="" if mine is None else plan_title(mine.plan, who.tr),
        follows=[] if mine is None else what_follows(mine, who.tr),
        card=await users.card(user_id),
        events=(events := await users.timeline(user_id, before)),
        told=[event_words(event, who) for event in events.items],
        before=before,
        sessions=await who.site.services.web_sessions.all(user_id) if who.may_act else [],
        done=notice(done, who.tr),
        role_names=ROLE_NAMES,
    )


def user_number(text: str) -> int:
    """Of an address. There is no page of what is no number."""
    number = whole_number(text, most=MAX_ID)
    if number is None:
        raise HTTPException(404)
    return number
