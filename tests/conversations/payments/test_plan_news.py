"""What comes by itself of a plan, and what its reader does about it: warnings, declines, the days of grace, a new
price, money that bought nothing. In the words of each language."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from i18n.translator import Catalogues
from sandbox.client.person import Person
from sandbox.client.shop import Shop
from services.money import Money
from services.plans.plans import PlanView
from services.plans.times import CHARGE_BEFORE
from services.users.actor import Actor
from tests.conversations.payments.subscribing import comes_to_be_tried, ends_soon, mine, plan, subscribes
from tests.conversations.payments.tills import payments, till_of
from tests.conversations.stage import Stage

OWNER = Actor.system()
AN_HOUR, GRACE_OVER = timedelta(hours=1), -timedelta(days=3, minutes=1)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def plans(stage: Stage) -> AsyncIterator[list[PlanView]]:
    """Start and Full, on sale while these tests run."""
    manage = stage.app.services.plan_management
    made = [await manage.create(each, actor=OWNER) for each in (plan("start", 19_000), plan("full", 59_000))]
    await stage.app.services.plans.all()
    yield made
    for each in made:
        await manage.enable(each.id, enabled=False, actor=OWNER)
    await stage.app.services.plans.all()


async def is_declined(stage: Stage, person: Person, yookassa: Shop, reason: str) -> None:
    """The charge for the next period, of which they were told before."""
    await yookassa.declines_charges(reason)
    await ends_soon(stage, person, within=AN_HOUR, warned=True)
    await comes_to_be_tried(stage, person)


async def test_too_little_money_is_tried_once_more(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await subscribes(anna, "Полный", "590 ₽")
    await is_declined(stage, anna, yookassa, "insufficient_funds")
    told = await anna.sees("⚠️ Не удалось списать 590 ₽ за следующий период тарифа «Полный».")
    assert "На карте или в кошельке не хватает денег." in told.text
    assert "Попробуем ещё раз: " in told.text
    assert told.buttons == ["💳 Оплатить следующий период", "🎟 Мой тариф", "🏠 Меню"]
    await anna.presses("🎟 Мой тариф")
    await anna.sees("Последнее списание не прошло. На карте или в кошельке не хватает денег.")
    await anna.presses("💳 Оплатить следующий период")
    await anna.sees("Вы оплачиваете следующий период, он начнётся")
    await anna.presses("Только один период · 590 ₽")
    await anna.pays("💳 Оплатить 590 ₽")
    await anna.sees("✅ Оплачено: 590 ₽. Тариф «Полный»")
    assert (await mine(stage, anna)).number == 2


async def test_a_card_that_is_over_is_charged_no_more(stage: Stage, john: Person, yookassa: Shop) -> None:
    await subscribes(john, "Full", "590 ₽")
    await is_declined(stage, john, yookassa, "card_expired")
    told = await john.sees("⚠️ 590 ₽ for the next period of “Full” could not be charged.")
    assert "The card has expired. Please take another one." in told.text
    assert "This way of paying will not be charged again." in told.text
    await john.presses("🎟 My plan")
    own = await john.sees("The last charge did not go through. The card has expired.")
    assert own.button("🔁") is None
    await john.presses("💳 Saved ways to pay")
    await john.sees("⚠️ It was refused for good and is not charged any more.")


async def test_past_due_the_plan_gives_nothing_and_then_it_is_over(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await subscribes(anna, "Старт", "190 ₽")
    await is_declined(stage, anna, yookassa, "card_expired")
    await anna.sees("Не удалось списать")
    await ends_soon(stage, anna, within=-AN_HOUR, warned=True)
    told = await anna.sees("⚠️ Период тарифа «Старт» закончился, а следующий не оплачен.")
    assert re.search(r"Оплатить можно до .+, \d\d:\d\d \(Москва\)", told.text)
    await anna.presses("🎟 Мой тариф")
    own = await anna.sees("Пока он не оплачен, тариф не действует.")
    assert own.button("💳 Оплатить следующий период") is not None
    assert (await mine(stage, anna)).status is SubscriptionStatus.PAST_DUE
    await ends_soon(stage, anna, within=GRACE_OVER, warned=True)
    over = await anna.sees("🎟 Тариф «Старт» закончился: следующий период не оплачен.")
    assert over.buttons == ["🎟 Тарифы", "🏠 Меню"]
    await anna.says("/subscription")
    await anna.sees("Старт · 190 ₽ в месяц")  # what can be had instead
    await anna.presses("🧾 Периоды")
    past = await anna.sees("🧾 Периоды ваших тарифов")
    assert past.holds("Старт · 190 ₽")
    assert len(await payments(stage, anna)) == 2


async def test_past_due_it_can_be_left_in_one_tap(stage: Stage, john: Person, yookassa: Shop) -> None:
    await subscribes(john, "Start", "190 ₽")
    await is_declined(stage, john, yookassa, "card_expired")
    await ends_soon(stage, john, within=-AN_HOUR, warned=True)
    await john.sees("⚠️ The period of “Start” is over and the next one is not paid.")
    await john.says("/subscription")
    await john.presses("✖️ Cancel the subscription")
    left = await john.sees("✅ Canceled. Nothing will be charged any more.")
    assert "Start · 190 ₽ a month" in left.text
    assert left.button("🎟 My plan") is None


async def test_who_pays_by_hand_is_reminded(stage: Stage, john: Person) -> None:
    await john.says("/plans")
    await john.presses("Start · 190 ₽")
    await john.presses("One period only")
    await john.pays("💳 Pay 190 ₽")
    await john.sees("✅ Paid: 190 ₽. Plan Start")
    await ends_soon(stage, john, within=timedelta(hours=20))
    told = await john.sees("⏳ The plan “Start” ends: ")
    assert "Nothing will be charged by itself. To go on, pay for the next period." in told.text
    assert told.buttons == ["💳 Pay for the next period", "🎟 My plan", "🏠 Menu"]


async def test_a_new_price_is_paid_by_who_agrees(
    stage: Stage, plans: list[PlanView], anna: Person, john: Person
) -> None:
    await subscribes(anna, "Полный", "590 ₽")
    await subscribes(john, "Full", "590 ₽")
    manage = stage.app.services.plan_management
    await manage.edit(plans[1].id, plan("full", 69_000), actor=OWNER)
    await manage.offer_price(plans[1].id, actor=OWNER)
    try:
        asked = await anna.sees("💬 У тарифа «Полный» новая цена: 690 ₽ в месяц. Сейчас вы платите 590 ₽.")
        day = Catalogues()["ru"].date((await mine(stage, anna)).ends_at - CHARGE_BEFORE)
        assert asked.holds(f"Если согласитесь, 690 ₽ будут списываться начиная с {day}.")
        assert asked.holds("Нажимая «✅ Согласиться на 690 ₽», вы соглашаетесь: Списывать 690 ₽ каждый месяц, пока я")
        await anna.presses("✅ Согласиться на 690 ₽")
        agreed = await anna.sees("✅ Спасибо! Новая цена действует со следующего периода.")
        assert agreed.holds("🔁 Следующее списание: 690 ₽")
        await anna.presses("💳 Способы оплаты")
        await anna.sees("Списывать 690 ₽ каждый месяц")
        await anna.presses("‹ Назад")
        own = await anna.sees("Нажимая «↩️ Оставить прежнюю цену», вы соглашаетесь: Списывать 590 ₽ каждый месяц")
        await anna.presses("↩️ Оставить прежнюю цену")
        kept = await anna.sees("✅ Ваш тариф остаётся прежним.")
        assert kept.holds("🔁 Следующее списание: 590 ₽")
        await john.sees("💬 The plan “Full” has a new price: 690 ₽ a month. You pay 590 ₽ now.")
        await john.presses("🎟 My plan")
        own = await john.sees("New subscribers pay 690 ₽ a month, you pay 590 ₽. If you agree to the new price, it")
        assert own.holds("🔁 Next charge: 590 ₽")
        assert own.button("✅ Agree to 690 ₽") is not None
    finally:
        await manage.edit(plans[1].id, plan("full", 59_000), actor=OWNER)
    await john.presses("✅ Agree to 690 ₽")  # which is not the price any more
    await john.sees("The price has changed since it was shown.")
    assert (await mine(stage, john)).price == Money(59_000, Currency.RUB)


async def test_nobody_is_asked_to_pay_more_who_is_not_charged_any_more(
    stage: Stage, plans: list[PlanView], anna: Person, john: Person
) -> None:
    """One has removed the card, the other has cancelled."""
    await subscribes(anna, "Полный", "590 ₽")
    await subscribes(john, "Full", "590 ₽")
    await anna.says("/subscription")
    await anna.presses("💳 Способы оплаты")
    await anna.presses("✖️ Удалить")
    await john.says("/subscription")
    await john.presses("✖️ Cancel the subscription")
    await john.sees("✅ Canceled.")
    manage = stage.app.services.plan_management
    await manage.edit(plans[1].id, plan("full", 69_000), actor=OWNER)
    try:
        await manage.offer_price(plans[1].id, actor=OWNER)
        for person in (anna, john):
            await person.never_sees("690 ₽")
            await person.says("/subscription")
            own = await person.sees("🎟")
            assert "690 ₽" not in own.text
    finally:
        await manage.edit(plans[1].id, plan("full", 59_000), actor=OWNER)


async def test_money_for_a_plan_that_is_there_goes_back(stage: Stage, anna: Person, yookassa: Shop) -> None:
    """Two links of one plan, both paid."""
    await anna.says("/plans")
    await anna.presses("Старт · 190 ₽")
    await anna.presses("Только один период")
    await anna.sees_button("💳 Оплатить 190 ₽")
    await anna.says("/plans")
    await anna.presses("Старт · 190 ₽")
    await anna.presses("Только один период")
    await anna.sees_button("💳 Оплатить 190 ₽")
    for payment in await payments(stage, anna):
        assert payment.provider_payment_id is not None
        await yookassa.pays(payment.provider_payment_id)
        await till_of(stage).settlement.ask(payment.id)
    back = await anna.sees("↩️ Платёж 190 ₽ за тариф «Старт» не понадобился")
    assert "Вся сумма вернётся к вам сама" in back.text
    assert (await mine(stage, anna)).number == 1


async def test_periods_tell_what_was_paid_and_when_it_ended(stage: Stage, anna: Person) -> None:
    await subscribes(anna, "Старт", "190 ₽")
    await anna.says("/plans")
    await anna.presses("Полный · 590 ₽")
    await anna.presses("🔁 Подписаться · 590 ₽")
    await anna.pays("💳 Оплатить")
    await anna.sees("✅ Оплачено: 590 ₽. Тариф «Полный»")
    await anna.says("/Subscription")
    await anna.presses("🧾 Периоды")
    periods = await anna.sees("🧾 Периоды ваших тарифов")
    newest, first = periods.text.split("\n\n")[1:]
    assert newest.startswith("Полный · 590\u00a0₽")
    assert first.startswith("Старт · 190\u00a0₽")
    assert "(завершён раньше)" in first
