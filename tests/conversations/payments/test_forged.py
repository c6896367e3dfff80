"""Buttons of money that no screen bears, or that another customer's screen bears: each gets an answer."""

import pytest

from sandbox.client.person import Person
from sandbox.client.shop import Shop
from services.notifications.message_ref import message_of
from services.payments.searches import SEARCHES
from tests.conversations.payments.tills import chooses, payments
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage

FORGED = [
    "topup:",
    "topup:none",
    "topup:check",
    "topup:check:1",
    "topup:leave:x",
    "topup:a:-5:abc",
    "topup:a:30000",
    "topup:a:٣٠٠:abc",
    "topup:a:30000:" + "x" * 40,
    "payments:x",
    "payments:999999",
]


@pytest.mark.parametrize("data", FORGED)
async def test_forged_buttons_show_what_can_be_done(anna: Person, data: str) -> None:
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    answer = await anna.forges(data)
    assert answer.text is None
    await anna.sees("Мои платежи" if data.startswith("payments") else "1 кредит стоит")


async def test_forged_choices_say_why_not(anna: Person) -> None:
    await anna.says("/topup")
    await anna.sees("1 кредит стоит")
    for data, sentence in (
        ("topup:a:0:abc", "⚠️ Нужна сумма от 1 до 350\u00a0000 ₽"),
        ("topup:a:999999999:abcd", "⚠️ Нужна сумма от 1 до 350\u00a0000 ₽"),
        ("topup:p:999999:abcde", "⚠️ Этот пакет больше не продаётся."),
    ):
        await anna.forges(data)
        await anna.sees(sentence)


async def test_a_payment_of_somebody_else(stage: Stage, anna: Person, john: Person, yookassa: Shop) -> None:
    """Neither asked about nor left; one that never was looks the same."""
    await chooses(anna)
    [payment] = await payments(stage, anna)
    await john.says("/topup")
    await john.sees("1 credit costs")
    for payment_id in (payment.id.hex, "0" * 32):
        for verb in ("check", "leave"):
            told = await john.forges(f"topup:{verb}:{payment_id}")
            assert (told.text, told.show_alert) == ("There is no such payment.", True)
    await yookassa.pays()
    assert (await anna.sees("✅ Оплачено: 300 ₽")).id == message_of(payment.shown_in)
    assert await balance(stage, john) == 1000


async def test_unknown_payments_are_looked_for_a_few_times(anna: Person, john: Person, yookassa: Shop) -> None:
    """Each look reads the provider's list; who forges on is told, and others are not held up."""
    for person in (anna, john):
        await person.says("/topup")
        await person.sees_button("300 ₽")
    for number in range(SEARCHES):
        told = await anna.forges(f"topup:check:{number:032x}")
        assert told.text == "Такого платежа нет."
    before = len(await yookassa.log())
    told = await anna.forges(f"topup:check:{SEARCHES:032x}")
    assert (told.text, told.show_alert) == (
        "Вы несколько раз спросили о неизвестных платежах. Попробуйте через час.",
        True,
    )
    assert len(await yookassa.log()) == before
    assert (await john.forges("topup:check:" + "0" * 32)).text == "There is no such payment."
