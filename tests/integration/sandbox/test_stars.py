"""Telegram's Stars: invoices, the last question before the money, refunds, the list of transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
    TransactionPartnerUser,
    Update,
)

from sandbox.client.sandbox import Person, Sandbox, SandboxError
from sandbox.client.wallet import Paid
from tests.integration.sandbox.conftest import Api
from tests.integration.servers import START

MONTH = 30 * 24 * 3600
GOODS = {"title": "100 кредитов", "description": "Навсегда", "payload": "order-1", "currency": "XTR"}
DELIVERED = ["message", "pre_checkout_query", "subscription"]


def stars(amount: int = 100) -> list[LabeledPrice]:
    return [LabeledPrice(label="Звёзды", amount=amount)]


async def invoice(bot: Bot, person: Person, amount: int = 100, **more: object) -> Message:
    return await bot.send_invoice(person.id, prices=stars(amount), **(GOODS | more))  # type: ignore[arg-type]


async def link(bot: Bot, amount: int = 100, **more: object) -> str:
    return await bot.create_invoice_link(prices=stars(amount), **(GOODS | more))  # type: ignore[arg-type]


class Till:
    """Asks for updates and answers each pre-checkout query, as it is told to."""

    def __init__(self, bot: Bot) -> None:
        self.bot = bot
        self.updates: list[Update] = []
        self.refusal: str | None = None
        self.silent = False

    async def takes(self, count: int = 1) -> list[Update]:
        """So many more."""
        fresh: list[Update] = []
        while len(fresh) < count:
            offset = self.updates[-1].update_id + 1 if self.updates else None
            found = await self.bot.get_updates(offset=offset, timeout=5, allowed_updates=DELIVERED)
            assert found, f"{len(fresh)} of {count} updates came"
            fresh += found
            self.updates += found
            for each in found:
                if each.pre_checkout_query is not None and not self.silent:
                    await self.answers(each.pre_checkout_query)
        return fresh

    async def answers(self, query: PreCheckoutQuery) -> None:
        await self.bot.answer_pre_checkout_query(query.id, ok=self.refusal is None, error_message=self.refusal)

    async def payments(self, count: int = 1) -> list[Message]:
        messages = [each.message for each in await self.takes(count)]
        assert all(messages)
        return [each for each in messages if each is not None]


@pytest.fixture
async def till(bot: Bot, anna: Person) -> Till:
    await anna.says("/start")
    till = Till(bot)
    await till.takes()
    return till


@asynccontextmanager
async def paying(payer: Person, wanted: str, *, of: Person | None = None) -> AsyncIterator["asyncio.Task[Paid]"]:
    async with asyncio.TaskGroup() as group:
        yield group.create_task(payer.wallet.pays(wanted, of=of))


async def buys(till: Till, payer: Person, wanted: str) -> Message:
    """Pays and is told; the message of the payment."""
    async with paying(payer, wanted) as ended:
        *_, last = await till.takes(2)
    assert ended.result().state == "paid"
    assert last.message is not None
    assert last.message.successful_payment is not None
    return last.message


async def test_an_invoice_is_paid_after_the_bots_consent(bot: Bot, till: Till, anna: Person) -> None:
    sent = await invoice(bot, anna, start_parameter="pay")
    assert sent.invoice is not None
    assert (sent.invoice.total_amount, sent.invoice.start_parameter) == (100, "pay")
    message = await buys(till, anna, "Заплатить ⭐100")
    query = next(each.pre_checkout_query for each in till.updates if each.pre_checkout_query is not None)
    assert (query.from_user.id, query.currency, query.total_amount) == (anna.id, "XTR", 100)
    assert query.invoice_payload == "order-1"
    payment = message.successful_payment
    assert payment is not None
    assert (payment.total_amount, payment.invoice_payload, payment.is_recurring) == (100, "order-1", None)
    assert message.from_user is not None
    assert message.from_user.id == anna.id
    assert (await anna.wallet.balance(), (await bot.get_my_star_balance()).amount) == (4_900, 100)
    with pytest.raises(SandboxError, match="it is paid"):
        await anna.wallet.pays("Заплатить")


async def test_a_refusal_has_the_bots_words_and_takes_nothing(bot: Bot, till: Till, anna: Person) -> None:
    await invoice(bot, anna)
    till.refusal = "Этот счёт устарел."
    async with paying(anna, "Заплатить") as ended:
        await till.takes()
    assert (ended.result().state, ended.result().error) == ("refused", "Этот счёт устарел.")
    assert await anna.wallet.balance() == 5_000
    with pytest.raises(TelegramBadRequest, match="ERROR_TEXT_EMPTY"):
        await bot.answer_pre_checkout_query("1", ok=False)


async def test_after_ten_seconds_it_is_too_late(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    till.silent = True
    query = await anna.wallet.presses_pay(await link(bot))
    await till.takes()
    await sandbox.advance(11)
    assert (await anna.wallet.ended(query)).state == "expired"
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_pre_checkout_query(query, ok=True)


async def test_a_link_is_paid_again_and_by_anyone(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    john = await sandbox.person("John", language_code="en")
    url = await link(bot)
    assert url.startswith("https://t.me/$")
    first, second, third = [await buys(till, payer, url) for payer in (anna, anna, john)]
    paid = [each.successful_payment for each in (first, second, third)]
    assert len({each.telegram_payment_charge_id for each in paid if each is not None}) == 3
    assert third.chat.id == john.id


async def test_who_has_too_few_stars_is_not_asked_for(bot: Bot, till: Till, anna: Person) -> None:
    await anna.wallet.has(99)
    with pytest.raises(SandboxError, match="not enough Stars"):
        await anna.wallet.pays(await link(bot))


async def test_a_forwarded_invoice_can_be_paid_where_it_has_no_parameter(
    bot: Bot, sandbox: Sandbox, till: Till, anna: Person
) -> None:
    john = await sandbox.person("John", language_code="en")
    await invoice(bot, anna, start_parameter="pay-1")
    with pytest.raises(SandboxError, match="start=pay-1"):
        await john.wallet.pays("Заплатить", of=anna)
    await invoice(bot, anna, 50)
    async with paying(john, "⭐50", of=anna) as ended:
        _, last = await till.takes(2)
    assert ended.result().state == "paid"
    assert last.message is not None
    assert last.message.chat.id == john.id


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"title": "я" * 33}, "INVOICE_TITLE_INVALID"),
        ({"title": " "}, "invoice title must be non-empty"),
        ({"description": "я" * 256}, "INVOICE_DESCRIPTION_INVALID"),
        ({"payload": "я" * 65}, "INVOICE_PAYLOAD_INVALID"),
        ({"currency": "RUB"}, "PAYMENT_PROVIDER_INVALID"),
        ({"prices": [*stars(), *stars()]}, "STARS_INVOICE_INVALID"),
        ({"prices": stars(0)}, "CURRENCY_TOTAL_AMOUNT_INVALID"),
        ({"start_parameter": "order:1"}, "START_PARAM_INVALID"),
        ({"reply_markup": [["data"]]}, "REPLY_MARKUP_BUY_EMPTY"),
        ({"reply_markup": [["data", "pay"]]}, "BUTTON_POS_INVALID"),
    ],
)
async def test_what_no_invoice_may_be(bot: Bot, till: Till, anna: Person, given: dict, refusal: str) -> None:  # type: ignore[type-arg]
    if "reply_markup" in given:
        given = {"reply_markup": keyboard(*given["reply_markup"][0])}
    with pytest.raises(TelegramBadRequest, match=refusal):
        await bot.send_invoice(anna.id, **(GOODS | {"prices": stars()} | given))


def keyboard(*kinds: str) -> InlineKeyboardMarkup:
    buttons = {
        "pay": InlineKeyboardButton(text="XTR", pay=True),
        "data": InlineKeyboardButton(text="Отмена", callback_data="x"),
    }
    return InlineKeyboardMarkup(inline_keyboard=[[buttons[kind] for kind in kinds]])


async def test_a_pay_button_belongs_to_invoices_alone(bot: Bot, till: Till, anna: Person) -> None:
    await invoice(bot, anna, reply_markup=keyboard("pay", "data"))
    with pytest.raises(TelegramBadRequest, match="BUTTON_TYPE_INVALID"):
        await bot.send_message(anna.id, "Счёт", reply_markup=keyboard("pay"))


async def test_only_links_begin_subscriptions(bot: Bot, api: Api, till: Till, anna: Person) -> None:
    prices = [{"label": "Звёзды", "amount": 100}]
    asked = {**GOODS, "prices": prices, "chat_id": anna.id, "subscription_period": MONTH}
    assert (await api("sendInvoice", **asked))[1]["description"] == "Bad Request: SUBSCRIPTION_EXPORT_MISSING"
    with pytest.raises(TelegramBadRequest, match="SUBSCRIPTION_PERIOD_INVALID"):
        await link(bot, subscription_period=86_400)
    with pytest.raises(TelegramBadRequest, match="CURRENCY_TOTAL_AMOUNT_INVALID"):
        await link(bot, 10_001, subscription_period=MONTH)


async def test_a_refund_goes_to_the_payer_once(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    payment = (await buys(till, anna, await link(bot))).successful_payment
    assert payment is not None
    charge = payment.telegram_payment_charge_id
    for user, number, refusal in [
        (anna.id, "", "CHARGE_ID_EMPTY"),
        (anna.id, "stx-of-nobody", "CHARGE_ID_INVALID"),
        (999, charge, "USER_ID_INVALID"),
    ]:
        with pytest.raises(TelegramBadRequest, match=refusal):
            await bot.refund_star_payment(user, number)
    assert await bot.refund_star_payment(anna.id, charge)
    (told,) = await till.payments()
    assert told.refunded_payment is not None
    assert (told.refunded_payment.telegram_payment_charge_id, told.refunded_payment.invoice_payload) == (
        charge,
        "order-1",
    )
    assert await anna.wallet.balance() == 5_000
    with pytest.raises(TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await bot.refund_star_payment(anna.id, charge)
    rows = (await bot.get_star_transactions()).transactions
    assert [(each.id, each.source is not None, each.receiver is not None) for each in rows] == [
        (charge, True, False),
        (charge, False, True),
    ]


async def test_the_bots_balance_must_cover_a_refund(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    payment = (await buys(till, anna, await link(bot))).successful_payment
    assert payment is not None
    await sandbox.stars.spends(60)
    with pytest.raises(TelegramBadRequest, match="BALANCE_TOO_LOW"):
        await bot.refund_star_payment(anna.id, payment.telegram_payment_charge_id)


async def test_a_chargeback_is_told_by_the_list_alone(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await buys(till, anna, await link(bot))
    await sandbox.stars.spends(60)
    await sandbox.stars.charges_back()
    assert (await bot.get_my_star_balance()).amount == -60
    assert not await bot.get_updates(offset=till.updates[-1].update_id + 1)
    partners = [each.receiver or each.source for each in (await bot.get_star_transactions()).transactions]
    assert [each.type for each in partners if each is not None] == ["user", "fragment", "user"]


async def test_transactions_are_read_by_pages_oldest_first(bot: Bot, till: Till, anna: Person) -> None:
    for number in range(3):
        await buys(till, anna, await link(bot, 10 + number, payload=f"order-{number}"))
    page = (await bot.get_star_transactions(offset=1, limit=2)).transactions
    assert [each.amount for each in page] == [11, 12]
    assert isinstance(page[0].source, TransactionPartnerUser)
    assert (page[0].source.transaction_type, page[0].source.invoice_payload) == ("invoice_payment", "order-1")
    assert not (await bot.get_star_transactions(offset=3)).transactions


async def test_news_of_a_payment_may_be_lost(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await sandbox.stars.fault("lose", "payment")
    async with paying(anna, await link(bot)) as ended:
        await till.takes()
    assert ended.result().state == "paid"
    assert not await bot.get_updates(offset=till.updates[-1].update_id + 1)


async def test_news_of_a_payment_may_come_again(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await sandbox.stars.fault("repeat", "payment")
    async with paying(anna, await link(bot)):
        await till.takes()
    first, again = await till.payments(2)
    assert first.message_id == again.message_id
    assert not await bot.get_updates(offset=till.updates[-1].update_id + 1)


async def test_news_of_a_payment_may_come_late(bot: Bot, sandbox: Sandbox, till: Till, anna: Person) -> None:
    await sandbox.stars.fault("late", "payment", seconds=600)
    async with paying(anna, await link(bot)) as ended:
        await till.takes()
    assert ended.result().state == "paid"
    assert not await bot.get_updates(offset=till.updates[-1].update_id + 1)
    await sandbox.advance(600)
    (message,) = await till.payments()
    assert message.date.timestamp() == START


async def test_what_the_bot_has_not_fetched_in_a_day_is_gone(
    bot: Bot, sandbox: Sandbox, till: Till, anna: Person
) -> None:
    async with paying(anna, await link(bot)) as ended:
        await till.takes()
    assert ended.result().state == "paid"
    await sandbox.advance(24 * 3600)
    assert not await bot.get_updates(offset=till.updates[-1].update_id + 1)
    assert len((await bot.get_star_transactions()).transactions) == 1


async def test_who_did_not_ask_for_pre_checkout_queries_gets_none(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    await bot.get_updates(allowed_updates=["message"])
    query = await anna.wallet.presses_pay(await link(bot))
    assert not await bot.get_updates(allowed_updates=["message"])
    await sandbox.advance(11)
    assert (await anna.wallet.ended(query)).error == "BOT_PRECHECKOUT_TIMEOUT"
