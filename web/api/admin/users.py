"""`/admin/users`: customers, their credits, who may come in."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from db.tables.users import Role
from services.billing.ledger import UnknownUser
from services.users.directory import SeenUser, UserFilter
from services.users.manage import MAX_CREDITS, BadReason, CannotTake, CreditChange, OneOfUs, check_reason
from services.users.search import UserCard, UserLine
from web.api.admin.staff import ACTS, LOOKS, Acts, ApiAdmin, Looks, Reason
from web.api.describing import refuses
from web.api.lists import Listed, PlaceCursor, listed
from web.api.money import Money, money_told
from web.api.routes import SaleKey, make_router
from web.kit.row_ids import RowId

router = make_router("admin")
DECISIONS: Final = UUID("b0a7b7c2-8a27-4b9b-9a3a-3e5d7c1f8e42")


class AdminUser(BaseModel):
    """A customer in the list."""

    id: int
    telegram_id: int | None
    username: str | None
    name: str
    balance: int = Field(description="In hundredths of a credit.")
    disabled: bool = Field(description="The shop is closed to them.")
    role: Role | None
    created_at: datetime
    last_seen_at: datetime


class AdminUserCard(AdminUser):
    """A customer with what became of them."""

    language: str
    email: str | None = Field(description="Where receipts go.")
    login: str | None = Field(description="The address that they sign in by.")
    spent: int = Field(description="In hundredths of a credit.")
    paid: list[Money]


class CreditChangeOrder(BaseModel):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"amount": 500, "reason": "For your patience"}]}
    )

    amount: int = Field(
        strict=True, ge=-MAX_CREDITS, le=MAX_CREDITS, description="In hundredths of a credit; negative to take."
    )
    reason: Reason = Field(description="The customer reads it.")


class BalanceAfter(BaseModel):
    balance: int = Field(description="In hundredths of a credit.")


class AccessChange(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"disabled": True}]})

    disabled: bool = Field(strict=True)
    reason: Reason | None = None


@router.get("/admin/users", operation_id="adminListUsers", summary="Customers", responses=refuses(*LOOKS))
async def list_users(
    admin: Looks,
    cursor: PlaceCursor = "",
    q: Annotated[str, Query(max_length=200, description="`#12`, a Telegram id, `@name`, an e-mail, a name.")] = "",
    role: Annotated[Role | None, Query(description="With this role alone.")] = None,
    disabled: Annotated[bool, Query(description="Only those to whom the shop is closed.")] = False,
) -> Listed[AdminUser]:
    """The last seen first, 50 at a time."""
    wanted = UserFilter(text=q, role=role, closed=disabled)
    found = await admin.who.site.services.user_management.page(wanted, cursor)
    users = [AdminUser(**_user(each), role=each.role) for each in found.items]
    return listed(users, has_more=found.more is not None, last=found.more)


@router.get(
    "/admin/users/{user_id}",
    operation_id="adminGetUser",
    summary="A customer",
    responses=refuses(*LOOKS, UnknownUser),
)
async def get_user(admin: Looks, user_id: RowId) -> AdminUserCard:
    return await _card(admin, user_id)


@router.post(
    "/admin/users/{user_id}/credits",
    operation_id="adminChangeCredits",
    summary="Give or take credits",
    responses=refuses(*ACTS, UnknownUser, CannotTake, BadReason),
)
async def change_credits(admin: Acts, user_id: RowId, order: CreditChangeOrder, key: SaleKey) -> BalanceAfter:
    nonce = uuid5(DECISIONS, f"{admin.who.user.id}:{key}").hex
    request = CreditChange(user_id=user_id, amount=order.amount, reason=check_reason(order.reason), nonce=nonce)
    if not order.amount:
        return BalanceAfter(balance=(await _card(admin, user_id)).balance)
    return BalanceAfter(balance=await admin.who.site.services.user_management.change(request, actor=admin.actor))


@router.patch(
    "/admin/users/{user_id}",
    operation_id="adminChangeUser",
    summary="Close the shop to somebody, or open it",
    responses=refuses(*ACTS, UnknownUser, OneOfUs, BadReason),
)
async def change_user(admin: Acts, user_id: RowId, change: AccessChange) -> AdminUserCard:
    users = admin.who.site.services.user_management
    turn = users.disable if change.disabled else users.enable
    await turn(user_id, actor=admin.actor, reason=None if change.reason is None else check_reason(change.reason))
    return await _card(admin, user_id)


async def _card(admin: ApiAdmin, user_id: int) -> AdminUserCard:
    card = await admin.who.site.services.user_management.card(user_id)
    return AdminUserCard(
        **_user(card),
        role=card.role,
        language=card.language,
        email=card.email,
        login=card.login,
        spent=card.spent,
        paid=[money_told(each) for each in card.paid],
    )


def _user(found: SeenUser | UserCard) -> dict[str, Any]:  # Any: fields of `AdminUser`
    line: UserLine = found
    return {
        "id": line.id,
        "telegram_id": line.telegram_id,
        "username": line.username,
        "name": line.first_name,
        "balance": line.balance,
        "disabled": line.disabled,
        "created_at": found.created_at,
        "last_seen_at": found.last_seen_at,
    }
