"""The free plan pays for two predictions a month: said before, and said when they are used up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from db.tables.plans import AllowanceUnit
from sandbox.client.person import Person
from tests.conversations.shopping import balance, fills_in_wine
from tests.conversations.stage import Stage
from tests.support.plans import add_plan, end_plans


@pytest.fixture
async def free_plan(stage: Stage) -> AsyncIterator[None]:
    """Of this test alone: the shop is others' too."""
    unit = AllowanceUnit.REQUESTS
    given = [(unit, 2, ["wine"])]
    await stage.app.db.write(add_plan, "free", kopecks=None, allowances=given, created_at=datetime.now(UTC))
    await stage.app.db.write(add_plan, "plus", allowances=[(unit, 5, [])], created_at=datetime.now(UTC))
    yield
    await stage.app.db.write(end_plans)


@pytest.mark.usefixtures("free_plan")
async def test_two_a_month(stage: Stage, anna: Person) -> None:
    await fills_in_wine(anna)
    summary = await anna.sees("Платит ваш тариф")
    assert "осталось ещё 2 запроса" in summary.text
    await anna.presses("🔮 Предсказать бесплатно")
    await anna.sees_photo("Вино: Бароло")
    await fills_in_wine(anna)
    await anna.sees("остался ещё 1 запрос")
    await anna.presses("🔮 Предсказать бесплатно")
    await anna.sees_photo("Вино: Бароло")
    assert await balance(stage, anna) == 1000
    await fills_in_wine(anna)
    over = await anna.sees("израсходованы")
    assert "2 запроса вашего тарифа в этом периоде израсходованы; новые — " in over.text
    assert "Баланс: 10,00 → 9,00" in over.text
    assert "Тариф «Plus» даёт 5." in over.text
