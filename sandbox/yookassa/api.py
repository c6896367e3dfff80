"""The calls of the API: each takes what the shop sent and answers an object, or raises ApiError."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar, cast

from pydantic import ValidationError

from sandbox.yookassa.errors import ApiError, NoAutopay, NotFound, NotSupported, illegal_receipt, no_payment
from sandbox.yookassa.payments import MethodKind, Payment, Refund
from sandbox.yookassa.requests import (
    ApiObject,
    CancelPayment,
    CapturePayment,
    CreatePayment,
    CreateRefund,
    Listing,
    PaymentListing,
    Receipt,
    RefundListing,
)
from sandbox.yookassa.shop import MAX_KOPECKS, Shop
from sandbox.yookassa.wire import JsonObject

Request = TypeVar("Request", bound=ApiObject)
Item = TypeVar("Item", Payment, Refund)

MIN_KOPECKS = 100
NOT_SIMULATED = (
    *("payment_token", "airline", "transfers", "deal", "payment_order", "receiver", "statements", "sources"),
    "refund_method_data",
)


@dataclass(slots=True, kw_only=True)
class Call:
    """`raw` is the body of a POST or the query of a GET."""

    shop: Shop
    subject: str
    """The id in the path."""
    raw: JsonObject
    link_base: str
    unknown: list[str] = field(default_factory=list)

    def read(self, kind: type[Request]) -> Request:
        try:
            request = kind.model_validate(self.raw)
        except ValidationError as error:
            raise _refusal(error) from error
        self.unknown.extend(request.unknown())
        for name in NOT_SIMULATED:
            if getattr(request, name, None):  # the SDK sends empty lists
                raise NotSupported("The sandbox does not simulate this part of the API", name)
        return request


def _refusal(error: ValidationError) -> ApiError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(each) for each in first["loc"])
    if where.startswith("receipt"):
        return illegal_receipt(f"{where}: {first['msg']}")
    return ApiError(f"{first['msg']}: {where}", where)


def create_payment(call: Call) -> JsonObject:
    request, shop = call.read(CreatePayment), call.shop
    amount = request.amount.kopecks
    wanted = _wanted(request)
    if not MIN_KOPECKS <= amount <= MAX_KOPECKS[wanted or "sbp"]:
        bounds = f"{MIN_KOPECKS // 100}.00 to {MAX_KOPECKS[wanted or 'sbp'] // 100}.00"
        raise ApiError(f"Payment amount is out of bounds, {bounds} is accepted", "amount.value")
    _check_receipt(request.receipt, amount, shop)
    saved = None
    if not shop.settings.autopay and (request.save_payment_method or request.payment_method_id is not None):
        raise NoAutopay
    if request.payment_method_id is not None:
        saved = shop.methods.get(request.payment_method_id)
        if saved is None:
            raise ApiError("Payment method doesn't exist, is not saved or belongs to another shop", "payment_method_id")
        if amount > MAX_KOPECKS[saved.kind]:
            raise ApiError("Payment amount is out of bounds for this payment method", "amount.value")
    else:
        _check_confirmation(request)
    payment = shop.create(
        link_base=None if saved else call.link_base,
        amount=amount,
        capture=request.capture,
        description=request.description,
        metadata=request.metadata or {},
        merchant_customer_id=request.merchant_customer_id,
        return_url=request.confirmation.return_url if request.confirmation else None,
        locale=request.confirmation.locale if request.confirmation else None,
        save_method=request.save_payment_method,
        has_receipt=request.receipt is not None,
        wanted=wanted,
    )
    if saved is not None:
        shop.charge(payment, saved)
    return payment.view()


def _wanted(request: CreatePayment) -> MethodKind | None:
    data = request.payment_method_data
    if data is None:
        return None
    if data.type not in MAX_KOPECKS:
        raise ApiError("Payment method is not available for this shop", "payment_method_data.type")
    if data.card is not None:
        raise NotSupported("The sandbox does not simulate this part of the API", "payment_method_data.card")
    return cast(MethodKind, data.type)


def _check_confirmation(request: CreatePayment) -> None:
    confirmation = request.confirmation
    if confirmation is None:
        raise ApiError("Confirmation is missing: without a saved payment method the payer confirms", "confirmation")
    if confirmation.type != "redirect":
        raise NotSupported("The sandbox simulates the confirmation `redirect` only", "confirmation.type")
    if confirmation.return_url is None:
        raise ApiError("Field required: confirmation.return_url", "confirmation.return_url")


def _check_receipt(receipt: Receipt | None, amount: int, shop: Shop, *, is_needed: bool = True) -> None:
    """A shop that must send receipts does so through YooKassa's own register."""
    is_required = shop.settings.receipts_required
    if receipt is None:
        if is_required and is_needed:
            raise illegal_receipt("the shop must send receipts")
        return
    if is_required and not all(item.measure for item in receipt.items):
        raise illegal_receipt("items: YooKassa's own receipts need a measure")
    total = sum((item.amount.kopecks * item.quantity for item in receipt.items), Decimal(0))
    if int(total.to_integral_value(ROUND_HALF_UP)) != amount:
        raise illegal_receipt(f"the items come to {total / 100:.2f}, the sum is {amount / 100:.2f}")


def get_payment(call: Call) -> JsonObject:
    return _payment(call).view()


def _payment(call: Call) -> Payment:
    payment = call.shop.payments.get(call.subject)
    if payment is None:
        raise NotFound(no_payment(), "payment_id")
    return payment


def capture_payment(call: Call) -> JsonObject:
    request, payment = call.read(CapturePayment), _payment(call)
    _check_held(payment, "captured")
    amount = request.amount.kopecks if request.amount else payment.amount
    if not 0 < amount <= payment.amount:
        raise ApiError("Amount is greater than what the payer confirmed, or zero", "amount.value")
    _check_receipt(request.receipt, amount, call.shop, is_needed=amount < payment.amount)
    call.shop.settle(payment, amount)
    return payment.view()


def cancel_payment(call: Call) -> JsonObject:
    call.read(CancelPayment)
    payment = _payment(call)
    _check_held(payment, "canceled")
    call.shop.cancel(payment, "canceled_by_merchant")
    return payment.view()


def _check_held(payment: Payment, verb: str) -> None:
    if payment.status != "waiting_for_capture":
        raise ApiError(
            f"Payment is in status {payment.status}, only one in waiting_for_capture can be {verb}", "payment_id"
        )


def create_refund(call: Call) -> JsonObject:
    request, shop = call.read(CreateRefund), call.shop
    payment = shop.payments.get(request.payment_id)
    if payment is None:
        raise ApiError(no_payment(), "payment_id")
    amount = request.amount.kopecks
    if amount == 0:
        raise ApiError("Refund amount must be greater than zero", "amount.value")
    _check_receipt(request.receipt, amount, shop, is_needed=amount < payment.amount)
    refund = shop.refund(
        payment,
        amount,
        description=request.description,
        metadata=request.metadata,
        has_receipt=request.receipt is not None,
    )
    return refund.view()


def get_refund(call: Call) -> JsonObject:
    refund = call.shop.refunds.get(call.subject)
    if refund is None:
        raise NotFound("Incorrect refund_id. Refund doesn't exist or access denied", "refund_id")
    return refund.view()


def list_payments(call: Call) -> JsonObject:
    wanted = call.read(PaymentListing)

    def fits(payment: Payment) -> bool:
        if wanted.status is not None and payment.status != wanted.status:
            return False
        return wanted.payment_method is None or bool(payment.method and payment.method.kind == wanted.payment_method)

    return _listed(call.shop.by_number, wanted, fits, call.shop.payments)


def list_refunds(call: Call) -> JsonObject:
    wanted = call.read(RefundListing)

    def fits(refund: Refund) -> bool:
        if wanted.status is not None and refund.status != wanted.status:
            return False
        return wanted.payment_id is None or refund.payment_id == wanted.payment_id

    return _listed(call.shop.refunds_by_number, wanted, fits, call.shop.refunds)


def _listed(items: Sequence[Item], wanted: Listing, fits: Callable[[Item], bool], by_id: dict[str, Item]) -> JsonObject:
    """Newest first; the cursor is the id of the first item of the next page."""
    start = len(items) - 1
    if wanted.cursor is not None:
        first = by_id.get(wanted.cursor)
        if first is None:
            raise ApiError("Incorrect cursor", "cursor")
        start = first.number
    found: list[JsonObject] = []
    for item in _within(items, start, wanted):
        if fits(item):
            if len(found) == wanted.limit:
                return {"type": "list", "items": found, "next_cursor": item.id}
            found.append(item.view())
    return {"type": "list", "items": found}


def _within(items: Sequence[Item], start: int, wanted: Listing) -> Iterable[Item]:
    for number in range(start, -1, -1):
        created_at = datetime.fromtimestamp(round(items[number].created_at, 3), UTC)
        if wanted.is_too_old(created_at):
            return
        if not wanted.is_too_new(created_at):
            yield items[number]


def me(call: Call) -> JsonObject:
    return call.shop.me()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    name: str
    method: str
    pattern: tuple[str, ...]
    """Parts of the path; `*` is an id."""
    handler: Callable[[Call], JsonObject]


OPERATIONS = (
    Operation(name="payments.create", method="POST", pattern=("payments",), handler=create_payment),
    Operation(name="payments.list", method="GET", pattern=("payments",), handler=list_payments),
    Operation(name="payments.get", method="GET", pattern=("payments", "*"), handler=get_payment),
    Operation(name="payments.capture", method="POST", pattern=("payments", "*", "capture"), handler=capture_payment),
    Operation(name="payments.cancel", method="POST", pattern=("payments", "*", "cancel"), handler=cancel_payment),
    Operation(name="refunds.create", method="POST", pattern=("refunds",), handler=create_refund),
    Operation(name="refunds.list", method="GET", pattern=("refunds",), handler=list_refunds),
    Operation(name="refunds.get", method="GET", pattern=("refunds", "*"), handler=get_refund),
    Operation(name="me", method="GET", pattern=("me",), handler=me),
)
NAMES = tuple(operation.name for operation in OPERATIONS)
