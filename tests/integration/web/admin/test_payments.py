"""Payments and refunds on the web: looked at, asked for, sent back once."""

import secrets
from uuid import uuid4

import pytest

from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.users import Edge, Role
from i18n.payments import PAYMENT_MARKS, STATUSES
from services.audit_log.history import AuditFilter
from services.payments.queries import PaymentView
from services.users.actor import Actor
from services.users.manage import CreditChange
from tests.integration.web.admin.conftest import EVIL, Office, Till
from tests.support.forms import hidden_fields
from tests.support.web import browser

ALL = {"amount": "300", "reason": "По просьбе"}


async def sent_back(till: Till, payment: PaymentView) -> list[tuple[RefundStatus, int]]:
    refunds = await till.office.services.payment_queries.refunds(payment.id)
    return [(refund.status, refund.amount.minor) for refund in refunds]


async def test_a_part_goes_back_once(till: Till) -> None:
    payment = await till.paid(300)
    place = f"/admin/payments/{payment.id}"
    assert "Возврат" in (await till.desk.get(place)).text
    form = await till.desk.get(f"{place}/refund")
    assert 'value="300.00"' in form.text
    question = await till.desk.post(f"{place}/refund", data={"amount": "100,50", "reason": EVIL})
    assert "100,50\u00a0₽" in question.text
    assert EVIL not in question.text
    assert await sent_back(till, payment) == []
    for _ in range(2):  # two taps
        done = await till.desk.post(f"{place}/refund", data=hidden_fields(question.text))
        assert done.headers["location"] == f"{place}?done=refund-succeeded"
    assert await sent_back(till, payment) == [(RefundStatus.SUCCEEDED, 10050)]
    assert EVIL not in (await till.desk.get(place)).text
    (entry,) = (
        await till.office.services.audit_log.found(AuditFilter(edge=Edge.WEB, target=till.office.anna.id))
    ).items
    assert (entry.action, entry.subject) == ("payment.refund", str(payment.id))


async def test_credits_that_are_spent_are_asked_about(till: Till) -> None:
    payment = await till.paid(300)
    balance = await till.office.balance()
    spent = CreditChange(user_id=till.office.anna.id, amount=-balance, reason="x", nonce=secrets.token_hex(6))
    await till.office.services.user_management.change(spent, actor=Actor(till.office.owner.id))
    place = f"/admin/payments/{payment.id}/refund"
    first = await till.desk.post(place, data={"amount": "300", "reason": "По просьбе"})
    second = await till.desk.post(place, data=hidden_fields(first.text))
    assert second.status_code == 200
    assert await sent_back(till, payment) == []
    await till.desk.post(place, data=hidden_fields(second.text))
    assert await sent_back(till, payment) == [(RefundStatus.SUCCEEDED, 30000)]
    again = await till.desk.get(place)
    assert again.status_code == 409
    assert "уже" in again.text


async def test_a_provider_that_refuses_is_told(till: Till) -> None:
    payment = await till.paid(300)
    place = f"/admin/payments/{payment.id}/refund"
    question = await till.desk.post(place, data=ALL)
    await till.shop.fault("403", "*", times=1)
    refused = await till.desk.post(place, data=hidden_fields(question.text))
    assert refused.status_code == 502
    assert 'role="alert"' in refused.text
    await till.shop.clear_faults()
    again = await till.desk.post(place, data=hidden_fields((await till.desk.post(place, data=ALL)).text))
    assert again.headers["location"].endswith("done=refund-succeeded")


@pytest.mark.parametrize("typed", [{"amount": "300.01"}, {"amount": "0"}, {"amount": "x"}, {"amount": ""}])
async def test_what_cannot_go_back(till: Till, typed: dict[str, str]) -> None:
    payment = await till.paid(300)
    answer = await till.desk.post(f"/admin/payments/{payment.id}/refund", data=typed | {"reason": ""})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2


async def test_who_may_refund_and_ask(till: Till) -> None:
    payment = await till.paid(300)
    statuses = {}
    for role in (None, Role.MODERATOR):
        async with browser(till.office.app, till.office.of(role)) as desk:
            looked = await desk.get(f"/admin/payments/{payment.id}")
            posted = {"amount": "300", "reason": "x", "nonce": "0123456789ab"}
            refund = await desk.post(f"/admin/payments/{payment.id}/refund", data=posted)
            asked = await desk.post(f"/admin/payments/{payment.id}/ask")
            statuses[role] = [looked.status_code, refund.status_code, asked.status_code]
    assert statuses == {None: [404, 404, 404], Role.MODERATOR: [200, 403, 403]}
    assert await sent_back(till, payment) == []


async def test_the_provider_is_asked(till: Till) -> None:
    payments = till.office.services.payments
    assert payments is not None
    payment = await till.paid(300)
    asked = await till.desk.post(f"/admin/payments/{payment.id}/ask")
    assert asked.headers["location"].endswith("?done=asked")


async def test_the_list_is_filtered(till: Till) -> None:
    payment = await till.paid(300)

    async def shown(query: str) -> bool:
        return str(payment.id) in (await till.desk.get(f"/admin/payments?{query}")).text

    anna = till.office.anna.id
    for fits in ("", "status=succeeded", f"user={anna}", "since=2020-01-01&until=2099-12-31", "status=what&since=x"):
        assert await shown(fits), fits
    for misses in ("status=canceled", "user=999999", "until=2020-01-01", "provider=nobody"):
        assert not await shown(misses), misses
    found = await till.desk.get(f"/admin/payments?number={payment.provider_payment_id}")
    assert found.headers["location"] == f"/admin/payments/{payment.id}"
    assert (await till.desk.get("/admin/payments?number=nothing")).status_code == 200


async def test_payments_that_are_not(office: Office) -> None:
    async with browser(office.app, office.owner.id) as desk:
        for number in (str(uuid4()), "1", "x" * 300):
            for verb in ("", "/refund"):
                assert (await desk.get(f"/admin/payments/{number}{verb}")).status_code == 404
            assert (await desk.post(f"/admin/payments/{number}/ask")).status_code == 404


def test_statuses_have_words() -> None:
    assert set(STATUSES) == set(PAYMENT_MARKS) == set(PaymentStatus)
