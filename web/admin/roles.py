"""Who runs the shop: for owners."""

from fastapi import APIRouter
from starlette.responses import Response

from db.tables.users import Role
from i18n.people import ROLE_NAMES, name_of, number_of
from i18n.translator import Html
from services.errors import ShopError
from services.users.roles import APPOINTED, NO_ROLE, parse_role
from services.users.search import UserLine
from web.admin.kit import LooksAtAll, Owns, StaffMember, Typed, confirmation, go, is_nonce, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/roles")


@router.get("")
async def show_roles(who: LooksAtAll, done: str = "", typed: str = "") -> Response:
    return await _page(who, typed=typed[:64], done=done)


@router.post("")
async def appoint(who: Owns, person: Typed = "", role: Typed = "", nonce: Typed = "") -> Response:
    """`person`: as in the search of customers, or a Telegram id of somebody who was never here."""
    tr, services = who.tr, who.site.services
    try:
        new = parse_role(role)
        whom = await services.user_management.person_of(person)
        if is_nonce(nonce):
            await _appoint(who, whom, new)
            return go("/admin/roles", done="role-changed")
    except ValueError:
        return await _page(who, typed=person, errors={"role": tr.gettext("Please choose a role.")})
    except ShopError as error:
        return await _page(who, typed=person, errors={"person": tr.error(error)})
    if isinstance(whom, int):
        before, number = await services.admins.role_by_telegram(whom), str(whom)
        name = tr.html("Telegram <code>{id}</code>", id=whom)
    else:
        before, number = await services.admins.role_of(whom.id), f"#{whom.id}"
        name = Html(f"{name_of(whom, tr)} · {number_of(whom, tr)}")
    return confirmation(
        who,
        title=tr.gettext("Change this role?"),
        lines=[name, tr.html("{before} → <b>{after}</b>", before=_word(before, who), after=_word(new, who))],
        yes=tr.gettext("Change the role"),
        action="/admin/roles",
        back="/admin/roles",
        fields={"person": number, "role": new or NO_ROLE},
        danger=True,
    )


async def _appoint(who: StaffMember, whom: UserLine | int, role: Role | None) -> None:
    """`whom`: a Telegram id of somebody who was never here."""
    admins = who.site.services.admins
    if isinstance(whom, int):
        await admins.appoint(whom, role, actor=who.actor)
    else:
        await admins.appoint_user(whom.id, role, actor=who.actor)


async def _page(who: StaffMember, *, typed: str = "", done: str = "", errors: dict[str, str] | None = None) -> Response:
    people = await who.site.services.admins.all()
    return panel(
        who,
        "roles.html",
        status=422 if errors else 200,
        people_with_roles=people,
        givers=await who.site.services.user_management.lines(
            each.granted_by for each in people if each.granted_by is not None
        ),
        role_names=ROLE_NAMES,
        choices=[(role.value, who.tr.gettext(ROLE_NAMES[role])) for role in APPOINTED]
        + [(NO_ROLE, who.tr.gettext("no role"))],
        typed=typed,
        errors=errors or {},
        done=notice(done, who.tr),
    )


def _word(role: Role | None, who: StaffMember) -> str:
    return who.tr.gettext("no role") if role is None else who.tr.gettext(ROLE_NAMES[role])
