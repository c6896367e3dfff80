"""`/me`: who the caller is."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from db.tables.users import Gender
from services.users.accounts import UserView
from web.api.callers import ApiCaller

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """The caller's account. `balance`: in hundredths of a credit."""

    id: int
    name: str
    language: str
    gender: Gender | None
    age: int | None
    email: str | None = Field(description="Where receipts go.")
    telegram: bool = Field(description="Whether a Telegram account belongs to it.")
    balance: int


@router.get("/me", operation_id="getMe")
async def get_me(caller: ApiCaller) -> Me:
    return _me(caller.user)


def _me(user: UserView) -> Me:
    return Me(
        id=user.id,
        name=user.first_name,
        language=user.language,
        gender=None if user.gender is None else Gender(user.gender),
        age=user.age,
        email=user.email,
        telegram=user.telegram_id is not None,
        balance=user.balance,
    )
