"""`/admin`: what the role of whoever calls allows. Moderators look; admins act, with a second factor: by a session that
has shown it lately, or by a key with the scope `admin`, which only such a session makes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID, uuid5

import structlog
from fastapi import Depends, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.users import AuditAction, Edge, Role
from i18n.titles import title_of
from services.audit_log.history import AuditFilter, Entry
from services.billing.ledger import UnknownUser
from services.identity.acting import require_acting, require_role
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import ProveAgain
from services.models.manage import MAX_PRICE, ModelLine, ModelNotFound
from services.money import Money as Sum
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError, ResultUnknown
from services.payments.queries import PaymentNotFound, PaymentView, RefundView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    NotRefundable,
    RefundNeedsConfirmation,
    RefundRequest,
    RefundTooLarge,
)
from services.users.actor import Actor
from services.users.directory import SeenUser, UserFilter
from services.users.manage import (
    MAX_CREDITS,
    MAX_REASON,
    BadReason,
    CannotTake,
    CreditChange,
    OneOfUs,
    check_reason,
)
from services.users.roles import NotAllowed
from services.users.search import UserCard, UserLine
from web.api.callers import MayAdmin
from web.api.describing import Responses, refuses
from web.api.lists import Cursor, Limit, Listed, NumberCursor, PlaceCursor, listed, read_number, read_uuid
from web.api.me import Money
from web.api.models import Slug
from web.api.routes import SaleKey, make_router
from web.kit.row_ids import RowId

log = structlog.get_logger()
router = make_router("admin")
DECISIONS: Final = UUID("b0a7b7c2-8a27-4b9b-9a3a-3e5d7c1f8e42")
LOOKS: Final = (NotAllowed,)
ACTS: Final = (NotAllowed, SecondFactorWanted, ProveAgain)
Reason = Annotated[str, Field(max_length=MAX_REASON)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAdmin:
    """Somebody who runs the shop."""

    who: MayAdmin
    role: Role

    @property
    def actor(self) -> Actor:
        return Actor(self.who.user.id, Edge.API)


async def _looking(who: MayAdmin) -> ApiAdmin:
    role = require_role(who.user.id, await who.site.services.admins.role_of(who.user.id))
    return ApiAdmin(who=who, role=role)


async def _closer(admin: Annotated[ApiAdmin, Depends(_looking)]) -> ApiAdmin:
    require_role(admin.who.user.id, admin.role, Role.ADMIN)
    return admin


async def _acting(admin: Annotated[ApiAdmin, Depends(_looking)]) -> ApiAdmin:
    who = admin.who
    require_acting(who.user.id, admin.role, Role.ADMIN, signed_in=who.signed_in, now=who.site.clock())
    return admin


Looks = Annotated[ApiAdmin, Depends(_looking)]
LooksCloser = Annotated[ApiAdmin, Depends(_closer)]
Acts = Annotated[ApiAdmin, Depends(_acting)]


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


class AdminModel(BaseModel):
    """A model, on sale or not."""

    slug: str
    title: str
    version: str
    price: int = Field(description="Now, in hundredths of a credit.")
    manifest_price: int = Field(description="As its author asked.")
    enabled: bool
    present: bool = Field(description="Its folder is there, and it loads.")
    problem: str | None
    stopped_for: str | None = Field(description="Why it was stopped after it had failed several times in a row.")
    resting_for: str | None


class ModelChange(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"price": 150}, {"enabled": False}]})

    price: int | None = Field(
        default=None, strict=True, ge=0, le=MAX_PRICE, description="In hundredths of a credit; null: its author's."
    )
    enabled: bool = Field(default=True, strict=True)


class AdminPayment(BaseModel):
    """Anybody's payment."""

    id: UUID
    user_id: int
    status: PaymentStatus
    provider: str
    provider_payment_id: str | None
    package_id: int | None
    price: Money
    refunded: int = Field(description="In the same units.")
    credits: int
    test: bool
    cancel_reason: str | None
    created_at: datetime
    paid_at: datetime | None


class RefundOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Asked for it"}]})

    amount: int | None = Field(
        default=None, strict=True, ge=1, le=2**53, description="In kopecks, or whole Stars; null: all that is left."
    )
    reason: Reason
    confirmed: bool = Field(default=False, strict=True, description="Also where the credits are spent already.")


class AdminRefund(BaseModel):
    id: UUID
    payment_id: UUID
    status: RefundStatus
    amount: Money
    credits_taken: int
    credits_uncollected: int = Field(description="Owed, because they were spent.")
    cancel_reason: str | None
    created_at: datetime


class AuditRecordView(BaseModel):
    """What somebody did."""

    id: int
    action: str = Field(examples=["credits.grant"])
    actor_user_id: int | None = Field(description="null: the shop itself.")
    edge: Edge | None = Field(description="Where they acted.")
    target_user_id: int | None
    subject: str | None
    before: dict[str, Any]  # Any: JSON
    after: dict[str, Any]  # Any: JSON
    reason: str | None
    created_at: datetime


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
    request = CreditChange(user_id=user_id, amount=order.amount, reason=order.reason.strip(), nonce=nonce)
    if not order.amount:
        return BalanceAfter(balance=(await _card(admin, user_id)).balance)
    return BalanceAfter(balance=await admin.who.site.services.user_management.change(request, actor=admin.actor))


@router.patch(
    "/admin/users/{user_id}",
    operation_id="adminChangeUser",
    summary="Close the shop to somebody, or open it",
    responses=refuses(*ACTS, UnknownUser, OneOfUs),
)
async def change_user(admin: Acts, user_id: RowId, change: AccessChange) -> AdminUserCard:
    users = admin.who.site.services.user_management
    turn = users.disable if change.disabled else users.enable
    await turn(user_id, actor=admin.actor, reason=change.reason)
    return await _card(admin, user_id)


@router.get("/admin/models", operation_id="adminListModels", summary="All models", responses=refuses(*LOOKS))
async def list_models(admin: Looks) -> Listed[AdminModel]:
    """In the order of the menu; those that cannot be sold too."""
    lines = await admin.who.site.services.model_management.all()
    return listed([_model(admin, each) for each in lines], has_more=False, last=None)


@router.patch(
    "/admin/models/{slug}",
    operation_id="adminChangeModel",
    summary="Change a price, or take off the menu",
    responses=refuses(*ACTS, ModelNotFound),
)
async def change_model(admin: Acts, slug: Slug, change: ModelChange) -> AdminModel:
    """Who sees the old price is asked again."""
    models, said = admin.who.site.services.model_management, change.model_fields_set
    line = await models.get(slug)
    if "price" in said:
        line = await models.set_price(slug, change.price, actor=admin.actor)
    if "enabled" in said:
        line = await models.enable(slug, enabled=change.enabled, actor=admin.actor)
    return _model(admin, line)


@router.get(
    "/admin/payments",
    operation_id="adminListPayments",
    summary="Payments of all",
    responses=refuses(*LOOKS, PaymentNotFound),
)
async def list_payments(
    admin: Looks,
    limit: Limit = 20,
    cursor: Cursor = None,
    status: Annotated[PaymentStatus | None, Query(description="In one state alone.")] = None,
    user_id: Annotated[int | None, Query(ge=1, le=2**53, description="Of one customer alone.")] = None,
) -> Listed[AdminPayment]:
    queries = admin.who.site.services.payment_queries
    found = await queries.after(user_id, read_uuid(cursor), limit, status=status)
    back = await queries.sent_back(found.items)
    last = found.items[-1].id if found.items else None
    return listed([_payment(each, back.get(each.id)) for each in found.items], has_more=found.has_more, last=last)


@router.get(
    "/admin/payments/{payment_id}",
    operation_id="adminGetPayment",
    summary="Somebody's payment",
    responses=refuses(*LOOKS, PaymentNotFound),
)
async def get_payment(admin: Looks, payment_id: UUID) -> AdminPayment:
    queries = admin.who.site.services.payment_queries
    payment = await queries.get(payment_id)
    return _payment(payment, (await queries.sent_back([payment])).get(payment_id))


WAITS: Final[Responses] = {202: {"model": AdminRefund, "description": "Whoever takes the money has yet to say"}}


@router.post(
    "/admin/payments/{payment_id}/refunds",
    operation_id="adminRefundPayment",
    summary="Send money back",
    status_code=201,
    response_model=AdminRefund,
    responses={
        **WAITS,
        **refuses(
            *ACTS,
            PaymentNotFound,
            NotRefundable,
            AlreadyRefunded,
            RefundNeedsConfirmation,
            RefundTooLarge,
            BadReason,
            ProviderError,
            PaymentsOff,
        ),
    },
)
async def refund_payment(admin: Acts, payment_id: UUID, order: RefundOrder, key: SaleKey) -> Response:
    """The credits of that part are taken back. 202 where it is under way: the shop goes on with it by itself."""
    services = admin.who.site.services
    if services.payments is None:
        raise PaymentsOff()
    payment, reason = await services.payment_queries.get(payment_id), check_reason(order.reason)
    refund_id = uuid5(payment_id, f"{admin.who.user.id}:{key}")
    refund = await services.payment_queries.refund(refund_id)
    if refund is None:
        rest = (await services.payments.refunds.quote(payment_id)).rest
        amount = rest if order.amount is None else Sum(order.amount, payment.amount.currency)
    else:
        amount = refund.amount
    wish = RefundRequest(
        id=refund_id,
        payment_id=payment_id,
        amount=amount,
        actor=admin.actor,
        reason=reason,
        confirmed=order.confirmed,
    )
    try:
        refund = await services.payments.refunds.start(wish)
    except ResultUnknown as error:
        log.warning("refund_waits_for_provider", refund_id=str(refund_id), code=error.code)
        refund = await services.payment_queries.refund(refund_id)
        assert refund is not None  # it stands before anybody is called
    return JSONResponse(jsonable_encoder(_refund(refund)), 202 if refund.status is RefundStatus.PENDING else 201)


@router.get(
    "/admin/audit-log",
    operation_id="adminListAuditLog",
    summary="Who did what",
    responses=refuses(*LOOKS),
)
async def list_audit_log(
    admin: LooksCloser,
    *,
    limit: Limit = 20,
    cursor: NumberCursor = None,
    action: Annotated[AuditAction | None, Query(description="Of one kind alone.")] = None,
    edge: Annotated[Edge | None, Query(description="Where they acted.")] = None,
    target_user_id: Annotated[int | None, Query(ge=1, le=2**53, description="To one customer alone.")] = None,
) -> Listed[AuditRecordView]:
    """Not for moderators."""
    wanted = AuditFilter(action=action, edge=edge, target=target_user_id)
    found = await admin.who.site.services.audit_log.after(wanted, read_number(cursor), limit)
    last = found.items[-1].id if found.items else None
    return listed([_entry(each) for each in found.items], has_more=found.has_more, last=last)


async def _card(admin: ApiAdmin, user_id: int) -> AdminUserCard:
    card = await admin.who.site.services.user_management.card(user_id)
    return AdminUserCard(
        **_user(card),
        role=card.role,
        language=card.language,
        email=card.email,
        login=card.login,
        spent=card.spent,
        paid=[_money(each) for each in card.paid],
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


def _model(admin: ApiAdmin, line: ModelLine) -> AdminModel:
    return AdminModel(
        slug=line.slug,
        title=title_of(line, admin.who.tr).text,
        version=line.version,
        price=line.price,
        manifest_price=line.manifest_price,
        enabled=line.enabled,
        present=line.present,
        problem=line.problem,
        stopped_for=line.stopped_for,
        resting_for=line.resting_for,
    )


def _money(found: Sum) -> Money:
    return Money(amount=found.minor, currency=Currency(found.currency))


def _payment(payment: PaymentView, back: Sum | None) -> AdminPayment:
    return AdminPayment(
        id=payment.id,
        user_id=payment.user_id,
        status=payment.status,
        provider=payment.provider,
        provider_payment_id=payment.provider_payment_id,
        package_id=payment.package_id,
        price=_money(payment.amount),
        refunded=0 if back is None else back.minor,
        credits=payment.credits,
        test=payment.test,
        cancel_reason=payment.cancel_reason,
        created_at=payment.created_at,
        paid_at=payment.paid_at,
    )


def _refund(refund: RefundView) -> AdminRefund:
    return AdminRefund(
        id=refund.id,
        payment_id=refund.payment_id,
        status=refund.status,
        amount=_money(refund.amount),
        credits_taken=refund.credits_taken,
        credits_uncollected=refund.credits_uncollected,
        cancel_reason=refund.cancel_reason,
        created_at=refund.created_at,
    )


def _entry(entry: Entry) -> AuditRecordView:
    return AuditRecordView(
        id=entry.id,
        action=entry.action,
        actor_user_id=None if entry.actor is None else entry.actor.user_id,
        edge=entry.edge,
        target_user_id=None if entry.target is None else entry.target.user_id,
        subject=entry.subject,
        before=entry.before,
        after=entry.after,
        reason=entry.reason,
        created_at=entry.created_at,
    )
