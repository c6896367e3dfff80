"""What our own shop sends, as it came over the wire, is what YooKassa's documentation allows, and it understands what
YooKassa sends."""

import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from jsonschema import Draft4Validator, FormatChecker, ValidationError

from sandbox.client.sandbox import Shop
from services.money import rub
from services.payments.providers.base import NewPayment, NewRefund, Receipt
from services.payments.providers.yookassa.notifications import read_notification
from services.payments.providers.yookassa.provider import YooKassa
from tests.integration.sandbox_yookassa.conftest import Api, Json, created
from tests.unit.sandbox.yookassa_spec import SAMPLES, needed, request_body, spec, strangers

RECEIPT = Receipt(email="anna@example.com", description="Кредиты: 30.00", vat_code=1)
PATHS = {
    "payments.create": "/payments",
    "payments.capture": "/payments/{payment_id}/capture",
    "refunds.create": "/refunds",
}


@pytest.fixture
async def yookassa(shop: Shop) -> AsyncIterator[YooKassa]:
    provider = YooKassa(shop_id=shop.shop_id, secret_key=shop.secret_key, api_url=shop.api_url, read_seconds=5)
    yield provider
    provider.close()


def payment(kopecks: int = 300_00, *, receipt: Receipt | None = None, words: str = "Кредиты") -> NewPayment:
    return NewPayment(
        id=uuid4(),
        amount=rub(kopecks),
        description=words,
        return_url="https://t.me/kassandra_bot",
        receipt=receipt,
    )


def refund(payment_id: str, kopecks: int, *, receipt: Receipt | None = None, words: str = "Возврат") -> NewRefund:
    return NewRefund(
        id=uuid4(),
        provider_payment_id=payment_id,
        amount=rub(kopecks),
        description=words,
        receipt=receipt,
    )


def documented(path: str, body: Json) -> None:
    """The body is what the documentation says and has no field that it does not name."""
    schema = request_body(path)
    Draft4Validator(schema | {"components": spec()["components"]}, format_checker=FormatChecker()).validate(body)
    assert list(strangers(schema, body)) == []


async def sent(shop: Shop, call: str) -> list[Json]:
    calls = await shop.log(call)
    assert calls
    for each in calls:
        documented(PATHS[call], each["body"])
        assert each["status"] == 200
        assert "unknown" not in each
        assert str(UUID(each["key"].removeprefix("capture-"))) in each["key"]
        assert len(each["key"]) <= 64
    return [each["body"] for each in calls]


async def test_payments(yookassa: YooKassa, shop: Shop) -> None:
    for kopecks in (1_00, 19_99, 300_00, 350_000_00, 123_456_70):
        await yookassa.create(payment(kopecks))
    await yookassa.create(payment(receipt=RECEIPT))
    bodies = await sent(shop, "payments.create")
    told = ["1.00", "19.99", "300.00", "350000.00", "123456.70", "300.00"]
    assert [body["amount"]["value"] for body in bodies] == told
    assert all(body["capture"] is True for body in bodies)
    assert bodies[-1]["receipt"]["items"][0]["amount"]["value"] == "300.00"


async def test_words_that_are_too_long_are_cut(yookassa: YooKassa, shop: Shop) -> None:
    made = await yookassa.create(
        payment(words="х" * 300, receipt=Receipt(email="a@b.ru", description="х" * 300, vat_code=12))
    )
    await shop.pays()
    await yookassa.refund(refund(made.id, 1_00, words="х" * 300))
    [created] = await sent(shop, "payments.create")
    assert len(created["description"]) == len(created["receipt"]["items"][0]["description"]) == 128
    assert len((await sent(shop, "refunds.create"))[0]["description"]) == 250


async def test_refunds_and_their_receipts(yookassa: YooKassa, shop: Shop) -> None:
    await shop.change(receipts_required=True)
    made = await yookassa.create(payment(receipt=RECEIPT))
    await shop.pays()
    await yookassa.refund(refund(made.id, 100_01, receipt=RECEIPT))
    await yookassa.refund(refund(made.id, 199_99, receipt=RECEIPT))
    assert [body["amount"]["value"] for body in await sent(shop, "refunds.create")] == ["100.01", "199.99"]
    assert (await yookassa.get(made.id)).refunded == rub(300_00)


async def test_held_money_is_taken(api: Api, yookassa: YooKassa, shop: Shop) -> None:
    """Our shop asks for payments that are taken at once; its settings at YooKassa may want otherwise."""
    made = await created(api, "300.00", capture=False)
    await shop.pays()
    taken = await yookassa.capture(made["id"], key=uuid4())
    assert (taken.status, taken.amount.minor) == ("succeeded", 300_00)
    assert await sent(shop, "payments.capture") == [{}]


def test_notifications_of_the_real_yookassa_are_understood() -> None:
    for sample in needed(SAMPLES):
        hint = read_notification(json.dumps(sample).encode())
        assert (hint.event, hint.object_id) == (sample["event"], sample["object"]["id"])


def test_what_is_not_documented_would_be_found() -> None:
    with pytest.raises(ValidationError):
        documented("/payments", {"description": "no amount"})
    with pytest.raises(AssertionError):
        documented("/payments", {"amount": {"value": "1.00", "currency": "RUB"}, "surprise": 1})
