"""What a shop may ask: bodies and queries of the API with their limits."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from sandbox.yookassa.wire import kopecks_of

MAX_DESCRIPTION = 128
MAX_REFUND_DESCRIPTION = 250
MAX_RETURN_URL = 2048
MAX_RECEIPT_ITEMS = 80
MAX_ITEM_DESCRIPTION = 128
MAX_METADATA_KEYS, MAX_METADATA_KEY, MAX_METADATA_VALUE = 16, 32, 512
MAX_LIST, DEFAULT_LIST = 100, 10


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PAYMENT_SUBJECTS = _words(
    "commodity excise job service gambling_bet gambling_prize lottery lottery_prize intellectual_activity payment "
    "agent_commission property_right non_operating_gain insurance_premium sales_tax resort_fee composite another fine "
    "tax lien cost pension_insurance_without_payouts pension_insurance_with_payouts health_insurance_without_payouts "
    "health_insurance_with_payouts health_insurance casino agent_withdrawals non_marked_excise marked_excise marked "
    "non_marked"
)
PAYMENT_MODES = _words("full_prepayment partial_prepayment advance full_payment partial_payment credit credit_payment")
MEASURES = _words(
    "piece gram kilogram ton centimeter decimeter meter square_centimeter square_decimeter square_meter milliliter "
    "liter cubic_meter kilowatt_hour gigacalorie day hour minute second kilobyte megabyte gigabyte terabyte "
    "another"
)
PaymentStatus = Literal["pending", "waiting_for_capture", "succeeded", "canceled"]
RefundStatus = Literal["pending", "succeeded", "canceled"]
Locale = Literal["ru_RU", "en_US"]
MetadataKey = Annotated[str, Field(min_length=1, max_length=MAX_METADATA_KEY)]
MetadataValue = Annotated[str, Field(max_length=MAX_METADATA_VALUE)] | None
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=MAX_METADATA_KEYS)]
NotSimulated = Any  # Any: a part of the API that the sandbox refuses


def _one_of(values: frozenset[str]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in values:
            raise ValueError(f"one of {', '.join(sorted(values))} is expected")
        return value

    return AfterValidator(check)


def _exact(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("a number is expected")
    return Decimal(str(value))


def _some(value: "Receipt") -> "Receipt":
    if not (value.customer and (value.customer.email or value.customer.phone)):
        raise ValueError("customer.email or customer.phone is needed")
    return value


class ApiObject(BaseModel):
    """Unknown fields are kept aside: YooKassa ignores them, the sandbox reports them."""

    model_config = ConfigDict(extra="allow", hide_input_in_errors=True)

    def unknown(self, path: str = "") -> Iterator[str]:
        """Dotted paths of the fields that the API does not have."""
        yield from (f"{path}{name}" for name in self.model_extra or ())
        for name in type(self).model_fields:
            value = getattr(self, name)
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ApiObject):
                    yield from each.unknown(f"{path}{name}.")


class MonetaryAmount(ApiObject):
    value: str = Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", strict=True)
    currency: Literal["RUB"]

    @property
    def kopecks(self) -> int:
        return kopecks_of(self.value)


class ReceiptItem(ApiObject):
    description: str = Field(min_length=1, max_length=MAX_ITEM_DESCRIPTION)
    amount: MonetaryAmount
    vat_code: int = Field(ge=1, le=12)
    quantity: Annotated[Decimal, BeforeValidator(_exact), Field(gt=0, le=Decimal("99999.999"), decimal_places=3)]
    measure: Annotated[str, _one_of(MEASURES)] | None = None
    payment_subject: Annotated[str, _one_of(PAYMENT_SUBJECTS)] | None = None
    payment_mode: Annotated[str, _one_of(PAYMENT_MODES)] | None = None


class ReceiptCustomer(ApiObject):
    full_name: str | None = Field(default=None, max_length=256)
    inn: str | None = Field(default=None, pattern=r"^([0-9]{10}|[0-9]{12})$")
    email: str | None = Field(default=None, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")
    phone: str | None = Field(default=None, pattern=r"^\+?[0-9]{4,15}$")


class Receipt(ApiObject):
    customer: ReceiptCustomer | None = None
    items: list[ReceiptItem] = Field(min_length=1, max_length=MAX_RECEIPT_ITEMS)
    internet: bool | None = None
    tax_system_code: int | None = Field(default=None, ge=1, le=6)
    timezone: int | None = Field(default=None, ge=1, le=11)


CheckedReceipt = Annotated[Receipt, AfterValidator(_some)]


class Confirmation(ApiObject):
    """Ways other than `redirect` are refused: their pages are the shop's own."""

    type: Literal["redirect", "external", "qr", "embedded", "mobile_application"]
    locale: Locale | None = None
    enforce: bool = False
    return_url: str | None = Field(default=None, min_length=1, max_length=MAX_RETURN_URL)


class PaymentMethodData(ApiObject):
    type: str
    card: NotSimulated = None


class CreatePayment(ApiObject):
    amount: MonetaryAmount
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION)
    receipt: CheckedReceipt | None = None
    payment_method_id: str | None = None
    payment_method_data: PaymentMethodData | None = None
    confirmation: Confirmation | None = None
    save_payment_method: bool = False
    capture: bool = False
    client_ip: str | None = None
    metadata: Metadata | None = None
    merchant_customer_id: str | None = Field(default=None, max_length=200)
    recipient: NotSimulated = None
    payment_token: NotSimulated = None
    airline: NotSimulated = None
    transfers: NotSimulated = None
    deal: NotSimulated = None
    payment_order: NotSimulated = None
    receiver: NotSimulated = None
    statements: NotSimulated = None


class CapturePayment(ApiObject):
    amount: MonetaryAmount | None = None
    receipt: CheckedReceipt | None = None
    airline: NotSimulated = None
    transfers: NotSimulated = None
    deal: NotSimulated = None


class CancelPayment(ApiObject):
    pass


class CreateRefund(ApiObject):
    payment_id: str = Field(min_length=36, max_length=36)
    amount: MonetaryAmount
    description: str | None = Field(default=None, max_length=MAX_REFUND_DESCRIPTION)
    receipt: CheckedReceipt | None = None
    metadata: Metadata | None = None
    sources: NotSimulated = None
    deal: NotSimulated = None
    refund_method_data: NotSimulated = None


class Listing(ApiObject):
    """Newest first."""

    limit: int = Field(default=DEFAULT_LIST, ge=1, le=MAX_LIST)
    cursor: str | None = None
    created_from: AwareDatetime | None = Field(default=None, alias="created_at.gte")
    created_after: AwareDatetime | None = Field(default=None, alias="created_at.gt")
    created_until: AwareDatetime | None = Field(default=None, alias="created_at.lte")
    created_before: AwareDatetime | None = Field(default=None, alias="created_at.lt")

    def is_too_new(self, created_at: datetime) -> bool:
        return bool(
            (self.created_until and created_at > self.created_until)
            or (self.created_before and created_at >= self.created_before)
        )

    def is_too_old(self, created_at: datetime) -> bool:
        return bool(
            (self.created_from and created_at < self.created_from)
            or (self.created_after and created_at <= self.created_after)
        )


class PaymentListing(Listing):
    status: PaymentStatus | None = None
    payment_method: str | None = None


class RefundListing(Listing):
    status: RefundStatus | None = None
    payment_id: str | None = None
