"""A site at CloudPayments in memory, in the place of the client that speaks HTTP: what it answers, what people do
there, and what goes wrong on the way."""

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import RLock
from typing import Any

from db.engine import Database
from services.coordination.memory import MemoryCoordination
from services.payments.context import ProviderAccount
from services.payments.providers.base import ProviderError
from services.payments.providers.cloudpayments.client import ApiAnswer
from services.payments.providers.cloudpayments.notifications import NAME, NotificationKind
from services.payments.providers.cloudpayments.orders import BY_SHOP
from services.payments.providers.cloudpayments.provider import CloudPayments
from services.payments.service import Payments
from tests.support.cloudpayments import PUBLIC_ID, SECRET
from tests.support.faults import Fault, with_faults
from tests.support.tills import MERCHANT, OWNER, PRICING, make_till

Json = dict[str, Any]  # Any: JSON
KEY_LIVES = timedelta(hours=1)
FIRST_NUMBER = 897_728_000
PAYMENT, REFUND = 0, 1
ASKS_ITS_OWNER = 5207
CHARGE = "/payments/tokens/charge"
NOWHERE = "http://127.0.0.1:9"
MERCHANT_THERE = replace(
    MERCHANT,
    provider=NAME,
    shop_id=PUBLIC_ID,
    test=False,
    told_test=True,
    wants_email=True,
    signer=replace(MERCHANT.signer, tests=False),
)


class Unable(Exception):
    """In the API's words."""


@dataclass(slots=True, kw_only=True)
class CloudPaymentsSite:
    """`holds`: its payments have two stages, whatever an order says."""

    clock: Callable[[], datetime]
    holds: bool = False
    orders: dict[str, Json] = field(default_factory=dict)
    """By our id."""
    transactions: dict[int, Json] = field(default_factory=dict)
    """Models of the API, oldest first."""
    notifications: list[tuple[NotificationKind, int]] = field(default_factory=list)
    """(kind, transaction) of all that happened; a test delivers them as it likes."""
    declines: deque[int] = field(default_factory=deque)
    """Codes of the next charges of saved cards, 0 of one that is paid; those that are not told here are paid."""
    away: ProviderError | None = None
    faults: deque[Fault | None] = field(default_factory=deque)
    _keys: dict[tuple[str, str], tuple[datetime, ApiAnswer]] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    # What the shop calls.

    def call(self, path: str, body: Json, key: str | None = None) -> ApiAnswer:
        """In threads."""
        with self._lock:
            if self.away is not None:
                raise self.away
            return with_faults(self.faults, lambda: self._once(path, body, key))

    def close(self) -> None:
        return None

    def _once(self, path: str, body: Json, key: str | None) -> ApiAnswer:
        name = (path, key or "")
        if key is not None and name in self._keys and self.clock() - self._keys[name][0] < KEY_LIVES:
            return deepcopy(self._keys[name][1])
        try:
            model = deepcopy(self._done(path, body))
            success = not (path == CHARGE and model.get("Status") != "Completed")
            answer = ApiAnswer(success=success, words="", model=model)
        except Unable as error:
            return ApiAnswer(success=False, words=str(error), model=None)
        if key is not None:
            self._keys[name] = (self.clock(), answer)
        return answer

    def _done(self, path: str, body: Json) -> Any:  # Any: JSON
        calls: dict[str, Callable[[Json], Any]] = {
            "/orders/create": self._order,
            "/orders/cancel": self._cancel,
            "/payments/find": lambda asked: self._last_of(asked["InvoiceId"]),
            "/payments/get": lambda asked: self._transaction(asked["TransactionId"]),
            "/payments/confirm": self._confirm,
            "/payments/refund": self._refund,
            CHARGE: self._charge,
            "/v2/payments/list": self._listed,
        }
        return calls[path](body)

    def _order(self, body: Json) -> Json:
        number = f"order-{len(self.orders)}"
        order = body | {"Id": number, "Url": f"https://orders.cloudpayments.example/d/{number}", "Open": True}
        self.orders[body["InvoiceId"]] = order
        return order

    def _cancel(self, body: Json) -> None:
        order = next(each for each in self.orders.values() if each["Id"] == body["Id"])
        if not order["Open"]:
            raise Unable("The order is not open")
        order["Open"] = False

    def _refund(self, body: Json) -> Json:
        made = self._send_back(self._transaction(body["TransactionId"]), body["Amount"], body.get("JsonData"))
        return {"TransactionId": made["TransactionId"]}

    def _charge(self, body: Json) -> Json:
        """Of a saved card, which is known by its account. A bank that wants its owner makes no transaction."""
        if body["Token"] != token_of(body["AccountId"]):
            raise Unable("Token not found")
        code = self.declines.popleft() if self.declines else 0
        if code == ASKS_ITS_OWNER:
            return {"TransactionId": FIRST_NUMBER - 1, "AcsUrl": "https://bank.example/acs", "PaReq": "…"}
        status, kind = ("Declined", NotificationKind.FAIL) if code else ("Completed", NotificationKind.PAY)
        more = {"ReasonCode": code, "JsonData": body["JsonData"], "Token": body["Token"], "TrInitiatorCode": BY_SHOP}
        made = self._begin(PAYMENT, body, body["Amount"], status, **more)
        self.notifications.append((kind, made["TransactionId"]))
        return made

    def _transaction(self, number: int) -> Json:
        if number not in self.transactions:
            raise Unable("Not found")
        return self.transactions[number]

    def _last_of(self, invoice: str) -> Json:
        mine = [each for each in self.payments if each["InvoiceId"] == invoice]
        if not mine:
            raise Unable("Not found")
        return mine[-1]

    def _listed(self, body: Json) -> list[Json]:
        since, until = (datetime.fromisoformat(body[f"CreatedDate{side}"]) for side in ("Gte", "Lte"))
        found = [each for each in self.transactions.values() if since <= _moment(each) <= until]
        start = (body["PageNumber"] - 1) * 100
        return found[start : start + 100]

    # What people do there.

    @property
    def payments(self) -> list[Json]:
        return [each for each in self.transactions.values() if each["Type"] == PAYMENT]

    def tries(self, invoice: str, *, declined: bool = False) -> Json:
        """At the order's page, after the last question."""
        order = self.orders[invoice]
        status = "Declined" if declined else "Authorized" if self.holds else "Completed"
        more = {"ReasonCode": 5051} if declined else {"Token": token_of(order["AccountId"])}
        made = self._begin(PAYMENT, order, order["Amount"], status, JsonData=order.get("JsonData"), **more)
        if not declined:
            order["Open"] = False
        self.notifications.append((NotificationKind.FAIL if declined else NotificationKind.PAY, made["TransactionId"]))
        return made

    def sells_elsewhere(self, invoice: str, amount: Decimal) -> Json:
        """Another program of the same site."""
        order = {"InvoiceId": invoice, "Currency": "RUB", "AccountId": "17"}
        made = self._begin(PAYMENT, order, amount, "Completed")
        self.notifications.append((NotificationKind.PAY, made["TransactionId"]))
        return made

    def void(self, payment: Json) -> None:
        if payment["Status"] == "Authorized":
            payment["Status"] = "Cancelled"
            self.notifications.append((NotificationKind.CANCEL, payment["TransactionId"]))

    def refund_in_cabinet(self, payment: Json, amount: Decimal, *, told: bool = True) -> None:
        """Untold: the payer's bank takes it. Nothing happens where there is not so much."""
        if payment["Status"] == "Completed" and 0 < amount <= self.left(payment):
            self._send_back(payment, amount, None, told=told)

    def left(self, payment: Json) -> Decimal:
        """Of its money."""
        back: Decimal = payment["Amount"] - sum(each["Amount"] for each in self.refunds_of(payment))
        return back

    def refunds_of(self, payment: Json) -> list[Json]:
        number = payment["TransactionId"]
        return [each for each in self.transactions.values() if each["OriginalTransactionId"] == number]

    # How it is done.

    def _begin(self, kind: int, order: Json, amount: Decimal, status: str, **more: Any) -> Json:  # Any: JSON
        now = self.clock().astimezone(UTC).replace(tzinfo=None).isoformat()
        made = {
            "TransactionId": FIRST_NUMBER + len(self.transactions),
            "PublicId": PUBLIC_ID,
            "Type": kind,
            "Amount": amount,
            "Currency": order["Currency"],
            "InvoiceId": order["InvoiceId"],
            "AccountId": order["AccountId"],
            "CreatedDateIso": now,
            "AuthDateIso": now,
            "ConfirmDateIso": now if status == "Completed" else None,
            "TestMode": False,
            "OriginalTransactionId": None,
            "CardType": "Visa",
            "CardLastFour": "4242",
            "Status": status,
            "Refunded": False,
            "ReasonCode": 0,
            **more,
        }
        self.transactions[made["TransactionId"]] = made
        return made

    def _confirm(self, body: Json) -> None:
        payment = self._transaction(body["TransactionId"])
        if payment["Status"] != "Authorized":
            raise Unable("The transaction is not authorized")
        payment |= {"Status": "Completed", "Amount": body["Amount"], "ConfirmDateIso": payment["AuthDateIso"]}
        self.notifications.append((NotificationKind.CONFIRM, payment["TransactionId"]))

    def _send_back(self, payment: Json, amount: Decimal, data: Json | None, *, told: bool = True) -> Json:
        if payment["Status"] != "Completed" or not 0 < amount <= self.left(payment):
            raise Unable("Amount is greater than what is left of the payment")
        original = payment["TransactionId"]
        made = self._begin(REFUND, payment, amount, "Completed", OriginalTransactionId=original, JsonData=data)
        payment["Refunded"] = True
        if told:
            self.notifications.append((NotificationKind.REFUND, made["TransactionId"]))
        return made


def token_of(account: str) -> str:
    """Everybody has one card."""
    return f"card-of-{account}"


def open_account(site: CloudPaymentsSite, provider: type[CloudPayments] = CloudPayments) -> ProviderAccount:
    there = provider(public_id=PUBLIC_ID, api_secret=SECRET, api_url=NOWHERE)
    vars(there._calls)["_client"] = site
    return ProviderAccount(provider=there, merchant=MERCHANT_THERE)


def open_till(db: Database, clock: Callable[[], datetime], site: CloudPaymentsSite) -> Payments:
    """Another process's, before the same site."""
    box, account = MemoryCoordination(), open_account(site)
    till: Payments = make_till(db, clock, [account], PRICING, lambda: None, coordination=box, owners=(OWNER,))
    return till


def _moment(transaction: Json) -> datetime:
    return datetime.fromisoformat(transaction["CreatedDateIso"]).replace(microsecond=0, tzinfo=UTC)
