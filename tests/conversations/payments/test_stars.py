"""Stars in the chat: an invoice, a link of it, Telegram's question, its news, and money that goes back."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from bot.app import App
from db.tables.payments import PaymentStatus
from sandbox.client.person import Person
from sandbox.client.screen import Message
from sandbox.testing import new_token, new_world
from tests.conversations.payments.tills import payments, reconcile, statuses
from tests.conversations.shopping import balance
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.waiting import until

PAY = "💳 Оплатить ⭐ 100"
PAID = "✅ Оплачено: ⭐ 100, зачислено 13,00 кредитов."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stars_shop(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """It takes nothing but Stars."""
    more = {"stars_price": "0.13", "payment_methods": "stars", "weekly_bonus_credits": 0}
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), **more)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(loop_scope="session")
async def stage(stars_shop: Stage) -> AsyncIterator[Stage]:
    """No fault is left behind."""
    yield stars_shop
    await stars_shop.sandbox.stars.clear_faults()
    await stars_shop.sandbox.clear_faults()


async def begins(person: Person, stars: int = 100) -> Message:
    """Up to the invoice."""
    await person.says(f"/topup {stars}")
    return await person.sees_button(f"⭐ {stars}")


async def link_to(stage: Stage, person: Person) -> str:
    """As a page would show it."""
    return (await payments(stage, person))[0].confirmation_url or ""


async def settled(stage: Stage, person: Person, *wanted: PaymentStatus) -> None:
    async def is_so() -> bool:
        return await statuses(stage, person) == list(wanted)

    await until(is_so)


async def test_a_top_up_in_stars(stage: Stage, anna: Person) -> None:
    await anna.says("/topup")
    screen = await anna.sees("1 кредит стоит ⭐ 8.")
    payment = await begins(anna)
    assert payment.id > screen.id
    assert "Вы получите 13,00 кредитов" in payment.text
    assert (await anna.wallet.pays(PAY)).state == "paid"
    paid = await anna.sees(PAID)
    assert paid.id > payment.id
    assert await balance(stage, anna) == 2_300
    assert await anna.wallet.balance() == 4_900
    await anna.says("/history")
    await anna.presses("Операции")
    await anna.sees("+13,00 · Пополнение: ⭐ 100")
    assert payment.id not in [message.id for message in anna.messages]


async def test_a_link_is_for_who_asked_for_it_and_for_once(stage: Stage, anna: Person, john: Person) -> None:
    await begins(anna)
    link = await link_to(stage, anna)
    await john.says("/start")
    refused = await john.wallet.pays(link)
    assert refused.error == (
        "This invoice is another person's. Please begin your own in the bot: /topup. Nothing was charged."
    )
    assert (await anna.wallet.pays(link)).state == "paid"
    await anna.sees(PAID)
    again = await anna.wallet.pays(link)
    assert (again.state, again.error) == ("refused", "Этот счёт уже оплачен. Повторно ничего не списано.")
    assert (await john.wallet.balance(), await anna.wallet.balance()) == (5_000, 4_900)


async def test_an_invoice_of_another_program_is_not_known(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    asked = {"title": "Чужое", "description": "Чужое", "payload": "balance_topup_100", "currency": "XTR"}
    answer = await stage.sandbox.http.post(
        f"{stage.sandbox.base_url}/bot{stage.sandbox.token}/createInvoiceLink",
        json={**asked, "prices": [{"label": "Чужое", "amount": 5}]},
    )
    refused = await anna.wallet.pays((await answer.json())["result"])
    assert refused.error == "Магазин не знает такого счёта. Ничего не списано."


async def test_news_that_comes_three_times_counts_once(stage: Stage, anna: Person) -> None:
    await stage.sandbox.stars.fault("repeat", "payment", copies=2)
    await begins(anna)
    await anna.wallet.pays(PAY)
    await anna.sees(PAID)
    assert await balance(stage, anna) == 2_300
    assert await statuses(stage, anna) == [PaymentStatus.SUCCEEDED]


async def test_what_was_never_told_is_found_in_telegrams_list(stage: Stage, anna: Person) -> None:
    await stage.sandbox.stars.fault("lose", "payment")
    await stage.sandbox.stars.spends(7, "paid_messages")
    await begins(anna)
    assert (await anna.wallet.pays(PAY)).state == "paid"
    await anna.never_sees("✅")
    await reconcile(stage)
    await anna.sees(PAID)
    assert await balance(stage, anna) == 2_300


async def test_i_have_paid_asks_telegram_at_once(stage: Stage, anna: Person) -> None:
    await stage.sandbox.stars.fault("lose", "payment")
    await begins(anna)
    early = await anna.presses("✅ Я оплатил(а)")
    assert early.text is not None
    assert early.text.startswith("Пока не оплачено.")
    await anna.wallet.pays(PAY)
    await anna.presses("✅ Я оплатил(а)")
    await anna.sees(PAID)


async def test_telegrams_support_gives_back(stage: Stage, anna: Person) -> None:
    await begins(anna)
    await anna.wallet.pays(PAY)
    await anna.sees(PAID)
    await stage.sandbox.stars.refunds()
    await anna.sees("↩️")
    assert await balance(stage, anna) == 1_000
    assert await anna.wallet.balance() == 5_000


async def test_a_chargeback_is_found_in_telegrams_list(stage: Stage, anna: Person) -> None:
    await begins(anna)
    await anna.wallet.pays(PAY)
    await anna.sees(PAID)
    await stage.sandbox.stars.charges_back()
    await reconcile(stage)
    assert await balance(stage, anna) == 1_000
    assert await anna.wallet.balance() == 4_900  # whoever sold her the Stars gave her the money


async def test_two_payments_at_the_same_moment_and_one_goes_back(stage: Stage, anna: Person) -> None:
    """Both questions are answered before any news of the first: what the second brings is sent back by the owner."""
    olga = await stage.person("Ольга", "ru", id=OWNER_ID, role="owner")
    await olga.says("/start")
    await begins(anna)
    link = await link_to(stage, anna)
    await stage.sandbox.stars.fault("late", "payment", times=2, seconds=60)
    both = await asyncio.gather(anna.wallet.pays(link), anna.wallet.pays(link))
    assert [each.state for each in both] == ["paid", "paid"]
    await stage.sandbox.advance(60)
    await anna.sees("✅ Оплачено: ⭐ 100")
    await olga.sees_button("↩️ Вернуть")
    await olga.says("/admin")
    await olga.presses("💰 Платежи")
    await olga.presses("❔ Деньги без платежа")
    listed = await olga.sees("⭐ 100: пока не возвращены")
    assert f"от Telegram {anna.id}" in listed.text
    await olga.presses("↩️ Вернуть ⭐ 100 от ")
    await olga.sees("Вернуть ⭐ 100?")
    await olga.presses("↩️ Вернуть")
    await olga.sees("✅")
    await olga.says("/admin")
    await olga.presses("💰 Платежи")
    await olga.presses("❔ Деньги без платежа")
    await olga.sees("⭐ 100: возвращены")
    assert (await anna.wallet.balance(), await balance(stage, anna)) == (4_900, 2_300)


async def test_where_to_turn_with_trouble(stage: Stage, anna: Person) -> None:
    await anna.says("/paysupport")
    answer = await anna.sees("плат")
    assert answer.buttons
