"""What a shop may ask: bodies of the calls with their limits."""

import json
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from sandbox.cloudpayments.site import Unable


def _packed(value: object) -> object:
    """Data may come as an object or as its text; kept as text."""
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Amount = Annotated[Decimal, Field(ge=Decimal("0.01"), decimal_places=2, max_digits=12)]
Text = Annotated[str, BeforeValidator(_text)]
Data = Annotated[str | None, BeforeValidator(_packed)]


class Body(BaseModel):
    """Unknown fields are kept aside: CloudPayments ignores them, the sandbox reports them."""

    model_config = ConfigDict(alias_generator=to_pascal, extra="allow", hide_input_in_errors=True)


class CreateOrder(Body):
    amount: Amount
    currency: str = "RUB"
    description: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")
    invoice_id: Text = ""
    account_id: Text = ""
    offer_uri: str | None = None
    phone: str | None = None
    require_confirmation: bool = False
    send_email: bool = False
    send_sms: bool = False
    send_viber: bool = False
    success_redirect_url: str | None = None
    fail_redirect_url: str | None = None
    culture_name: str = "ru-RU"
    json_data: Data = None


class CancelOrder(Body):
    id: str


class Charge(Body):
    amount: Amount
    currency: str = "RUB"
    account_id: Text
    token: str
    tr_initiator_code: int = Field(ge=0, le=1)
    payment_scheduled: int | None = None
    invoice_id: Text = ""
    description: str = ""
    email: str = ""
    json_data: Data = None


class OneTransaction(Body):
    transaction_id: int


class PartOfTransaction(Body):
    transaction_id: int
    amount: Amount
    json_data: Data = None


class OneInvoice(Body):
    invoice_id: Text


class TransactionListing(Body):
    created_date_gte: AwareDatetime
    created_date_lte: AwareDatetime
    page_number: int = Field(default=1, ge=1)
    time_zone: str | None = None
    statuses: list[str] | None = None


class ChangeNotification(Body):
    is_enabled: bool | None = None
    address: str | None = None
    http_method: str = "GET"
    encoding: str | None = None
    format: str | None = None


class Nothing(Body):
    pass


Request = TypeVar("Request", bound=Body)


def read(kind: type[Request], raw: dict[str, Any]) -> Request:  # Any: JSON
    """Raises `Unable`."""
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(each) for each in first["loc"])
        raise Unable(f"{field} is {'required' if first['type'] == 'missing' else 'invalid'}") from error
