"""Plans in the chat: compared, paid for, renewed, changed, cancelled in one tap."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest_asyncio

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.plans import AllowanceUnit
from sandbox.client.person import Person
from services.money import Money
from services.plans.plan_offer import PlanOffer
from services.plans.plans import AllowanceView, PlanView
from services.users.actor import Actor
from tests.conversations.payments.subscribing import ends_soon, mine, plan, subscribes
from tests.conversations.payments.tills import payments
from tests.conversations.stage import Stage

OWNER = Actor.system()


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def plans(stage: Stage) -> AsyncIterator[list[PlanView]]:
    """Light and Pro, on sale while these tests run."""
    manage = stage.app.services.plan_management
    wine = AllowanceView(unit=AllowanceUnit.REQUESTS, amount=50, slugs=("wine",))
    offers = [
        plan("light", 29_000, credits=3000),
        plan("pro", 49_000, credits=10_000, trial_days=7, discount_percent=10, allowances=(wine,)),
    ]
    made = [await manage.create(each, actor=OWNER) for each in offers]
    await stage.app.services.plans.all()
    yield made
    for each in made:
        await manage.enable(each.id, enabled=False, actor=OWNER)
    await stage.app.services.plans.all()


async def test_nobody_agrees_to_another_price_than_they_saw(stage: Stage, anna: Person, plans: list[PlanView]) -> None:
    _, pro = plans
    await anna.says("/plans")
    await anna.presses("Профи · 490 ₽")
    await anna.sees("вы соглашаетесь: Списывать 490")
    manage, offer = stage.app.services.plan_management, PlanOffer.of(pro)
    await manage.edit(pro.id, replace(offer, prices={Currency.RUB: Money(4_900_000, Currency.RUB)}), actor=OWNER)
    try:
        await anna.presses("🔁 Подписаться")
        await anna.sees("Цена изменилась")
        assert await payments(stage, anna) == []
    finally:
        await manage.edit(pro.id, offer, actor=OWNER)


async def test_nobody_pays_for_less_than_they_saw(stage: Stage, anna: Person, plans: list[PlanView]) -> None:
    _, pro = plans
    await anna.says("/plans")
    await anna.presses("Профи · 490 ₽")
    await anna.sees("вы соглашаетесь: Списывать 490")
    manage, offer = stage.app.services.plan_management, PlanOffer.of(pro)
    await manage.edit(pro.id, replace(offer, credits=0), actor=OWNER)
    try:
        await anna.presses("🔁 Подписаться")
        await anna.sees("изменилось с тех пор")
        assert await payments(stage, anna) == []
    finally:
        await manage.edit(pro.id, offer, actor=OWNER)


async def test_a_plan_is_compared_and_subscribed_to(stage: Stage, anna: Person) -> None:
    await anna.says("/menu")
    await anna.presses("🎟 Тарифы")
    screen = await anna.sees("490 ₽ в месяц")
    assert "• 30,00 кредитов на период" in screen.text
    assert "• 50 запросов: 🍷 Сорт вина" in screen.text
    assert "• пакеты дешевле на 10" in screen.text
    assert screen.buttons == ["Лайт · 290 ₽", "Профи · 490 ₽", "🏠 Меню"]
    await anna.presses("Профи · 490 ₽")
    page = await anna.sees("Нажимая «Подписаться», вы соглашаетесь: Списывать 490")
    assert page.buttons == [
        "🎁 Попробовать 7 дней",
        "🔁 Подписаться · 490 ₽",
        "Только один период · 490 ₽",
        "‹ Назад",
        "🏠 Меню",
    ]
    await anna.presses("🔁 Подписаться · 490 ₽")
    payment = await anna.sees("Тариф «Профи»: 490 ₽")
    assert payment.id == page.id
    assert "каждый месяц, пока я не отменю" in payment.text
    await anna.pays("💳 Оплатить 490 ₽")
    paid = await anna.sees("✅ Оплачено: 490 ₽. Тариф «Профи»")
    assert paid.id == payment.id
    assert paid.holds("🔁 Следующее списание: 490 ₽")
    await anna.presses("🎟 Мой тариф")
    own = await anna.sees("🎟 Ваш тариф: Профи")
    assert "50 из 50 запросов" in own.text
    assert own.buttons[0] == "✖️ Отменить подписку"
    [payment_row] = await payments(stage, anna)
    assert payment_row.status is PaymentStatus.SUCCEEDED
    await anna.says("/balance")
    await anna.sees("Баланс: 110,00 кредитов")
    await anna.says("/topup")
    await anna.presses("🧾 Мои платежи")
    await anna.sees("490 ₽: Тариф «Профи»")


async def test_it_is_cancelled_in_one_tap_and_goes_on_if_wished(stage: Stage, anna: Person) -> None:
    await subscribes(anna)
    await anna.presses("🎟 Мой тариф")
    await anna.presses("✖️ Отменить подписку")
    cancelled = await anna.sees("✅ Подписка отменена. Больше ничего не спишется.")
    assert "Следующее списание" not in cancelled.text
    assert (await mine(stage, anna)).next_charge is None
    assert cancelled.button("🔁 Включить автопродление") is not None
    assert cancelled.holds("Нажимая «🔁 Включить автопродление», вы соглашаетесь: Списывать 490 ₽ каждый месяц")
    await anna.presses("🔁 Включить автопродление")
    await anna.sees("🔁 Автопродление снова включено.")
    assert (await mine(stage, anna)).next_charge is not None


async def test_a_warning_of_the_day_before_cancels_in_one_tap(stage: Stage, anna: Person) -> None:
    await subscribes(anna)
    await ends_soon(stage, anna, within=timedelta(hours=20))
    warning = await anna.sees("🔁 490 ₽ спишется за следующий период тарифа «Профи»")
    assert warning.buttons == ["✖️ Отменить подписку", "🎟 Мой тариф", "🏠 Меню"]
    await anna.presses("✖️ Отменить подписку")
    await anna.sees("✅ Подписка отменена.")
    assert (await mine(stage, anna)).next_charge is None


async def test_a_period_alone_is_not_renewed(stage: Stage, john: Person) -> None:
    await john.says("/plans")
    await john.presses("Light · 290 ₽")
    await john.presses("One period only")
    await john.pays("💳 Pay 290 ₽")
    await john.sees("✅ Paid: 290 ₽. Plan Light")
    await john.presses("🎟 My plan")
    own = await john.sees("Nothing will be charged by itself.")
    assert own.button("💳 Pay for the next period") is not None
    await john.presses("Saved ways to pay")
    await john.sees("None is saved")
    await john.presses("‹ Back")
    await john.presses("🧾 Periods")
    await john.sees("Light · 290 ₽")


async def test_a_card_is_removed_in_one_tap(stage: Stage, anna: Person) -> None:
    await subscribes(anna)
    await anna.presses("🎟 Мой тариф")
    await anna.presses("💳 Способы оплаты")
    cards = await anna.sees("Ваше согласие: Списывать 490")
    [remove] = [each for each in cards.buttons if each.startswith("✖️ Удалить")]
    await anna.presses(remove)
    await anna.sees("✅ Удалено. Больше ничего не спишется.")
    assert (await mine(stage, anna)).next_charge is None


async def test_a_cheaper_plan_waits_and_a_dearer_one_begins_at_once(stage: Stage, anna: Person) -> None:
    await subscribes(anna)
    await anna.presses("🎟 Мой тариф")
    await anna.presses("🎟 Тарифы")
    await anna.presses("Лайт · 290 ₽")
    await anna.sees("Он начнётся, когда закончится текущий период")
    await anna.presses("✅ Перейти на этот тариф")
    await anna.sees("Лайт, 290 ₽ в месяц.")
    await anna.presses("↩️ Остаться на «Профи»")
    await anna.sees("✅ Ваш тариф остаётся прежним.")
    assert (await mine(stage, anna)).scheduled is None


async def test_a_dearer_plan_gives_back_what_was_not_used(stage: Stage, anna: Person) -> None:
    await subscribes(anna, "Лайт", "290 ₽")
    await anna.presses("🎟 Мой тариф")
    await anna.presses("🎟 Тарифы")
    await anna.presses("Профи · 490 ₽")
    await anna.sees("Из его цены вернётся 2")
    await anna.presses("🔁 Подписаться · 490 ₽")
    await anna.pays("💳 Оплатить")
    await anna.sees("✅ Оплачено: 490 ₽. Тариф «Профи»")
    assert (await mine(stage, anna)).plan.name == "pro"


async def test_a_dearer_plan_is_charged_from_the_saved_card(stage: Stage, anna: Person) -> None:
    await subscribes(anna, "Лайт", "290 ₽")
    await anna.presses("🎟 Мой тариф")
    await anna.presses("🎟 Тарифы")
    await anna.presses("Профи · 490 ₽")
    page = await anna.sees("сразу спишет 490 ₽, без страницы оплаты")
    assert page.holds("вы соглашаетесь: Списывать 490 ₽ каждый месяц")
    await anna.presses("💳 Списать с ")
    paid = await anna.sees("✅ Оплачено: 490 ₽. Тариф «Профи»")
    assert paid.holds("🔁 Следующее списание: 490 ₽")
    mine_now = await mine(stage, anna)
    assert (mine_now.plan.name, mine_now.auto_renew) == ("pro", True)
    assert [each.status for each in await payments(stage, anna)] == [PaymentStatus.SUCCEEDED] * 2


async def test_a_trial_needs_no_card(stage: Stage, anna: Person) -> None:
    await anna.says("/plans")
    await anna.presses("Профи · 490 ₽")
    await anna.presses("🎁 Попробовать 7 дней")
    screen = await anna.sees("🎁 Пробный период начался.")
    assert "Пробный период до" in screen.text
    assert screen.button("💳 Подписаться") is not None
    assert await payments(stage, anna) == []
    await anna.presses("🎟 Тарифы")
    await anna.presses("Профи · 490 ₽")
    assert (await anna.sees("Подписаться")).button("🎁") is None


async def test_buttons_of_a_plan_that_is_gone(stage: Stage, plans: list[PlanView], john: Person) -> None:
    await john.says("/plans")
    await john.sees("Plans")
    manage = stage.app.services.plan_management
    await manage.enable(plans[0].id, enabled=False, actor=OWNER)
    try:
        await john.presses("Light · 290 ₽")
        await john.sees("⚠️ This plan is not sold any more.")
    finally:
        await manage.enable(plans[0].id, enabled=True, actor=OWNER)
    for data in (
        "plans:x",
        "plans:999999",
        "plan-buy:1",
        "sub:cancel:zz",
        "sub:agree:1:EUR",
        "card-off:1",
        "plan-leave:",
    ):
        await john.forges(data)
        await john.looks()
    assert await payments(stage, john) == []
