"""Plans made, changed and switched in the chat; who has them, and what came of it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from sandbox.client.person import Person
from services.users.actor import Actor
from tests.conversations.payments.subscribing import comes_to_be_tried, ends_soon, plan, subscribes
from tests.conversations.payments.tills import payments
from tests.conversations.stage import Stage

TEXT = "name: start\nru: Старт\nen: Start\nroubles: 199,90\ncredits: 20\nrequests: 5 wine"


async def test_a_plan_is_typed_in_one_message(stage: Stage, olga: Person) -> None:
    await olga.says("/admin")
    await olga.presses("🎟 Тарифы")
    await olga.presses("➕ Новый тариф")
    await olga.sees("requests: 50 wine, digit")
    await olga.says(TEXT.replace("credits: 20", "credits 20"))
    await olga.sees("⚠️ Не удалось прочитать строку тарифа: «credits 20»")
    await olga.says(TEXT + "\ntrial: 3")
    seen = await olga.sees("Выставить этот тариф на продажу? Так его увидят покупатели:")
    for said in ("🎟 Старт / Start", "Цена: 199,90 ₽ в месяц", "20,00 кредитов на период", "Пробный период: 3 дня"):
        assert seen.holds(said)
    assert await stage.app.services.plans.on_sale() == []
    await olga.presses("✅ Выставить")
    made = await olga.sees("✅ Выставлено на продажу.")
    assert made.holds("Старт · 199,90 ₽")
    assert made.holds("Пробный период: 3 дня")
    assert "• 5 запросов" in made.text
    await olga.presses("✏️ Изменить")
    await olga.sees("roubles: 199.90")
    await olga.says(TEXT.replace("199,90", "250"))
    changed = await olga.sees("✅ Сохранено.")
    assert changed.holds("Старт · 250 ₽")
    await olga.presses("💬 Предложить эту цену подписчикам")
    await olga.sees("✅ Спросили 0 подписчиков.")
    await olga.presses("⚪ Снять с продажи")
    await olga.sees("⚪ Снят")
    await olga.presses("‹ Назад")
    await olga.sees("Старт: платят 0, пробуют 0, просрочено 0")
    await olga.presses("⚠️ Несостоявшиеся продления")
    await olga.sees("Несостоявшиеся продления")
    assert await stage.app.services.plans.on_sale() == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def full_plan(stage: Stage) -> AsyncIterator[None]:
    """On sale while these tests run."""
    manage = stage.app.services.plan_management
    made = await manage.create(plan("full", 59_000, credits=5_000), actor=Actor.system())
    await stage.app.services.plans.all()
    yield
    await manage.enable(made.id, enabled=False, actor=Actor.system())
    await stage.app.services.plans.all()


@pytest.mark.usefixtures("full_plan")
async def test_an_owner_sees_who_subscribes_and_what_each_payment_bought(stage: Stage, olga: Person) -> None:
    anna = await stage.person("Анна-подписчица", "ru")
    await subscribes(anna, "Полный", "590 ₽")
    await olga.says("/admin")
    await olga.presses("🎟 Тарифы")
    numbers = await olga.sees("Полный: платят 1")
    assert numbers.holds("590 ₽ — с тех, кто продлевается сам")
    await olga.presses("👥 Подписчики")
    listed = await olga.sees("Анна-подписчица")
    assert listed.holds("Следующее списание: 590 ₽")
    assert listed.holds("Через ЮKassa")
    assert not listed.holds("отменена")
    await anna.says("/subscription")
    await anna.presses("✖️ Отменить подписку")
    await anna.sees("✅ Подписка отменена.")
    await olga.presses("‹ Назад")
    await olga.presses("👥 Подписчики")
    await olga.sees("Через ЮKassa · отменена")
    await olga.presses("Анна-подписчица · Полный")
    await olga.sees("Тариф: Полный")
    await olga.says("/admin")
    await olga.presses("💰 Платежи")
    await olga.presses("590 ₽ · Анна-подписчица")
    card = await olga.sees("590 ₽: тариф «Полный»")
    assert "Период 1, оплата вручную: " in card.text
    assert "50,00" not in card.text  # it bought no credits for ever
    await olga.presses("↩️ Вернуть 590 ₽")
    await olga.says("По просьбе")
    asked = await olga.sees("Вернуть 590 ₽? Кому: Анна-подписчица")
    assert asked.holds("Из платежа 590 ₽: тариф «Полный»")
    await olga.presses("‹ Назад")


@pytest.mark.usefixtures("full_plan")
async def test_a_refund_says_before_and_after_that_the_plan_ends(stage: Stage, olga: Person, kate: Person) -> None:
    """One message each: money, credits and the plan in it."""
    words = {
        "ru": ("Полный", "закончится сразу", "Вместе с этим закончился", "50,00 кредитов", "Баланс: 10,00"),
        "en": ("Full", "ends at once", "has ended with it", "50.00 credits went with them", "Balance: 10.00"),
    }
    for owner, language in ((olga, "ru"), (kate, "en")):
        title, before, after, taken, balance = words[language]
        person = await stage.person(f"Refunded {language}", language)
        await subscribes(person, title, "590 ₽")
        (payment,) = await payments(stage, person)
        await owner.says(f"/refund {payment.id} it promised more")
        asked = await owner.sees(f"Refunded {language}")
        assert asked.holds(before)
        await owner.presses("↩️")
        done = await owner.sees("✅ ")
        assert done.holds(after)
        news = await person.sees("↩️ 590 ₽")
        for said in (title, after, taken, balance):
            assert news.holds(said)
        assert person.messages[-1].id == news.id  # nothing comes beside it


@pytest.mark.usefixtures("full_plan")
async def test_failed_renewals_are_told_with_their_reason(stage: Stage, kate: Person) -> None:
    """To an admin who reads English."""
    john = await stage.person("John the subscriber", "en")
    shop = await stage.sandbox.shop()
    await subscribes(john, "Full", "590 ₽")
    await shop.declines_charges("insufficient_funds")
    await ends_soon(stage, john, within=timedelta(hours=1), warned=True)
    await comes_to_be_tried(stage, john)
    await john.sees("could not be charged")
    await kate.says("/admin")
    await kate.presses("🎟 Plans")
    await kate.presses("⚠️ Failed renewals")
    failed = await kate.sees("John the subscriber")
    assert failed.holds("590 ₽ · Full")
    assert "1 × There is not enough money on the card or in the wallet." in failed.text
    await kate.says("/admin")
    await kate.presses("💰 Payments")
    await kate.presses("590 ₽ · John the subscriber")
    card = await kate.sees("590 ₽: plan “Full”")
    assert "Period 2, automatic charge" in card.text
