"""What a customer tells of themselves; all of it is theirs to change and to clear."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from db.tables.users import Gender
from i18n.people import GENDERS
from i18n.translator import LANGUAGES
from services.errors import ShopError
from services.users.accounts import BadAge, BadEmail, BadName, NameOfTelegram, Profile
from web.kit.pages import page
from web.kit.viewer import Customer, Me

router = APIRouter(prefix="/profile")
NAMES: Final = {"ru": "Русский", "en": "English"}
FIELDS: Final[Mapping[type[ShopError], str]] = {
    BadName: "name",
    NameOfTelegram: "name",
    BadAge: "age",
    BadEmail: "email",
}
"""Which answer a refusal is about."""


class TypedProfile(BaseModel):
    """As it was typed; what is empty is forgotten. `bonuses`, `outcomes`: whether they are told of."""

    name: str = ""
    gender: str = ""
    age: str = ""
    email: str = ""
    language: str = ""
    bonuses: bool = False
    outcomes: bool = False


@router.get("")
async def show_profile(me: Me, done: bool = False) -> Response:
    user = me.user
    typed = TypedProfile(
        name=user.first_name,
        gender=user.gender or "",
        age="" if user.age is None else str(user.age),
        email=user.email or "",
        language=user.language,
        bonuses=not user.bonus_muted,
        outcomes=not user.outcomes_muted,
    )
    return _page(me, typed, done=done)


@router.post("")
async def change_profile(me: Me, typed: Annotated[TypedProfile, Form()]) -> Response:
    """All of it or nothing."""
    users = me.site.services.users
    told = Profile(
        gender=Gender(typed.gender) if typed.gender in list(Gender) else None,
        age=typed.age.strip() or None,
        email=typed.email.strip() or None,
    )
    if me.user.telegram_id is None:
        told["name"] = typed.name
    if typed.language in LANGUAGES:
        told["language"] = typed.language
    try:
        await users.change_profile(me.user.id, told)
    except ShopError as error:
        if (name := FIELDS.get(type(error))) is None:
            raise
        return _page(me, typed, errors={name: me.tr.error(error)})
    await users.mute_bonus(me.user.id, muted=not typed.bonuses)
    await users.mute_outcomes(me.user.id, muted=not typed.outcomes)
    return RedirectResponse("/profile?done=yes", status_code=303)


def _page(
    me: Customer, typed: TypedProfile, *, done: bool = False, errors: Mapping[str, str] | None = None
) -> Response:
    return page(
        me,
        "cabinet/profile.html",
        status=422 if errors else 200,
        typed=typed,
        done=done,
        errors=errors or {},
        genders=[(each.value, me.tr.gettext(words)) for each, words in GENDERS.items()],
        languages=[(code, NAMES[code]) for code in LANGUAGES],
    )
