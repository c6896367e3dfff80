"""Subscriptions paid in Stars: Telegram charges by itself, until its user, the bot or an empty purse ends it."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import SuccessfulPayment

from sandbox.client.sandbox import Person, Sandbox, SandboxError
from tests.integration.sandbox.test_stars import MONTH, Till, buys, link, till
from tests.integration.servers import START

__all__ = ["till"]  # a fixture


async def subscribes(bot: Bot, till: Till, anna: Person) -> SuccessfulPayment:
    payment = (await buys(till, anna, await link(bot, subscription_period=MONTH))).successful_payment
    assert payment is not None
    return payment


async def renewed(till: Till) -> SuccessfulPayment:
    (message,) = await till.payments()
    assert message.successful_payment is not None
    return message.successful_payment


async def told(till: Till) -> str:
    (update,) = await till.takes()
    assert update.subscription is not None
    assert update.subscription.invoice_payload == "order-1"
    return update.subscription.state


async def test_each_renewal_is_a_charge_of_its_own(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    first = await subscribes(bot, till, anna)
    assert (first.is_recurring, first.is_first_recurring) == (True, True)
    assert first.subscription_expiration_date == START + MONTH
    await sandbox.advance(MONTH)
    second = await renewed(till)
    assert (second.is_recurring, second.is_first_recurring) == (True, None)
    assert second.invoice_payload == first.invoice_payload
    assert second.telegram_payment_charge_id != first.telegram_payment_charge_id
    assert second.subscription_expiration_date == START + 2 * MONTH
    rows = (await bot.get_star_transactions()).transactions
    assert [getattr(each.source, "subscription_period", None) for each in rows] == [MONTH, MONTH]


async def test_months_that_passed_at_once_are_all_charged(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await subscribes(bot, till, anna)
    await sandbox.advance(3 * MONTH)
    ends = [each.successful_payment for each in await till.payments(3)]
    assert [each.subscription_expiration_date for each in ends if each] == [START + n * MONTH for n in (2, 3, 4)]


async def test_its_user_cancels_and_takes_that_back(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await subscribes(bot, till, anna)
    await anna.wallet.cancels()
    assert await told(till) == "canceled"
    await anna.wallet.resumes()
    assert await told(till) == "active"
    await anna.wallet.cancels()
    assert await told(till) == "canceled"
    await sandbox.advance(MONTH)
    assert [each["state"] for each in await anna.wallet.subscriptions()] == ["over"]
    assert await anna.wallet.balance() == 4_900


async def test_an_empty_purse_ends_it_until_there_are_stars(
    bot: Bot, sandbox: Sandbox, till: Till, anna: Person
) -> None:
    await subscribes(bot, till, anna)
    await anna.wallet.has(10)
    await sandbox.advance(MONTH + 3600)
    assert await told(till) == "failed"
    with pytest.raises(SandboxError, match="not enough Stars"):
        await anna.wallet.resumes()
    await anna.wallet.has(100)
    await anna.wallet.resumes()
    assert (await renewed(till)).subscription_expiration_date == START + 2 * MONTH + 3600


async def test_the_bot_ends_it_by_its_first_charge(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    first = await subscribes(bot, till, anna)
    await sandbox.advance(MONTH)
    second = await renewed(till)
    with pytest.raises(TelegramBadRequest, match="CHARGE_ID_INVALID"):
        await bot.edit_user_star_subscription(anna.id, second.telegram_payment_charge_id, is_canceled=True)
    charge = first.telegram_payment_charge_id
    assert await bot.edit_user_star_subscription(anna.id, charge, is_canceled=True)
    with pytest.raises(SandboxError, match="the bot has ended"):
        await anna.wallet.resumes()
    assert await bot.edit_user_star_subscription(anna.id, charge, is_canceled=False)
    assert await bot.edit_user_star_subscription(anna.id, charge, is_canceled=True)
    await sandbox.advance(MONTH)
    assert await anna.wallet.balance() == 4_800
    with pytest.raises(TelegramBadRequest, match="SUBSCRIPTION_NOT_ACTIVE"):
        await bot.edit_user_star_subscription(anna.id, charge, is_canceled=True)
