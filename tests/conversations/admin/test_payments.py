"""Payments and packages from the chat: looked at, asked for, refunded; made, changed, taken off."""

import asyncio
from dataclasses import replace

import pytest

from db.tables.payments import RefundStatus
from sandbox.client.person import Person
from services.billing import ledger
from services.money import Money, rub
from services.payments.queries import PaymentView
from services.users.actor import Actor
from tests.conversations.admin.conftest import audit_log
from tests.conversations.payments.tills import chooses, payments
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage


async def pays(stage: Stage, person: Person, pay: str = "💳 Оплатить", done: str = "✅ Оплачено") -> PaymentView:
    """300 ₽ for 30.00 credits."""
    await chooses(person)
    await person.pays(pay)
    await person.sees(done)
    return (await payments(stage, person))[0]


async def spends(stage: Stage, person: Person, amount: int) -> None:
    await stage.app.db.write(
        ledger.take_back,
        user_id=await stage.user_id(person),
        amount=amount,
        key=f"spent:{person.id}:{amount}",
        now=stage.app.clock(),
    )


async def refunded(stage: Stage, payment: PaymentView) -> list[tuple[RefundStatus, int]]:
    refunds = await stage.app.services.payment_queries.refunds(payment.id)
    return [(refund.status, refund.amount.minor) for refund in refunds]


async def test_the_latest_and_one_of_them(stage: Stage, olga: Person, anna: Person) -> None:
    payment = await pays(stage, anna)
    await olga.says("/admin")
    await olga.presses("💰 Платежи")
    listed = await olga.sees("💰 Платежи, сначала новые")
    assert listed.buttons[0].endswith(" · 300 ₽ · Анна")
    await olga.presses("300 ₽")
    page = await olga.sees("✅ 300 ₽ за 30,00 кредитов")
    assert "Состояние: оплачен" in page.text
    assert f"Покупатель: Анна, #{payment.user_id}" in page.text
    assert f"Номер: {payment.id}" in page.text
    assert f"В ЮKassa: {payment.provider_payment_id}" in page.text
    assert page.holds("Вернуть можно до 300 ₽.")
    assert page.buttons == ["↩️ Вернуть 300 ₽", "✂️ Часть", "👤 Покупатель", "‹ Назад", "🛠 Панель"]
    await olga.presses("👤 Покупатель")
    card = await olga.sees("👤 Анна")
    assert card.holds("Оплачено: 300 ₽")
    assert "Последние платежи" in card.text


async def test_found_by_number(stage: Stage, kate: Person, anna: Person) -> None:
    payment = await pays(stage, anna)
    for number in (str(payment.id), payment.id.hex, payment.provider_payment_id or ""):
        await kate.says("/admin")
        await kate.presses("💰 Payments")
        await kate.presses("🔎 By number")
        await kate.says(number)
        await kate.sees(f"Number: {payment.id}")
    await kate.presses("‹ Back")
    await kate.presses("🔎 By number")
    for wrong in ("1", "x" * 200, "0" * 32):
        await kate.says(wrong)
        await kate.sees("There is no such payment.")


async def test_asked_for_now(stage: Stage, olga: Person, anna: Person) -> None:
    await chooses(anna)
    payment = (await payments(stage, anna))[0]
    await olga.says("/admin")
    await olga.sees("Панель")
    await olga.forges(f"adm-pay:{payment.id.hex}")
    await olga.sees("Состояние: пока не оплачен")
    await olga.presses("🔄 Спросить ЮKassa")
    await olga.sees("ЮKassa отвечает: ничего нового.")
    shop = await stage.sandbox.shop()
    await shop.fault("lose", "payment.succeeded")
    try:
        await anna.pays("💳 Оплатить")
        await olga.presses("🔄 Спросить ЮKassa")
        await olga.sees("✅ У ЮKassa есть новости.")
        await anna.sees("✅ Оплачено: 300 ₽")
    finally:
        await shop.clear_faults()
    assert await balance(stage, anna) == 4000


async def test_a_whole_refund(stage: Stage, olga: Person, anna: Person) -> None:
    payment = await pays(stage, anna)
    await olga.says(f"/refund {payment.id}")
    await olga.sees("По какой причине?")
    await olga.says("передумал")
    shown = await olga.sees("Вернуть 300 ₽? Кому: Анна")
    assert "Причина: передумал" in shown.text
    await olga.presses("↩️ Вернуть")
    page = await olga.sees("✅ Возвращено 300 ₽.")
    assert "забрано 30,00 кредитов" in page.text
    assert "↩️ Вернуть 300 ₽" not in page.buttons
    await anna.sees("↩️ 300 ₽")
    assert await balance(stage, anna) == 1000
    assert await refunded(stage, payment) == [(RefundStatus.SUCCEEDED, 30_000)]
    assert [(entry.action, entry.reason) for entry in await audit_log(stage, anna)] == [("payment.refund", "передумал")]
    await olga.says(f"/refund {payment.id}")
    await olga.sees("Этот платёж уже возвращён полностью.")


async def test_a_refund_in_parts(stage: Stage, kate: Person, john: Person) -> None:
    payment = await pays(stage, john, "💳 Pay", "✅ Paid")
    await kate.says("/admin")
    await kate.presses("💰 Payments")
    await kate.presses("300 ₽ · John")
    await kate.presses("✂️ A part")
    await kate.sees("How many roubles shall go back?")
    for wrong in ("0", "-5", "300.01", "1e2", "all"):
        await kate.says(wrong)
        await kate.sees("⚠️ An amount from 0.01 to 300 ₽")
    await kate.says("100")
    await kate.says("half of it")
    await kate.sees("Send 100 ₽ back to John")
    await kate.presses("↩️ Refund")
    page = await kate.sees("✅ 100 ₽ went back.")
    assert page.holds("Up to 200 ₽ can go back.")
    await kate.says(f"/refund {payment.id} 150.50 the rest later")
    await kate.presses("↩️ Refund")
    await kate.sees("✅ 150.50 ₽ went back.")
    assert await balance(stage, john) == 4000 - 1000 - 1505


async def test_spent_credits_are_asked_about_again(stage: Stage, olga: Person, anna: Person) -> None:
    payment = await pays(stage, anna)
    await spends(stage, anna, 2500)
    await olga.says(f"/refund {payment.id} по просьбе")
    await olga.presses("↩️ Вернуть")
    again = await olga.sees("Всё равно вернуть")
    assert "15,00" in again.text
    assert await refunded(stage, payment) == []
    await olga.presses("↩️ Всё равно вернуть")
    page = await olga.sees("✅ Возвращено 300 ₽.")
    assert "не взыскано: 15,00 кредитов" in page.text
    assert await balance(stage, anna) == 0


async def test_a_refund_twice_at_the_same_moment(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    """One decision tapped five times, and two admins who decide the same."""
    payment = await pays(stage, anna)
    for admin, words in ((olga, "Вернуть 300 ₽?"), (kate, "Send 300 ₽ back")):
        await admin.says(f"/refund {payment.id} дважды")
        await admin.sees(words)
    answers = await asyncio.gather(
        *(olga.presses("↩️ Вернуть") for _ in range(3)), *(kate.presses("↩️ Refund") for _ in range(2))
    )
    assert await refunded(stage, payment) == [(RefundStatus.SUCCEEDED, 30_000)]
    assert await balance(stage, anna) == 1000
    told = sorted(answer.text or "" for answer in answers)
    assert told[0] == "", "one press sent the money back, and its screen says so"
    assert set(told[1:]) <= {
        "Это уже решено.",
        "This is decided already.",
        "Этот платёж уже возвращён полностью.",
        "This payment is already refunded in full.",
    }
    assert len([entry for entry in await audit_log(stage, anna) if entry.action == "payment.refund"]) == 1


async def test_two_parts_at_the_same_moment_that_are_too_much(
    stage: Stage, olga: Person, kate: Person, anna: Person
) -> None:
    payment = await pays(stage, anna)
    for admin, words in ((olga, "Вернуть 200 ₽?"), (kate, "Send 200 ₽ back")):
        await admin.says(f"/refund {payment.id} 200 часть")
        await admin.sees(words)
    told = {answer.text for answer in await asyncio.gather(olga.presses("↩️ Вернуть"), kate.presses("↩️ Refund"))}
    assert len(told & {None}) == 1
    assert told - {None} <= {
        "По этому платежу можно вернуть ещё не больше 100 ₽.",
        "At most 100 ₽ of this payment can still be refunded.",
    }
    assert await refunded(stage, payment) == [(RefundStatus.SUCCEEDED, 20_000)]
    assert await balance(stage, anna) == 2000


async def test_what_cannot_be_refunded(stage: Stage, kate: Person, john: Person) -> None:
    await chooses(john)
    payment = (await payments(stage, john))[0]
    await kate.says(f"/refund {payment.id} why")
    await kate.sees("Only a payment that succeeded can be refunded.")
    await kate.says("/refund nonsense")
    await kate.sees("There is no such payment.")
    paid = await pays(stage, john, "💳 Pay", "✅ Paid")
    await kate.says(f"/refund {paid.id} 1000 why")
    await kate.sees("An amount from 0.01 to 300 ₽")


async def test_a_silent_yookassa(stage: Stage, olga: Person, anna: Person) -> None:
    payment = await pays(stage, anna)
    shop = await stage.sandbox.shop()
    await shop.fault("500_after", "refunds.create", times=0)
    try:
        await olga.says(f"/refund {payment.id} проверка")
        await olga.presses("↩️ Вернуть")
        await olga.sees("⚠️")
    finally:
        await shop.clear_faults()
    till = stage.app.services.payments
    assert till is not None
    await till.reconciler.round(everything=True)
    assert await refunded(stage, payment) == [(RefundStatus.SUCCEEDED, 30_000)]
    assert await balance(stage, anna) == 1000


async def test_a_package(stage: Stage, olga: Person, anna: Person) -> None:
    await olga.says("/admin")
    await olga.presses("📦 Пакеты")
    await olga.presses("➕ Новый пакет")
    for question, wrong, answer in (
        ("по-русски", "x" * 61, "Сто кредитов"),
        ("по-английски", " ", "A hundred credits"),
        ("Сколько кредитов", "0", "100"),
        ("в рублях", "дёшево", "900"),
        ("Сколько дней", "3651", "90"),
    ):
        await olga.sees(question)
        if wrong.strip():
            await olga.says(wrong)
            await olga.sees("⚠️")
        await olga.says(answer)
    shown = await olga.sees("Выставить пакет на продажу?")
    assert "Сто кредитов / A hundred credits" in shown.text
    assert shown.holds("100,00 кредитов за 900 ₽")
    assert "Действует 90 дней" in shown.text
    await olga.presses("✅ Выставить")
    await olga.sees("✅ Выставлено на продажу.")
    await anna.says("/topup")
    await anna.sees("Сто кредитов")
    await olga.presses("✏️ Цена")
    await olga.says("950")
    await olga.sees("100,00 кредитов за 950 ₽")
    await olga.presses("✏️ Дни")
    await olga.says("0")
    await olga.sees("Действует бессрочно")
    await olga.presses("✏️ Цена")
    await olga.sees("в рублях")
    await _somebody_else_prices("Сто кредитов", rub(800_00), stage)
    await olga.says("850")
    assert (await olga.sees("Тем временем")).holds("800,00")
    await olga.says("850")
    await olga.sees("100,00 кредитов за 850 ₽")
    await olga.presses("⚪ Снять с продажи")
    await olga.sees("⚪ Снято с продажи")
    await anna.says("/topup")
    await anna.sees("Баланс")
    await anna.never_sees("Сто кредитов")


async def test_a_package_in_english(stage: Stage, kate: Person) -> None:
    await kate.says("/admin")
    await kate.presses("📦 Packages")
    await kate.presses("➕ New package")
    for answer in ("Десять", "Ten", "10", "95.50", "0"):
        await kate.says(answer)
    shown = await kate.sees("Put this package on sale?")
    button = shown.button("✅ Put on sale")
    assert button is not None
    answers = await asyncio.gather(*(kate.forges(button.data or "", shown.id) for _ in range(3)))
    assert [answer.text for answer in answers].count("This is decided already.") == 2
    made = [each for each in await stage.app.services.packages.all() if each.title["en"] == "Ten"]
    assert [(each.credits, each.price.minor, each.valid_days) for each in made] == [(1000, 9550, None)]
    await kate.presses("⬆️ Higher")
    await kate.sees("✅ Now place")


@pytest.mark.parametrize("argument", ["0", "999999", "x", "1:none", "1:up:up"])
async def test_packages_that_are_not_there(olga: Person, argument: str) -> None:
    await olga.says("/admin")
    await olga.sees("Панель")
    answer = await olga.forges(f"adm-pack:{argument}")
    assert "сломалось" not in (answer.text or "")


async def _somebody_else_prices(name: str, price: Money, stage: Stage) -> None:
    packages = stage.app.services.packages
    package = next(each for each in await packages.all() if each.title["ru"] == name)
    await packages.edit(package.id, replace(package, price=price), actor=Actor.system())
