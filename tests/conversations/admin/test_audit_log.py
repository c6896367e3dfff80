"""The audit log: whatever those with a role did stands there in words, in both languages; nobody else sees it."""

import pytest

from db.tables.users import Role
from sandbox.client.person import Person
from services.money import rub
from services.payments.packages import PackageOffer
from tests.conversations.admin.conftest import audit_log
from tests.conversations.admin.test_payments import pays
from tests.conversations.payments.tills import chooses, payments
from tests.conversations.stage import Stage

OFFER = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=90)


async def lines(person: Person, head: str) -> list[str]:
    """What the audit log says on its first page, without the moments and with plain spaces."""
    shown = await person.sees(head)
    return [line.partition(" · ")[2].replace("\u00a0", " ") for line in shown.text.split("\n\n")[1:]]


async def test_what_was_done_to_a_customer(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    number = await stage.user_id(anna)
    payment = await pays(stage, anna)
    for command, yes in (
        (f"/grant #{number} 2,50 за <терпение>", "✅ Начислить"),
        (f"/take #{number} 1 ошибка", "✅ Забрать"),
        (f"/refund {payment.id} 100 половина", "↩️ Вернуть"),
    ):
        await olga.says(command)
        await olga.presses(yes)
        await olga.sees("✅")
    await kate.says(f"/ban #{number} spam")
    await kate.says(f"/unban #{number}")
    await kate.says(f"/user #{number}")
    await kate.presses("✉️ Write")
    await kate.says("Dear <Anna>!")
    await kate.presses("✉️ Send")
    await kate.sees("✅ The message is on its way.")
    await olga.says(f"/role #{number} moderator")
    await olga.says(f"/user #{number}")
    await olga.presses("📜 Что сделано")
    assert await lines(olga, "📜 Что сделано: Анна") == [
        f"Ольга · Роль, Анна #{number}: без роли → модератор",
        f"Kate · Сообщение, Анна #{number}: «Dear <Anna>!»",
        f"Kate · Доступ возвращён: Анна #{number}",
        f"Kate · Доступ закрыт: Анна #{number}, «spam»",
        f"Ольга · Возврат 100 ₽: Анна #{number} (всего возвращено: 0 → 100 ₽), платёж {payment.id}, «половина»",
        f"Ольга · Забрано 1,00 кредит: Анна #{number} (42,50 → 41,50), «ошибка»",
        f"Ольга · Начислено 2,50 кредита: Анна #{number} (40,00 → 42,50), «за <терпение>»",
    ]
    await kate.says(f"/user #{number}")
    await kate.presses("📜 What was done")
    assert await lines(kate, "📜 What was done: Анна") == [
        f"Ольга · Role of Анна #{number}: no role → moderator",
        f"Kate · Message to Анна #{number}: “Dear <Anna>!”",
        f"Kate · The shop is open to Анна #{number} again",
        f"Kate · The shop is closed to Анна #{number}, “spam”",
        f"Ольга · Refund of 100 ₽ to Анна #{number} (sent back: 0 → 100 ₽), payment {payment.id}, “половина”",
        f"Ольга · 1.00 credit taken from Анна #{number} (42.50 → 41.50), “ошибка”",
        f"Ольга · 2.50 credits given to Анна #{number} (40.00 → 42.50), “за <терпение>”",
    ]
    await kate.presses("‹ Back")
    await kate.sees("👤 Анна")
    await stage.app.services.admins.appoint(anna.id, None, actor=await stage.actor())


async def test_models_and_packages(stage: Stage, olga: Person, kate: Person) -> None:
    shop = stage.app.services
    await kate.says("/start")
    await kate.sees("Kate")
    await shop.model_management.set_price("wine", 350, actor=await stage.actor(kate.id, "Kate"))
    await shop.model_management.set_price("wine", None, actor=await stage.actor(kate.id, "Kate"))
    await shop.model_management.enable("wine", enabled=False, actor=await stage.actor(kate.id, "Kate"))
    await shop.model_management.enable("wine", enabled=True, actor=await stage.actor(kate.id, "Kate"))
    package = await shop.packages.create(OFFER, actor=await stage.actor())
    cheaper = PackageOffer(title=OFFER.title, credits=10000, price=rub(80050), valid_days=None)
    await shop.packages.edit(package.id, cheaper, actor=await stage.actor())
    await shop.packages.enable(package.id, enabled=False, actor=await stage.actor())
    await olga.says("/admin")
    await olga.presses("📜 Журнал")
    assert (await lines(olga, "📜 Журнал, сначала новое"))[:7] == [
        "Ольга · Снято с продажи: 📦 Сто",
        "Ольга · 📦 Сто: цена 900 ₽ → 800,50 ₽, действует 90 дней → бессрочно",
        "Ольга · Новое: 📦 Сто, 100,00 кредитов, 900 ₽, 90 дней",
        "Kate · Снова в продаже: 🍷 Сорт вина по анализу",
        "Kate · Снято с продажи: 🍷 Сорт вина по анализу",
        "Kate · Цена, 🍷 Сорт вина по анализу: 3,50 → авторская",
        "Kate · Цена, 🍷 Сорт вина по анализу: авторская → 3,50",
    ]
    await kate.says("/admin")
    await kate.presses("📜 Journal")
    assert (await lines(kate, "📜 Journal, the newest first"))[1:3] == [
        "Ольга · 📦 Hundred: price 900 ₽ → 800.50 ₽, valid for 90 days → no end",
        "Ольга · New: 📦 Hundred, 100.00 credits, 900 ₽, 90 days",
    ]


async def test_moved(stage: Stage, kate: Person) -> None:
    shop = stage.app.services
    before = [each.slug for each in await shop.model_management.all()].index("wine") + 1
    way = -1 if before > 1 else 1
    await shop.model_management.move("wine", places=way, actor=await stage.actor(kate.id, "Kate"))
    await shop.model_management.move("wine", places=-way, actor=await stage.actor(kate.id, "Kate"))
    await kate.says("/admin")
    await kate.presses("📜 Journal")
    newest = (await lines(kate, "📜 Journal"))[:2]
    assert [line.rpartition(": ")[2] for line in newest] == [
        f"place {before + way} → {before}",
        f"place {before} → {before + way}",
    ]


async def test_the_provider_is_asked(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    await chooses(anna)
    payment = (await payments(stage, anna))[0]
    await kate.says("/admin")
    await kate.sees("panel")
    shop = await stage.sandbox.shop()
    await kate.forges(f"adm-pay:{payment.id.hex}:ask")
    await kate.sees("YooKassa says: nothing new.")
    await shop.fault("500", "payments.get", times=0)
    try:
        await kate.forges(f"adm-pay:{payment.id.hex}:ask")
    finally:
        await shop.clear_faults()
    await shop.fault("lose", "payment.succeeded")
    try:
        await anna.pays("💳 Оплатить")
        await kate.forges(f"adm-pay:{payment.id.hex}:ask")
        await kate.sees("✅ YooKassa had news.")
    finally:
        await shop.clear_faults()
    entries = await audit_log(stage, anna)
    assert [(entry.action, entry.actor_user_id, entry.subject) for entry in entries] == [
        ("payment.ask", await stage.user_id(kate), str(payment.id))
    ] * 3
    before = {"status": "pending", "provider": "yookassa"}
    assert [(entry.before, entry.after) for entry in entries] == [
        (before, {"status": "pending"}),
        (before, None),
        (before, {"status": "succeeded"}),
    ]
    number = await stage.user_id(anna)
    await olga.says(f"/user #{number}")
    await olga.presses("📜 Что сделано")
    assert (await lines(olga, "Что сделано"))[:2] == [
        f"Kate · Запрос о платеже (ЮKassa), Анна #{number}: пока не оплачен → оплачен, платёж {payment.id}",
        f"Kate · Запрос о платеже (ЮKassa), Анна #{number}: пока не оплачен → нет ответа, платёж {payment.id}",
    ]


async def test_pages(stage: Stage, olga: Person, anna: Person) -> None:
    number = await stage.user_id(anna)
    for turn in range(6):
        await stage.app.services.user_management.disable(number, actor=await stage.actor(), reason=f"за {turn}")
        await stage.app.services.user_management.enable(number, actor=await stage.actor())
    await olga.says(f"/user #{number}")
    await olga.presses("📜 Что сделано")
    first = await olga.sees("📜 Что сделано")
    assert first.text.count("Доступ") == 10
    assert "1 из 2" in first.buttons
    await olga.presses("›")
    second = await olga.sees("«за 0»")
    assert second.text.count("Доступ") == 2
    assert second.id == first.id


async def test_a_role_given_before_the_first_visit(stage: Stage, olga: Person) -> None:
    newcomer = await stage.person("Ева", "ru")
    await stage.app.services.admins.appoint(newcomer.id, Role.MODERATOR, actor=await stage.actor())
    await olga.says("/admin")
    await olga.presses("📜 Журнал")
    assert (await lines(olga, "Журнал"))[0] == f"Ольга · Роль, {newcomer.id}: без роли → модератор"
    await newcomer.says("/start")
    await newcomer.sees("Ева")
    number = await stage.user_id(newcomer)
    await olga.says(f"/user #{number}")
    await olga.presses("📜 Что сделано")
    assert await lines(olga, "Что сделано") == [f"Ольга · Роль, Ева #{number}: без роли → модератор"]


async def test_nothing_yet(stage: Stage, kate: Person, john: Person) -> None:
    await kate.says(f"/user #{await stage.user_id(john)}")
    await kate.presses("📜 What was done")
    await kate.sees("Nothing yet.")


@pytest.mark.parametrize("argument", ["", ":0", ":999", ":x", ":0:999999", ":0:x", ":-1:-1", ":" + "9" * 40])
async def test_forged(stage: Stage, olga: Person, max_: Person, anna: Person, argument: str) -> None:
    await max_.says("/admin")
    panel = await max_.sees("A moderator looks and changes nothing.")
    assert "📜 Journal" not in panel.buttons
    assert (await max_.forges(f"adm-log{argument}")).text == "Your role does not allow this."
    assert (await anna.forges(f"adm-log{argument}")).text == "Эта кнопка устарела. Вот свежее меню."
    await olga.says("/admin")
    await olga.sees("Панель")
    assert "сломалось" not in ((await olga.forges(f"adm-log{argument}")).text or "")
