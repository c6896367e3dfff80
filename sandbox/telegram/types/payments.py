"""The parameters of invoices and Stars."""

from typing import Annotated

from sandbox.telegram.types.base import ApiObject, ChatId, Jsoned, Opaque, Params
from sandbox.telegram.types.markup import InlineMarkup
from sandbox.telegram.types.params import Reply

MAX_TITLE = 32
MAX_DESCRIPTION = 255
MAX_PAYLOAD_BYTES = 128
MAX_TRANSACTIONS = 100
MAX_SUBSCRIPTION_STARS = 10_000
SUBSCRIPTION_PERIOD = 30 * 24 * 3600


class LabeledPrice(ApiObject):
    label: str
    amount: int


class Invoicing(Params):
    title: str
    description: str
    payload: str
    provider_token: str | None = None
    currency: str
    prices: Annotated[list[LabeledPrice], Jsoned]
    max_tip_amount: int | None = None
    suggested_tip_amounts: Annotated[list[int] | None, Jsoned] = None
    provider_data: str | None = None
    photo_url: str | None = None
    photo_size: int | None = None
    photo_width: int | None = None
    photo_height: int | None = None
    need_name: bool | None = None
    need_phone_number: bool | None = None
    need_email: bool | None = None
    need_shipping_address: bool | None = None
    send_phone_number_to_provider: bool | None = None
    send_email_to_provider: bool | None = None
    is_flexible: bool | None = None


class CreateInvoiceLink(Invoicing):
    business_connection_id: str | None = None
    subscription_period: int | None = None


class SendInvoice(Invoicing):
    chat_id: ChatId
    message_thread_id: int | None = None
    direct_messages_topic_id: int | None = None
    start_parameter: str | None = None
    disable_notification: bool | None = None
    protect_content: bool | None = None
    allow_paid_broadcast: bool | None = None
    message_effect_id: str | None = None
    suggested_post_parameters: Opaque | None = None
    reply_parameters: Reply | None = None
    reply_markup: InlineMarkup | None = None


class AnswerPreCheckoutQuery(Params):
    pre_checkout_query_id: str
    ok: bool
    error_message: str | None = None


class GetStarTransactions(Params):
    offset: int = 0
    limit: int = MAX_TRANSACTIONS


class RefundStarPayment(Params):
    user_id: int
    telegram_payment_charge_id: str


class EditUserStarSubscription(RefundStarPayment):
    is_canceled: bool
