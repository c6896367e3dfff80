"""Top-ups in bad weather: declined, left, late, unheard of, and a YooKassa that does not answer."""

from datetime import timedelta

import pytest
import pytest_asyncio

from bot.app import App
from db.tables.payments import PaymentStatus
from sandbox.client.person import Person
from sandbox.client.screen import JsonObject
from sandbox.client.shop import Shop
from sandbox.testing import new_token, new_world
from services.notifications import settle
from tests.conversations.payments.conftest import open_till
from tests.conversations.payments.tills import chooses, payments, reconcile, statuses
from tests.conversations.shopping import balance
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.waiting import until


async def test_declined_with_a_reason(stage: Stage, anna: Person, john: Person, yookassa: Shop) -> None:
    payment = await chooses(anna)
    await yookassa.declines("insufficient_funds")
    declined = await anna.sees("✖️ Платёж на 300 ₽ не прошёл.")
    assert declined.id == payment.id
    assert "На карте или в кошельке не хватает денег." in declined.text
    assert declined.buttons[0] == "💳 Пополнить"
    await chooses(john)
    await yookassa.declines("card_expired")
    assert "The card has expired." in (await john.sees("✖️ The payment of 300 ₽ did not go through.")).text
    await john.presses("💳 Top up")
    await john.presses("300 ₽")
    await john.pays("💳 Pay 300 ₽")
    await john.sees("✅ Paid: 300 ₽")
    assert await balance(stage, john) == 4000


async def test_left_and_come_back(stage: Stage, anna: Person, yookassa: Shop) -> None:
    """Who goes back and pays after all is told below; an end of what was left is not worth a message."""
    payment = await chooses(anna)
    await anna.presses("‹ Назад")
    back = await anna.sees("1 кредит стоит")
    assert back.id == payment.id
    await yookassa.pays()
    paid = await anna.sees("✅ Оплачено: 300 ₽")
    assert paid.id > back.id
    await chooses(anna, "500 ₽")
    await anna.presses("‹ Назад")
    await anna.sees("1 кредит стоит")
    await yookassa.expires()
    await yookassa.webhooks()
    await anna.never_sees("✖️")
    assert await statuses(stage, anna) == [PaymentStatus.CANCELED, PaymentStatus.SUCCEEDED]


async def test_a_late_success_counts(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await chooses(anna)
    await yookassa.expires()
    await anna.sees("Платёж не подтверждён в течение часа.")
    await yookassa.pays(force=True)
    await anna.sees("✅ Оплачено: 300 ₽")
    assert await balance(stage, anna) == 4000


async def test_i_have_paid(stage: Stage, anna: Person, john: Person, yookassa: Shop) -> None:
    await chooses(anna)
    early = await anna.presses("✅ Я оплатил(а)")
    assert early.show_alert
    assert (early.text or "").startswith("Пока не оплачено.")
    await yookassa.fault("lose", "payment.succeeded", times=0)
    await anna.pays("💳 Оплатить")
    found = await anna.presses("✅ Я оплатил(а)")
    assert found.text == "Оплачено, спасибо!"
    await anna.sees("✅ Оплачено: 300 ₽")
    assert await balance(stage, anna) == 4000
    await yookassa.fault("lose", "payment.canceled", times=0)
    await chooses(john)
    await yookassa.declines("fraud_suspected")
    told = await john.presses("✅ I have paid")
    assert told.text == "The payment did not go through; the message says why."
    await john.sees("The payment looked suspicious and was stopped.")


async def test_a_webhook_that_is_lost(stage: Stage, anna: Person, yookassa: Shop) -> None:
    payment = await chooses(anna)
    await yookassa.fault("lose", "payment.succeeded")
    await anna.pays("💳 Оплатить")
    await anna.never_sees("✅ Оплачено")
    await reconcile(stage)
    assert (await anna.sees("✅ Оплачено: 300 ₽")).id == payment.id
    assert await balance(stage, anna) == 4000


async def test_a_webhook_that_comes_twenty_times(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await chooses(anna)
    await anna.pays("💳 Оплатить")
    await anna.sees("✅ Оплачено")
    last = (await yookassa.webhooks())[-1]
    assert set(await yookassa.sends_again(last["n"], times=20)) == {200}
    await reconcile(stage)
    await anna.never_sees("✅ Оплачено: 300 ₽, зачислено 60")
    assert await balance(stage, anna) == 4000


async def test_a_webhook_before_the_answer(stage: Stage, anna: Person, yookassa: Shop) -> None:
    """The payment is made, the answer is slow, and it is paid meanwhile."""
    before = await yookassa.payments(limit=1)
    await yookassa.fault("slow", "payments.create", seconds=0.5)
    await anna.says("/topup")
    await anna.sees("1 кредит стоит")
    pressed = await anna.presses("300 ₽")
    assert pressed.text is None
    await anna.sees("⏳ Готовлю платёж")
    await until(lambda: _one_more(yookassa, before))
    await yookassa.pays()
    await anna.sees("✅ Оплачено: 300 ₽")
    assert await balance(stage, anna) == 4000
    await anna.never_sees("Оплатите на странице", during=0.8)
    assert "✅ Оплачено" in anna.last.text


@pytest.mark.parametrize("kind", ["500", "html", "cut", "500_after", "cut_after", "html_after", "broken", "429"])
async def test_no_answer_to_a_new_payment(stage: Stage, kind: str) -> None:
    """The link comes into the same message when the reconciler has it."""
    anna = await stage.person("Анна", "ru")
    yookassa = await stage.sandbox.shop()
    await yookassa.fault(kind, "payments.create")
    await anna.says("/topup")
    await anna.sees("1 кредит стоит")
    await anna.presses("300 ₽")
    waiting = await anna.sees("⏳ Платёжный сервис сейчас не отвечает.")
    assert waiting.buttons == ["🔄 Спросить ещё раз", "‹ Назад"]
    await reconcile(stage)
    ready = await anna.sees_button("💳 Оплатить 300 ₽")
    assert ready.id == waiting.id
    await anna.pays("💳 Оплатить 300 ₽")
    await anna.sees("✅ Оплачено: 300 ₽")
    assert await balance(stage, anna) == 4000
    assert len(await payments(stage, anna)) == 1


async def test_ask_again_brings_the_link(stage: Stage, john: Person, yookassa: Shop) -> None:
    await yookassa.fault("500_after", "payments.create")
    await yookassa.fault("html", "payments.create")
    await john.says("/topup")
    await john.presses("100 ₽")
    waiting = await john.sees("⏳ The payment service does not answer right now.")
    still = await john.presses("🔄 Ask again")
    assert (still.text or "").startswith("The payment service does not answer right now.")
    brought = await john.presses("🔄 Ask again")
    assert brought.text is None, "nothing covers the link"
    ready = await john.sees_button("💳 Pay 100 ₽")
    assert ready.id == waiting.id
    await john.pays("💳 Pay 100 ₽")
    await john.sees("✅ Paid: 100 ₽")
    assert await balance(stage, john) == 2000


async def test_no_answer_to_a_question(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await chooses(anna)
    for kind in ("500", "html", "cut", "401"):
        await yookassa.fault(kind, "payments.get")
        told = await anna.presses("✅ Я оплатил(а)")
        assert told.text == "Платёжный сервис сейчас не отвечает. Продолжаем спрашивать: ничего не потеряется."
    assert anna.last.holds("Пополнение на 300 ₽")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def owner(stage: Stage) -> Person:
    owner = await stage.person("Ольга", "ru", id=OWNER_ID)
    await owner.says("/start")
    await owner.sees("Здравствуйте")
    return owner


async def test_a_wrong_key(stage: Stage, anna: Person, owner: Person, yookassa: Shop) -> None:
    """The customer is told to wait, the owner to look."""
    await yookassa.fault("401", "payments.create")
    await anna.says("/topup")
    await anna.presses("300 ₽")
    told = await anna.sees("Приём платежей ещё настраивается.")
    assert told.buttons == ["🔮 Модели", "🏠 Меню"]
    await owner.sees("не пускает этот магазин")
    assert await statuses(stage, anna) == [PaymentStatus.CANCELED]


async def test_a_payment_that_changed_its_amount(stage: Stage, anna: Person, owner: Person, yookassa: Shop) -> None:
    """Nothing is credited; the owner is told in roubles, with a way to the payment."""
    await chooses(anna)
    await yookassa.tampers(amount="3.00")
    await anna.pays("💳 Оплатить")
    await yookassa.webhooks()
    await anna.never_sees("✅ Оплачено")
    assert await balance(stage, anna) == 1000
    await owner.sees("У нас и в ЮKassa: amount 300.00 ≠ 3.00.")
    await owner.presses("💰 К платежу")
    await owner.sees("Состояние: пока не оплачен")


async def test_receipts_ask_for_an_address_once(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create(), yookassa_vat_code=1) as stage,
    ):
        shop = await sandbox.shop(receipts_required=True)
        anna = await stage.person("Анна", "ru")
        await anna.says("/topup")
        await anna.presses("300 ₽")
        await anna.sees("По закону нужен чек")
        await anna.says("не скажу")
        await anna.sees("⚠️ Не похоже на адрес почты")
        await anna.says("anna@example.com")
        screen = await anna.sees("Чек придёт на anna@example.com.")
        assert screen.holds("Пополнение на 300 ₽")
        await anna.pays("💳 Оплатить")
        await anna.sees("✅ Оплачено: 300 ₽")
        [made] = await shop.log("payments.create")
        assert made["body"]["receipt"]["customer"] == {"email": "anna@example.com"}
        assert [item["amount"]["value"] for item in made["body"]["receipt"]["items"]] == ["300.00"]
        await chooses(anna, "500 ₽")
        await anna.sees("Чек придёт на anna@example.com.")
        john = await stage.person("John", "en")
        await john.says("/topup")
        await john.presses("✏️ Another amount")
        await john.says("19,99")
        await john.sees("The law asks for a receipt")
        await john.presses("‹ Back")
        await john.sees("1 credit costs")
        await john.says("/profile")
        await john.presses("E-mail")
        await john.says("john@example.com")
        await john.sees("✅ Saved.")
        await john.says("/topup")
        await john.presses("100 ₽")
        await john.sees("The receipt goes to john@example.com.")


async def test_a_shop_that_takes_no_money_any_more(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    url = sqlite_server.create()
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        anna = await sandbox.person("Анна", language_code="ru")
        async with open_till(sandbox, url):
            await anna.says("/topup")
            await anna.presses("✏️ Другая сумма")
            await anna.sees("Отправьте сумму")
            assert "topup" in await anna.commands()
        async with App(shop_settings(sandbox, url)).running():
            await anna.says("300")
            await anna.sees("Пополнение в этом магазине")
            answer = await anna.forges("topup:own", 2)
            assert answer.text is None
            await anna.sees("Пополнение в этом магазине")
            await anna.says("/topup")
            await anna.sees("Пополнение в этом магазине")
            await anna.says("/menu")
            assert (await anna.sees("Что будем делать?")).button("Пополнить") is None
            await anna.says("/help")
            assert "/topup" not in (await anna.sees("Как это работает")).text


async def _one_more(yookassa: Shop, before: list[JsonObject]) -> bool:
    """A payment that was not there before."""
    return [each["id"] for each in await yookassa.payments(limit=1)] != [each["id"] for each in before]


@pytest.mark.parametrize(("kind", "told"), [("400", "Telegram не принял наш ответ"), ("401", "Магазин сейчас занят")])
async def test_a_link_that_telegram_refuses_once(
    stage: Stage, anna: Person, monkeypatch: pytest.MonkeyPatch, kind: str, told: str
) -> None:
    """The payment has begun by then: its message shows it after all."""
    monkeypatch.setattr(settle, "RECHECK_AFTER", timedelta(seconds=0.5))
    await anna.says("/topup")
    await anna.presses("✏️ Другая сумма")
    await stage.sandbox.fault("editMessageText", kind, chat_id=anna.id, description="Bad Request: internal trouble")
    await anna.says("700")
    await anna.sees(told)
    await anna.sees_button("💳 Оплатить 700 ₽")
    assert await statuses(stage, anna) == [PaymentStatus.PENDING]
