"""CloudPayments' provider: what it sends, and what it makes of what comes back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.money import rub
from services.payments.providers.base import (
    AmountRefused,
    Buyer,
    NewPayment,
    NewRefund,
    NotAuthorized,
    NotFound,
    ProviderError,
    Receipt,
    Refused,
    RemoteMethod,
    RemotePayment,
    ResultUnknown,
    SavedMethod,
    ShopRefused,
    Subject,
    Unpaid,
)
from services.payments.providers.cloudpayments.calls import ON_PAGE
from services.payments.providers.cloudpayments.notifications import NotificationKind
from services.payments.providers.cloudpayments.provider import CloudPayments
from services.payments.providers.cloudpayments.tax import ReceiptTax
from tests.support.cloudpayments import (
    HUNG,
    PUBLIC_ID,
    SECRET,
    AnsweringServer,
    answering,
    open_provider,
    sample,
    transaction,
)

ORDER = UUID("11111111-2222-4333-8444-555555555555")
BUYER = Buyer(id=17, email="anna@example.com", language="en")
CARD = SavedMethod(id=uuid4(), token="tk_1", kept_for=17)
RECEIPT = Receipt(email="anna@example.com", description="Кредиты", vat_code=None)
FIND, GET, CHARGE, REFUND = "/payments/find", "/payments/get", "/payments/tokens/charge", "/payments/refund"
LIST = "/v2/payments/list"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[AnsweringServer]:
    with answering() as server:
        yield server


@pytest.fixture
def cloud(server: AnsweringServer) -> Iterator[CloudPayments]:
    provider = open_provider(server)
    yield provider
    provider.close()


def wish(**more: Any) -> NewPayment:  # Any: as NewPayment takes it
    given = {"amount": rub(299_10), "description": "30 credits", "return_url": "https://t.me/shop", "buyer": BUYER}
    return NewPayment(id=ORDER, **given | more)  # type: ignore[arg-type]  # fields of several types


async def test_an_order_is_a_page_to_pay_at(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says("/orders/create", sample("order_created"))
    made = await cloud.create(wish(mark={"kassandra_shop": "4242"}))
    assert (made.id, made.our_id, made.status, made.shop_id) == (str(ORDER), str(ORDER), "pending", PUBLIC_ID)
    assert made.confirmation_url == "https://orders.cloudpayments.ru/d/gASGZVgUN21hcpPF"
    assert made.order_id == "gASGZVgUN21hcpPF"
    assert made.amount == rub(299_00)  # as they say: whoever compares it finds the difference
    [call] = server.calls
    assert (call.key, call.login) == (str(ORDER), f"{PUBLIC_ID}:{SECRET}")
    assert '"Amount": 299.10,' in call.raw
    assert call.body == {
        "Amount": 299.1,
        "Currency": "RUB",
        "Description": "30 credits",
        "InvoiceId": str(ORDER),
        "Email": "anna@example.com",
        "RequireConfirmation": False,
        "SendEmail": False,
        "SuccessRedirectUrl": "https://t.me/shop",
        "FailRedirectUrl": "https://t.me/shop",
        "CultureName": "en-US",
        "AccountId": "17",
        "JsonData": {"kassandra_shop": "4242"},
    }


async def test_a_receipt_goes_with_each_movement_of_money(server: AnsweringServer) -> None:
    cloud = open_provider(server, tax=ReceiptTax(vat=None, system=1))
    server.says("/orders/create", sample("order_created"))
    server.says(CHARGE, sample("token_charge_ok"))
    server.says(REFUND, sample("refund_accepted"))
    await cloud.create(wish(receipt=RECEIPT))
    await cloud.charge(wish(receipt=RECEIPT), CARD)
    await cloud.refund(back(receipt=RECEIPT))
    cloud.close()
    papers = [call.body["JsonData"]["cloudPayments"]["customerReceipt"] for call in server.calls if call.key]
    sums = [299.1, 299.1, 99.0]
    for paper, money in zip(papers, sums, strict=True):
        item = {"label": "Кредиты", "price": money, "quantity": 1, "amount": money, "vat": None, "method": 4}
        assert paper == {
            "Items": [item | {"object": 4}],
            "taxationSystem": 1,
            "email": "anna@example.com",
            "amounts": {"electronic": money},
        }


async def test_a_paid_one(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(FIND, transaction(ORDER, JsonData='{"kassandra_shop": "4242", "n": 1}'))
    paid = await cloud.get(str(ORDER))
    assert paid == RemotePayment(
        id=str(ORDER),
        shop_id=PUBLIC_ID,
        status="succeeded",
        amount=rub(300_00),
        test=False,
        our_id=str(ORDER),
        refunded=rub(0),
        mark={"kassandra_shop": "4242"},
        description="300 кредитов",
        created_at=datetime(2026, 11, 26, 9, 15, 42, tzinfo=UTC),
        paid_at=datetime(2026, 11, 26, 9, 15, 44, tzinfo=UTC),
        charge_id="897728001",
        card_type="Visa",
        card_last4="4242",
        method=RemoteMethod(token="tk_255c42192323f2e09ea17635302c3", title="Visa •• 4242"),
    )
    assert server.calls[0].body == {"InvoiceId": str(ORDER)}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (sample("find_not_found"), "no_transaction"),
        (transaction(ORDER, Status="Declined", ReasonCode=5051), "5051"),
        (transaction(ORDER, Status="AwaitingAuthentication"), "AwaitingAuthentication"),
    ],
)
async def test_an_order_that_nobody_has_paid(
    server: AnsweringServer, cloud: CloudPayments, answer: object, code: str
) -> None:
    """A try that was declined does not close its page."""
    server.says(FIND, answer)
    with pytest.raises(Unpaid) as error:
        await cloud.get(str(ORDER))
    assert error.value.code == code


@pytest.mark.parametrize(
    ("status", "ours"), [("Authorized", "waiting_for_capture"), ("Completed", "succeeded"), ("Cancelled", "canceled")]
)
async def test_by_the_number_of_a_transaction(
    server: AnsweringServer, cloud: CloudPayments, status: str, ours: str
) -> None:
    server.says(GET, transaction(ORDER, Status=status))
    assert (await cloud.get("897728001")).status == ours
    assert server.calls[0].body == {"TransactionId": 897728001}


async def test_money_of_somebody_elses_order(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(GET, transaction("top-000017"), transaction(""), transaction(ORDER, Type=1), sample("find_not_found"))
    assert (await cloud.get("1")).id == "top-000017"
    assert (await cloud.get("1")).id == "897728001"
    for _ in range(2):
        with pytest.raises(NotFound):
            await cloud.get("1")


async def test_held_money_is_taken(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(FIND, transaction(ORDER, Status="Authorized"), transaction(ORDER))
    server.says("/payments/confirm", {"Success": True, "Message": None})
    assert (await cloud.capture(str(ORDER), key=ORDER)).status == "succeeded"
    [call] = server.asked("/payments/confirm")
    assert (call.key, call.body) == (f"confirm-{ORDER}-897728001", {"TransactionId": 897728001, "Amount": 300})


async def test_a_kept_card_is_charged(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(CHARGE, transaction(ORDER))
    charged = await cloud.charge(wish(), CARD)
    assert (charged.status, charged.charge_id) == ("succeeded", "897728001")
    [call] = server.calls
    assert call.key == str(ORDER)
    assert call.body == {
        "Amount": 299.1,
        "Currency": "RUB",
        "Description": "30 credits",
        "InvoiceId": str(ORDER),
        "Email": "anna@example.com",
        "AccountId": "17",
        "Token": "tk_1",
        "TrInitiatorCode": 0,
        "PaymentScheduled": 1,
        "JsonData": {"kassandra_charged": "yes"},
    }


async def test_its_owner_stands_by_when_it_is_charged(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(CHARGE, transaction(ORDER))
    await cloud.charge(wish(), replace(CARD, by_owner=True))
    [call] = server.calls
    assert (call.body["TrInitiatorCode"], "PaymentScheduled" in call.body) == (1, False)


CHALLENGE = {"Success": False, "Message": None, "Model": {"TransactionId": 1, "PaReq": "x", "AcsUrl": "https://acs"}}


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (transaction(ORDER, Status="Declined", ReasonCode=5051), "canceled", "5051"),
        (transaction(ORDER, Status="AwaitingAuthentication"), "pending", "0"),
        (CHALLENGE, "canceled", "5207"),
        ({"Success": False, "Message": "Token is not valid for this terminal"}, "canceled", "6025"),
    ],
)
async def test_a_kept_card_that_does_not_pay(
    server: AnsweringServer, cloud: CloudPayments, answer: object, status: str, reason: str
) -> None:
    """There is no page to try again at: it is over."""
    server.says(CHARGE, answer)
    charged = await cloud.charge(wish(), CARD)
    assert (charged.status, charged.cancel_reason or "0") == (status, reason)
    assert (charged.id, charged.amount.currency) == (str(ORDER), "RUB")


async def test_a_charge_whose_answer_was_lost_is_final_too(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(FIND, transaction(ORDER, Status="Declined", ReasonCode=5054, JsonData={"kassandra_charged": "yes"}))
    found = await cloud.get(str(ORDER))
    assert (found.status, found.cancel_reason) == ("canceled", "5054")


def back(**more: Any) -> NewRefund:  # Any: as NewRefund takes it
    given = {"amount": rub(99_00), "description": "", "charge_id": "897728001"}
    return NewRefund(id=ORDER, provider_payment_id=str(ORDER), **given | more)  # type: ignore[arg-type]  # as above


async def test_a_part_goes_back(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(REFUND, sample("refund_accepted"))
    gone = transaction(ORDER, Type=1, TransactionId=897730001, OriginalTransactionId=897728001, Amount=Decimal("99.0"))
    server.says(GET, gone)
    sent = await cloud.refund(back())
    assert (sent.id, sent.status, sent.amount, sent.charge_id) == ("897730001", "succeeded", rub(99_00), "897728001")
    call = server.calls[0]
    assert call.key == str(ORDER)
    assert call.body == {"TransactionId": 897728001, "Amount": 99, "JsonData": {"kassandra_refund": str(ORDER)}}
    assert '"Amount": 99.00,' in call.raw


async def test_a_refund_that_ends_later(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(REFUND, sample("refund_accepted"))
    server.says(GET, 500)
    sent = await cloud.refund(back())
    assert (sent.id, sent.status, sent.our_id) == ("897730001", "pending", str(ORDER))


async def test_how_much_went_back_is_in_the_list(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says(FIND, transaction(ORDER, Refunded=True))
    parts = [refunded(1, "99.00"), refunded(2, "1.00"), refunded(3, "7.00", OriginalTransactionId=5)]
    server.says(LIST, listed(*parts))
    assert (await cloud.get(str(ORDER))).refunded == rub(100_00)
    [page] = [page async for page in cloud.refunds_of(str(ORDER))]
    assert [each.id for each in page] == ["1", "2", "3"]


def refunded(number: int, amount: str, **more: Any) -> dict[str, Any]:  # Any: JSON
    given = {"Type": 1, "TransactionId": number, "OriginalTransactionId": 897728001, "Amount": Decimal(amount)} | more
    model: dict[str, Any] = transaction(ORDER, **given)["Model"]
    return model


def listed(*models: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    return {"Success": True, "Message": None, "Model": list(models)}


async def test_the_list_is_read_to_its_end(server: AnsweringServer, cloud: CloudPayments) -> None:
    paid = transaction(ORDER)["Model"]
    declined = transaction(ORDER, Status="Declined")["Model"]
    broken = {"TransactionId": 1, "Type": 0}
    server.says(LIST, listed(*[paid] * (ON_PAGE - 3), declined, refunded(1, "1"), broken), listed(paid))
    pages = [page async for page in cloud.payments_since(SINCE, SINCE + timedelta(days=1))]
    assert [len(page) for page in pages] == [ON_PAGE - 3, 1]
    assert [call.body["PageNumber"] for call in server.calls] == [1, 2]
    assert server.calls[0].body == {
        "CreatedDateGte": "2026-11-01T00:00:00+00:00",
        "CreatedDateLte": "2026-11-02T00:00:00+00:00",
        "TimeZone": "UTC",
        "PageNumber": 1,
    }


async def test_an_order_is_cancelled(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says("/orders/cancel", sample("order_cancelled"), {"Success": False, "Message": "Order is paid"}, 500)
    await cloud.withdraw(str(ORDER), None)
    assert server.calls == []
    await cloud.withdraw(str(ORDER), "gAS")
    assert server.calls[0].body == {"Id": "gAS"}
    await cloud.withdraw(str(ORDER), "gAS")  # somebody was quicker
    with pytest.raises(ResultUnknown):
        await cloud.withdraw(str(ORDER), "gAS")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (401, NotAuthorized),
        (404, ProviderError),
        (429, ResultUnknown),
        (500, ResultUnknown),
        (200, ResultUnknown),
        (HUNG, ResultUnknown),
        ({"Success": True, "Message": None}, ResultUnknown),
        ({"Success": True, "Model": {"Id": "1"}}, ResultUnknown),
        ({"Message": "?"}, ResultUnknown),
        ([], ResultUnknown),
        (sample("bad_request"), AmountRefused),
        ({"Success": False, "Message": "Terminal is blocked"}, ShopRefused),
    ],
)
async def test_an_order_that_is_not_made(
    server: AnsweringServer, cloud: CloudPayments, answer: object, kind: type[ProviderError]
) -> None:
    server.says("/orders/create", answer)
    with pytest.raises(kind) as error:
        await cloud.create(wish())
    assert SECRET not in str(error.value)
    assert isinstance(error.value, ResultUnknown | Refused | NotAuthorized)


async def test_amounts_are_exact_or_none(server: AnsweringServer, cloud: CloudPayments) -> None:
    for amount in (Decimal("0.1"), Decimal("299.10"), Decimal("123456789.01"), 7):
        server.says(GET, transaction(ORDER, Amount=amount))
        assert (await cloud.get("1")).amount.minor == amount * 100
    for wrong in (Decimal("0.001"), "300.00", None, True):
        server.says(GET, transaction(ORDER, Amount=wrong))
        with pytest.raises(ResultUnknown):
            await cloud.get("1")


async def test_how_the_account_notifies(server: AnsweringServer, cloud: CloudPayments) -> None:
    server.says("/site/notifications/pay/get", sample("notification_settings"))
    settings = await cloud.about(NotificationKind.PAY)
    assert (settings.enabled, settings.method, settings.format) == (True, "POST", "CloudPayments")
    assert settings.address == "https://bot.example.com/cloudpayments/pay"


def test_what_follows_from_a_notification(cloud: CloudPayments) -> None:
    assert cloud.subject_of("pay") is Subject.PAYMENT
    assert cloud.subject_of("refund") is Subject.REFUND
    assert cloud.subject_of("recurrent") is None
    assert cloud.subject_of("payment.succeeded") is None
