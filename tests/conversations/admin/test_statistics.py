"""The numbers of a new shop, counted by hand."""

from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from tests.conversations.admin.test_payments import pays
from tests.conversations.payments.conftest import open_till
from tests.conversations.shopping import fills_in_wine
from tests.conversations.stage import OWNER_ID, Stage
from tests.support.databases import SqliteServer


async def opens(person: Person) -> None:
    await person.says("/start")
    await person.sees(person.name)


async def test_a_shops_first_day(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create()) as stage,
    ):
        olga, anna = await stage.person("Ольга", "ru", id=OWNER_ID), await stage.person("Анна", "ru")
        await opens(anna)
        payment = await pays(stage, anna)
        await fills_in_wine(anna)
        await anna.presses("🔮")
        await anna.sees_photo()
        await olga.says(f"/refund {payment.id} 100,50 часть")
        await olga.presses("↩️ Вернуть")
        await olga.sees("✅ Возвращено 100,50 ₽.")
        price = await _price_of_wine(stage)
        for days in ("7", "30", "90"):
            await olga.says(f"/stats {days}")
            shown = await olga.sees_photo(f"Последние {days} дней")
            assert "Покупателей: 2, новых 2, активных 2" in shown.text
            assert shown.holds("Выручка: 300 ₽")
            assert shown.holds("Возвращено: 100,50 ₽")
            assert f"Потрачено: {price}" in shown.text
            assert "Предсказаний: 1, не удалось 0" in shown.text
            assert "🍷 Сорт вина по анализу: 1" in shown.text
            assert "Очередь предсказаний пуста." in shown.text


async def _price_of_wine(stage: Stage) -> str:
    model = await stage.app.services.model_management.get("wine")
    return stage.app.catalogues["ru"].credits(model.price)
