"""`/me`: who the caller is, what they have, what became of it."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from db.tables.billing import TransactionKind
from db.tables.users import Edge, Gender
from services.billing.statement import Operation
from services.identity.deletion import BalanceSeen
from services.identity.deletion_rows import AtWork, MoneyUnderWay, RunsTheShop
from services.identity.export import TooManyExports
from services.identity.login_changes import WrongCurrentPassword
from services.identity.sessions import ProveAgain
from services.identity.throttles import TooManyTries
from services.users.accounts import MAX_AGE, MAX_NAME, BadEmail, BadName, NameOfTelegram, Profile, UserView
from web.api.callers import MayRead, Person, SessionWanted
from web.api.changes import Change
from web.api.describing import refuses
from web.api.lists import Limit, Listed, NumberCursor, listed, read_number
from web.api.money import Money, money_told
from web.api.routes import make_router
from web.api.texts import SOMETHING, ReceiptAddress

router = make_router("me")


class Me(BaseModel):
    """The caller's account."""

    id: int
    name: str
    language: str
    gender: Gender | None
    age: int | None
    email: str | None = Field(description="Where receipts go.")
    telegram: bool = Field(description="Whether a Telegram account belongs to it.")
    balance: int = Field(description="In hundredths of a credit.", examples=[1000])


class ProfileChange(Change):
    """What is left out stays; null is forgotten."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"language": "en", "age": 35, "gender": "female"}]}
    )

    name: str = Field(
        default="",
        max_length=MAX_NAME,
        description="Of a Telegram account it is the one in Telegram.",
        json_schema_extra=SOMETHING,
    )
    language: Literal["ru", "en"] = "ru"
    gender: Gender | None = None
    age: int | None = Field(default=None, strict=True, ge=1, le=MAX_AGE)
    email: ReceiptAddress | None = Field(default=None, description="Where receipts go.")


class Farewell(BaseModel):
    """What has to be told to delete an account."""

    model_config = ConfigDict(extra="forbid")

    balance: int = Field(strict=True, ge=0, le=2**53, description="That is lost, in hundredths of a credit.")
    password: str = Field(default="", max_length=1024, json_schema_extra={"format": "password", "writeOnly": True})


class AccountCopy(BaseModel):
    """All that is kept of an account: a list of objects for each kind of thing, under its name."""

    model_config = ConfigDict(extra="allow")

    made_at: datetime
    notes: dict[str, str] = Field(description="What the figures mean.")
    profile: dict[str, str | int | bool | None]


class Lot(BaseModel):
    """Credits that came together and expire together."""

    remaining: int = Field(description="In hundredths of a credit.", examples=[200])
    expires_at: datetime


class Balance(BaseModel):
    balance: int = Field(description="In hundredths of a credit.", examples=[1000])
    expiring: list[Lot] = Field(description="The part of it that expires, the nearest first.")


class Transaction(BaseModel):
    """A line of the account."""

    id: int
    kind: TransactionKind
    amount: int = Field(description="Signed, in hundredths of a credit.", examples=[-100])
    balance_after: int
    model: str | None = Field(description="What it was spent on.")
    prediction_id: UUID | None
    money: Money | None = Field(description="What was paid or sent back.")
    comment: str | None
    created_at: datetime


@router.get("/me", operation_id="getMe", summary="Your account")
async def get_me(who: MayRead) -> Me:
    return _me(who.user)


@router.patch(
    "/me",
    operation_id="changeMe",
    summary="Change your profile",
    responses=refuses(BadName, BadEmail, NameOfTelegram),
)
async def change_me(who: Person, change: ProfileChange) -> Me:
    told = cast(Profile, change.model_dump(exclude_unset=True))
    if change.age is not None:
        told["age"] = str(change.age)
    return _me(await who.site.services.users.change_profile(who.user.id, told))


@router.get(
    "/me/export",
    operation_id="exportMe",
    summary="A copy of your data",
    response_model=AccountCopy,
    responses=refuses(ProveAgain, TooManyExports, SessionWanted),
)
async def export_me(who: Person) -> Response:
    """Profile, ways in, operations, payments, predictions with inputs and results, conversations, what was done to the
    account. Five times an hour, by who has signed in within the hour."""
    assert who.signed_in is not None  # a person has a session
    pieces = await who.site.services.account_export.begin(who.signed_in)
    return StreamingResponse(pieces, media_type="application/json", headers={"cache-control": "no-store"})


@router.delete(
    "/me",
    operation_id="deleteMe",
    summary="Delete your account",
    status_code=204,
    responses=refuses(
        ProveAgain, WrongCurrentPassword, TooManyTries, AtWork, MoneyUnderWay, RunsTheShop, BalanceSeen, SessionWanted
    ),
)
async def delete_me(who: Person, wish: Farewell) -> Response:
    """For good. Credits that are left are lost; what is kept bears no name. Who signs in by e-mail shows the password;
    everybody else has to have signed in within the last ten minutes."""
    assert who.signed_in is not None  # a person has a session
    await who.site.services.account_deletion.delete(
        who.signed_in, password=wish.password, seen_balance=wish.balance, edge=Edge.API
    )
    return Response(status_code=204)


@router.get("/me/balance", operation_id="getBalance", summary="Your credits")
async def get_balance(who: MayRead) -> Balance:
    lots = await who.site.services.statement.expiring(who.user.id)
    expiring = [Lot(remaining=lot.remaining, expires_at=lot.expires_at) for lot in lots]
    return Balance(balance=who.user.balance, expiring=expiring)


@router.get("/me/transactions", operation_id="listTransactions", summary="What came in and was spent")
async def list_transactions(
    who: MayRead,
    limit: Limit = 20,
    cursor: NumberCursor = None,
    kind: Annotated[TransactionKind | None, Query(description="Of one kind alone.")] = None,
) -> Listed[Transaction]:
    """An answer of an assistant is one line, with what it cost in the end."""
    found = await who.site.services.statement.after(who.user.id, read_number(cursor), limit, kind=kind)
    last = found.items[-1].id if found.items else None
    return listed([_transaction(line) for line in found.items], has_more=found.has_more, last=last)


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


def _transaction(line: Operation) -> Transaction:
    paid = line.money
    return Transaction(
        id=line.id,
        kind=line.kind,
        amount=line.amount,
        balance_after=line.balance_after,
        model=line.model_slug,
        prediction_id=line.prediction_id,
        money=None if paid is None else money_told(paid),
        comment=line.comment,
        created_at=line.created_at,
    )
