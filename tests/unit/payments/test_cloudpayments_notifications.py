"""What CloudPayments posts: every documented sample, and forged ones."""

from typing import Any

import pytest

from services.money import rub
from services.payments.providers.base import BadNotification, Subject
from services.payments.providers.cloudpayments.notifications import (
    SUBJECTS,
    NotificationKind,
    check_of,
    event_of,
    fields_of,
)
from services.payments.providers.cloudpayments.signatures import is_signed
from tests.support.cloudpayments import SAMPLES, SECRET

Sample = dict[str, Any]  # Any: JSON
TRUE: list[Sample] = SAMPLES["notifications"]
DOUBTED: list[Sample] = SAMPLES["must_be_refused_or_doubted"]
CLEAR = "check_posted_to_pay_address"  # truly signed; what it says is not believed either
WANTED = ("TransactionId", "PaymentTransactionId", "Amount", "Currency", "InvoiceId", "AccountId", "Status", "Reason")


def signed(sample: Sample, body: bytes | None = None, secret: str = SECRET) -> bool:
    headers = sample["headers"]
    return is_signed(
        secret,
        sample["raw_body"].encode() if body is None else body,
        content=headers.get("Content-HMAC"),
        decoded=headers.get("X-Content-HMAC"),
        is_form="json" not in sample["content_type"],
    )


def fields(sample: Sample) -> dict[str, str]:
    return fields_of(sample["raw_body"].encode(), is_form="json" not in sample["content_type"])


@pytest.mark.parametrize("sample", TRUE, ids=lambda sample: sample["id"])
def test_a_true_one_is_taken_and_read(sample: Sample) -> None:
    assert signed(sample)
    read = fields(sample)
    for name in WANTED:
        assert read.get(name, "") == str(sample["fields"].get(name) or "")
    kind = NotificationKind(sample["type"].lower())
    if kind is NotificationKind.CHECK:
        assert check_of(read).amount == rub(1_00 if sample["id"] == "check_wrong_amount" else 299_00)
        return
    event = event_of(kind, read)
    assert (event.event, event.object_id) == (
        sample["type"].lower(),
        str(sample["fields"].get("TransactionId") or read["Id"]),
    )
    assert SUBJECTS.get(kind) is {"Refund": Subject.REFUND, "Recurrent": None}.get(sample["type"], Subject.PAYMENT)
    assert not {"Token", "Name", "Email", "IpAddress", "CardFirstSix", "Data"} & set(event.body)


@pytest.mark.parametrize("sample", TRUE, ids=lambda sample: sample["id"])
def test_each_of_its_headers_is_enough_and_none_may_be_wrong(sample: Sample) -> None:
    both = sample["headers"]
    for name in both:
        assert signed(sample | {"headers": {name: both[name]}})
        assert not signed(sample | {"headers": both | {name: both[name][::-1]}})
    assert not signed(sample | {"headers": {}})
    assert not signed(sample, secret=SECRET + "0")
    assert not signed(sample, sample["raw_body"].encode() + b"&Amount=1.00")


@pytest.mark.parametrize("sample", DOUBTED, ids=lambda sample: sample["id"])
def test_a_forged_one_is_refused(sample: Sample) -> None:
    assert signed(sample) is (sample["id"] == CLEAR)


def test_a_body_that_was_encoded_anew_is_another_one() -> None:
    sample = next(each for each in TRUE if each["id"] == "pay_lowercase_escapes")
    anew = sample["raw_body"].replace("%d0", "%D0").encode()
    assert anew != sample["raw_body"].encode()
    assert not signed(sample | {"headers": {"Content-HMAC": sample["headers"]["Content-HMAC"]}}, anew)


@pytest.mark.parametrize(
    ("body", "is_form"),
    [
        (b"", True),
        (b"InvoiceId=1", True),
        (b"TransactionId=../refunds", True),
        (b"TransactionId=" + b"9" * 30, True),
        (b"TransactionId=1&Status=%00", True),
        (b"&".join(b"a%d=1" % number for number in range(500)), True),
        (b"[]", False),
        (b"TransactionId=1", False),
        (b"[" * 60_000, False),
        (b"\xff\xfe", False),
    ],
)
def test_what_is_none_of_them(body: bytes, is_form: bool) -> None:
    with pytest.raises(BadNotification):
        event_of(NotificationKind.PAY, fields_of(body, is_form=is_form))


@pytest.mark.parametrize("amount", ["1e3", "NaN", "300.001", "-300.00", "", "300,00", "0x12c"])
def test_an_amount_that_is_none(amount: str) -> None:
    assert check_of({"TransactionId": "1", "Amount": amount, "Currency": "RUB"}).amount is None


def test_numbers_keep_their_digits() -> None:
    body = b'{"TransactionId": 897728012, "Amount": 0.10, "Currency": "RUB", "InvoiceId": null}'
    assert fields_of(body, is_form=False) == {
        "TransactionId": "897728012",
        "Amount": "0.10",
        "Currency": "RUB",
        "InvoiceId": "",
    }
