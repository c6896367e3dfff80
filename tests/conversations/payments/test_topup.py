"""Top-ups as they should go: card, SBP, amounts of one's own, packages, a form that waits for money."""

from datetime import timedelta

import pytest

from db.tables.payments import PaymentStatus
from sandbox.client.person import Person
from sandbox.client.shop import Shop
from services.billing import ledger
from services.money import rub
from services.payments.packages import PackageOffer
from services.users.actor import Actor
from tests.conversations.payments.tills import chooses, payments, statuses
from tests.conversations.shopping import balance, fills_in_wine
from tests.conversations.stage import Stage


async def test_a_top_up_by_card(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.presses("💳 Пополнить")
    screen = await anna.sees("1 кредит стоит 10 ₽.")
    assert screen.buttons[:4] == ["100 ₽ → 10,00", "300 ₽ → 30,00", "500 ₽ → 50,00", "1\u00a0000 ₽ → 100,00"]
    assert screen.buttons[4:] == ["✏️ Другая сумма", "🧾 Мои платежи", "🏠 Меню"]
    await anna.presses("300 ₽")
    payment = await anna.sees("Пополнение на 300 ₽")
    assert payment.id == screen.id
    assert "Придёт: 30,00 кредитов." in payment.text
    assert payment.buttons == ["💳 Оплатить 300 ₽", "✅ Я оплатил(а)", "‹ Назад"]
    assert (await anna.pays("💳 Оплатить")).endswith(f"/?bot={stage.sandbox.bot_id}")
    paid = await anna.sees("✅ Оплачено: 300 ₽, зачислено 30,00 кредитов.")
    assert paid.id == payment.id
    assert "Баланс: 40,00 кредитов" in paid.text
    assert paid.buttons == ["🔮 Модели", "🏠 Меню"]
    assert await balance(stage, anna) == 4000
    await anna.says("/balance")
    screen = await anna.sees("+30,00 · Пополнение: 300 ₽")
    assert screen.buttons[0] == "💳 Пополнить"


async def test_a_top_up_by_sbp_in_english(stage: Stage, john: Person) -> None:
    await john.says("/topup")
    await john.sees("1 credit costs 10 ₽.")
    await john.presses("1\u00a0000 ₽ → 100.00")
    payment = await john.sees("Top-up: 1\u00a0000 ₽")
    assert payment.buttons == ["💳 Pay 1\u00a0000 ₽", "✅ I have paid", "‹ Back"]
    await john.pays("💳 Pay", method="sbp")
    paid = await john.sees("✅ Paid: 1\u00a0000 ₽, 100.00 credits added.")
    assert paid.id == payment.id
    assert await balance(stage, john) == 11000
    await john.says("/history")
    await john.presses("Operations")
    await john.sees("+100.00 · Top-up: 1\u00a0000 ₽")


@pytest.mark.parametrize(
    ("typed", "kopecks"),
    [
        ("19.99", 1999),
        ("19,99", 1999),
        ("1 000", 100_000),
        ("350000", 35_000_000),
        ("1", 100),
        ("250 ₽", 25_000),
        ("７００", 70_000),
    ],
)
async def test_amounts_that_are_taken_exactly(stage: Stage, anna: Person, typed: str, kopecks: int) -> None:
    await anna.says("/topup")
    await anna.presses("✏️ Другая сумма")
    await anna.sees("Отправьте сумму в рублях: от 1 до 350\u00a0000 ₽.")
    await anna.says(typed)
    await anna.sees_button("💳 Оплатить")
    [payment] = await payments(stage, anna)
    assert (payment.amount.minor, payment.credits) == (kopecks, kopecks // 10)


@pytest.mark.parametrize(
    "typed", ["0", "-5", "1e3", "100.001", "③", "1000000", "350000.01", "0.99", "сто", "10 20", "∞", "10 USD"]
)
async def test_amounts_that_are_refused(stage: Stage, typed: str) -> None:
    anna = await stage.person("Анна", "ru")
    await anna.says("/topup")
    await anna.presses("✏️ Другая сумма")
    await anna.sees("Отправьте сумму")
    await anna.says(typed)
    refusal = await anna.sees("⚠️ ")
    assert refusal.holds("от 1 до 350\u00a0000 ₽")
    assert "например 300" in refusal.text
    await anna.says("10,50")
    await anna.sees_button("💳 Оплатить 10,50 ₽")
    assert len(await payments(stage, anna)) == 1


async def test_no_amount_at_all(stage: Stage, john: Person) -> None:
    await john.says("/topup")
    await john.presses("✏️ Another amount")
    await john.sees("Send the amount in roubles: from 1 to 350\u00a0000 ₽.")
    await john.sends("sticker")
    await john.sees("⚠️ An amount from 1 to 350\u00a0000 ₽")
    await john.says("/cancel")
    await john.sees("The top-up is left. Nothing was charged.")
    await john.says("300")
    await john.sees("These look like values for a model.")
    assert await payments(stage, john) == []


async def test_a_package_with_an_end(stage: Stage, anna: Person, john: Person) -> None:
    offer = PackageOffer(title={"ru": "Стартовый", "en": "Starter"}, credits=5000, price=rub(45_000), valid_days=90)
    package = await stage.app.services.packages.create(offer, actor=Actor.system())
    try:
        await anna.says("/topup")
        screen = await anna.sees("🎁 Стартовый: 50,00 кредитов за 450 ₽, действует 90 дней")
        assert "🎁 Стартовый · 450 ₽" in screen.buttons
        await anna.presses("🎁 Стартовый")
        await anna.sees("Придёт: 50,00 кредитов, действует 90 дней.")
        await anna.pays("💳 Оплатить 450 ₽")
        end = stage.app.catalogues["ru"].date(stage.app.clock() + timedelta(days=90))
        await anna.sees(f"Они действуют до {end}.")
        await anna.says("/balance")
        await anna.sees(f"⏳ 50,00 кредитов: до {end}")
        await john.says("/topup")
        await john.sees("🎁 Starter: 50.00 credits for 450 ₽, valid for 90 days")
    finally:
        await stage.app.services.packages.enable(package.id, enabled=False, actor=Actor.system())
    await john.presses("🎁 Starter")
    again = await john.sees("⚠️ This package is not sold any more.")
    assert again.button("🎁") is None
    assert await payments(stage, john) == []


async def test_the_kept_form_continues(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    user_id, now = await stage.user_id(anna), stage.app.clock()
    await stage.app.db.write(ledger.take_back, user_id=user_id, amount=950, key=f"test:{user_id}", now=now)
    summary = await fills_in_wine(anna)
    assert "Не хватает: 0,50 кредита." in summary.text
    assert summary.buttons[:2] == ["💳 Пополнить", "🔮 Предсказать за 1,00 кредит"]
    await anna.presses("💳 Пополнить")
    screen = await anna.sees("Для вашей анкеты не хватает: 0,50 кредита.")
    assert screen.id > summary.id
    await anna.presses("100 ₽")
    await anna.sees("Пополнение на 100 ₽")
    await anna.pays("💳 Оплатить")
    paid = await anna.sees("✅ Оплачено: 100 ₽")
    assert paid.buttons == ["▶️ Продолжить анкету", "🏠 Меню"]
    await anna.presses("▶️ Продолжить анкету")
    await anna.sees("Баланс: 10,50 → 9,50")
    await anna.presses("🔮 Предсказать за 1,00 кредит")
    await anna.sees_photo("Бароло")
    assert await balance(stage, anna) == 950


async def test_an_own_amount_for_the_kept_form(stage: Stage, john: Person) -> None:
    await john.says("/start")
    await john.sees("Hello")
    user_id, now = await stage.user_id(john), stage.app.clock()
    await stage.app.db.write(ledger.take_back, user_id=user_id, amount=1000, key=f"test:{user_id}", now=now)
    await john.says("/models")
    await john.presses("Wine")
    page = await john.sees("Your balance: 0.00")
    assert "💳 Top up" in page.buttons
    await fills_in_wine(john)
    await john.presses("💳 Top up")
    await john.presses("✏️ Another amount")
    await john.sees("Send the amount")
    await john.says("15")
    await john.sees_button("💳 Pay 15 ₽")
    await john.pays("💳 Pay 15 ₽")
    await john.sees("✅ Paid: 15 ₽, 1.50 credits added.")
    await john.presses("▶️ Continue the form")
    await john.sees("Balance: 1.50 → 0.50")
    await john.presses("🔮 Predict for 1.00 credit")
    await john.sees_photo("Barolo")


async def test_two_taps_make_one_payment(stage: Stage, anna: Person) -> None:
    await anna.says("/topup")
    screen = await anna.sees("1 кредит стоит")
    button = screen.button("500 ₽")
    assert button is not None
    assert button.data is not None
    await anna.presses("500 ₽")
    await anna.sees("Пополнение на 500 ₽")
    await anna.forges(button.data, screen.id)
    assert len(await payments(stage, anna)) == 1
    await anna.pays("💳 Оплатить 500 ₽")
    await anna.sees("✅ Оплачено: 500 ₽")
    await anna.forges(button.data, screen.id)
    assert "✅ Оплачено: 500\u00a0₽" in (await anna.looks())[-1].text
    assert await statuses(stage, anna) == [PaymentStatus.SUCCEEDED]


async def test_a_tap_beside_the_first_one(stage: Stage, anna: Person) -> None:
    """The chat is slow, and the screen still offers everything."""
    await anna.says("/topup")
    screen = await anna.sees("1 кредит стоит")
    other = screen.button("500 ₽")
    assert other is not None
    assert other.data is not None
    await anna.presses("100 ₽")
    await anna.sees("Пополнение на 100 ₽")
    await anna.forges(other.data, screen.id)
    await anna.pays("💳 Оплатить 100 ₽")
    await anna.sees("✅ Оплачено: 100 ₽")
    await anna.forges(other.data, screen.id)
    assert [payment.amount.minor for payment in await payments(stage, anna)] == [10_000]
    assert [message.id for message in await anna.looks() if message.holds("✅ Оплачено: 100 ₽")] == [screen.id]


async def test_a_payment_keeps_its_message(stage: Stage, anna: Person, yookassa: Shop) -> None:
    """A button that was under it before opens its screen below."""
    await chooses(anna, "100 ₽")
    message = await anna.sees("Пополнение на 100 ₽")
    await anna.forges("menu", message.id)
    await anna.presses("💳 Пополнить")
    await anna.presses("300 ₽")
    second = await anna.sees("Пополнение на 300 ₽")
    assert second.id > message.id
    first = (await yookassa.payments(limit=2))[1]
    await yookassa.pays(first["id"])
    assert (await anna.sees("✅ Оплачено: 100 ₽")).id == message.id
    await anna.pays("💳 Оплатить 300 ₽")
    assert (await anna.sees("✅ Оплачено: 300 ₽")).id == second.id


async def test_my_payments(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await anna.says("/topup")
    await anna.presses("🧾 Мои платежи")
    await anna.sees("Платежей пока не было.")
    for amount in ("100 ₽", "300 ₽", "500 ₽"):
        await chooses(anna, amount)
        if amount == "100 ₽":
            await yookassa.pays()
            await anna.sees("✅ Оплачено")
        elif amount == "300 ₽":
            await yookassa.declines("card_expired")
            await anna.sees("✖️ Платёж на 300 ₽ не прошёл.")
    await anna.says("/topup")
    await anna.presses("🧾 Мои платежи")
    listed = await anna.sees("Мои платежи")
    assert [line.partition(" за ")[0] for line in listed.text.splitlines() if " за " in line] == [
        "⏳ 500\u00a0₽",
        "✖️ 300\u00a0₽",
        "✅ 100\u00a0₽",
    ]
    assert "пока не оплачен" in listed.text
    assert "Срок действия карты" in listed.text
    assert listed.buttons == ["💳 Оплатить 500 ₽", "💳 Пополнить", "🏠 Меню"]
    await yookassa.refunds_in_cabinet((await yookassa.payments(limit=3))[2]["id"], amount="40.00")
    await anna.sees("↩️ 40 ₽ отправлены вам обратно")
    await anna.says("/topup")
    await anna.presses("🧾 Мои платежи")
    await anna.sees("оплачен, из них возвращено 40 ₽")
    await anna.says("/balance")
    await anna.sees("−4,00 · Возврат денег: 40 ₽")


@pytest.mark.parametrize(
    "data",
    [
        "topup:a:0:x",
        "topup:a:999999999:x",
        "topup:a:-1:x",
        "topup:p:999:x",
        "topup:check:zz",
        f"topup:check:{'0' * 32}",
        f"topup:leave:{'0' * 32}",
        "topup:what",
        "topup:a:100",
        "payments:-1",
        "payments:99999999999",
    ],
)
async def test_buttons_that_nobody_offered(stage: Stage, data: str) -> None:
    anna = await stage.person("Анна", "ru")
    await anna.says("/topup")
    await anna.sees("1 кредит стоит")
    await anna.forges(data)
    assert await payments(stage, anna) == []


async def test_a_payment_of_another_customer(stage: Stage, anna: Person, john: Person) -> None:
    await chooses(anna)
    [payment] = await payments(stage, anna)
    await john.says("/topup")
    await john.sees("1 credit costs")
    for verb in ("check", "leave"):
        refused = await john.forges(f"topup:{verb}:{payment.id.hex}")
        assert refused.text == "There is no such payment."
    await anna.pays("💳 Оплатить")
    await anna.sees("✅ Оплачено")
