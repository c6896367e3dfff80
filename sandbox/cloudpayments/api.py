"""The calls of the API: each takes what the shop sent and answers a model, or raises `Unable`. A call succeeded unless
its money did not move."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from sandbox.cloudpayments import requests as asked
from sandbox.cloudpayments.notices import KINDS, Kind
from sandbox.cloudpayments.operations import Order, Transaction
from sandbox.cloudpayments.paying import charge
from sandbox.cloudpayments.site import Site, Unable
from sandbox.cloudpayments.wire import JsonObject

ON_PAGE = 100
Request = TypeVar("Request", bound=asked.Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    model: Any = None  # Any: JSON; None where there is none to give
    success: bool = True
    message: str | None = None

    def envelope(self) -> JsonObject:
        model = {} if self.model is None else {"Model": self.model}
        return {**model, "Success": self.success, "Message": self.message}


@dataclass(slots=True, kw_only=True)
class Call:
    site: Site
    raw: JsonObject
    link_base: str
    subject: str = ""
    """What stands for `*` in the path."""
    unknown: list[str] = field(default_factory=list)

    def read(self, kind: type[Request]) -> Request:
        request = asked.read(kind, self.raw)
        self.unknown.extend(request.model_extra or ())
        return request


async def test(call: Call) -> Answer:
    return Answer(message=str(uuid4()))


async def create_order(call: Call) -> Answer:
    wanted = call.read(asked.CreateOrder)
    order = call.site.create_order(
        link_base=call.link_base,
        amount=_kopecks(wanted.amount),
        currency=wanted.currency,
        description=wanted.description,
        email=wanted.email,
        invoice=wanted.invoice_id,
        account=wanted.account_id,
        data=wanted.json_data,
        two_stage=wanted.require_confirmation,
        success_url=wanted.success_redirect_url,
        fail_url=wanted.fail_redirect_url,
        culture=wanted.culture_name,
    )
    return Answer(model=order.model())


async def cancel_order(call: Call) -> Answer:
    call.site.cancel_order(_order(call, call.read(asked.CancelOrder).id))
    return Answer()


async def get_payment(call: Call) -> Answer:
    return _told(_transaction(call, call.read(asked.OneTransaction).transaction_id))


async def find_payment(call: Call) -> Answer:
    return _found(call, payments_only=True)


async def find_anything(call: Call) -> Answer:
    """v2: the last operation, so after a refund it is the refund."""
    return _found(call, payments_only=False)


def _found(call: Call, *, payments_only: bool) -> Answer:
    found = call.site.last_of(call.read(asked.OneInvoice).invoice_id, payments_only=payments_only)
    if found is None:
        raise Unable("Not found")
    return _told(found)


async def list_payments(call: Call) -> Answer:
    """Old to new, refunds too."""
    wanted = call.read(asked.TransactionListing)
    since, until = wanted.created_date_gte, wanted.created_date_lte

    def fits(each: Transaction) -> bool:
        created = datetime.fromtimestamp(int(each.created_at), UTC)
        return since <= created <= until and (not wanted.statuses or each.status in wanted.statuses)

    found = [each for each in call.site.transactions.values() if fits(each)]
    start = (wanted.page_number - 1) * ON_PAGE
    return Answer(model=[each.model() for each in found[start : start + ON_PAGE]])


async def refund(call: Call) -> Answer:
    wanted = call.read(asked.PartOfTransaction)
    payment = _transaction(call, wanted.transaction_id)
    made = call.site.refund(payment, _kopecks(wanted.amount), wanted.json_data)
    return Answer(model={"TransactionId": made.id})


async def confirm(call: Call) -> Answer:
    wanted = call.read(asked.PartOfTransaction)
    call.site.confirm(_transaction(call, wanted.transaction_id), _kopecks(wanted.amount))
    return Answer()


async def void(call: Call) -> Answer:
    call.site.void(_transaction(call, call.read(asked.OneTransaction).transaction_id))
    return Answer()


async def charge_token(call: Call) -> Answer:
    wanted, site = call.read(asked.Charge), call.site
    token = site.tokens.get(wanted.token)
    if token is None or token.account != wanted.account_id:
        raise Unable("Token not found")
    made = site.begin(
        amount=_kopecks(wanted.amount),
        currency=wanted.currency,
        invoice=wanted.invoice_id,
        account=wanted.account_id,
        email=wanted.email,
        description=wanted.description,
        data=wanted.json_data,
        card=token.card,
        culture="ru-RU",
        initiator=wanted.tr_initiator_code,
    )
    await charge(site, made, token)
    return _told(made)


async def list_tokens(call: Call) -> Answer:
    tokens = call.site.tokens.values()
    return Answer(model=[{"Token": each.token, "AccountId": each.account} for each in tokens])


async def get_notification(call: Call) -> Answer:
    return Answer(model=call.site.notifier.settings[_kind(call)].model())


async def change_notification(call: Call) -> Answer:
    """HttpMethod is GET unless told otherwise."""
    kind, wanted = _kind(call), call.read(asked.ChangeNotification)
    if kind == "check":
        raise Unable("Check can be set in the account only")
    kept = call.site.notifier.settings[kind]
    kept.enabled = kept.enabled if wanted.is_enabled is None else wanted.is_enabled
    kept.address = kept.address if wanted.address is None else wanted.address
    kept.method = wanted.http_method
    return Answer()


def _kind(call: Call) -> Kind:
    kind = call.subject.lower()
    if kind not in KINDS:
        raise Unable("Notification type is invalid")
    return kind


def _told(transaction: Transaction) -> Answer:
    return Answer(model=transaction.model(), success=transaction.status != "Declined")


def _order(call: Call, order_id: str) -> Order:
    order = call.site.orders.get(order_id)
    if order is None:
        raise Unable("Not found")
    return order


def _transaction(call: Call, number: int) -> Transaction:
    found = call.site.transactions.get(number)
    if found is None:
        raise Unable("Not found")
    return found


def _kopecks(amount: Decimal) -> int:
    return int(amount.scaleb(2))


OPERATIONS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "test": test,
    "orders/create": create_order,
    "orders/cancel": cancel_order,
    "payments/get": get_payment,
    "payments/find": find_payment,
    "v2/payments/find": find_anything,
    "v2/payments/list": list_payments,
    "payments/refund": refund,
    "payments/confirm": confirm,
    "payments/void": void,
    "payments/tokens/charge": charge_token,
    "payments/tokens/list": list_tokens,
    "site/notifications/*/get": get_notification,
    "site/notifications/*/update": change_notification,
}
