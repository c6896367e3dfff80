"""/bonus, and the bonus as it comes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from bot.app import App
from sandbox.testing import new_token, new_world
from services.bonuses import Bonuses, week_of
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def parish(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """A shop of its own, whose bonus comes only by hand: the last minute of a week is always ahead."""
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        settings = shop_settings(sandbox, sqlite_server.create(), weekly_bonus_cron="59 23 * * sun")
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app)


async def grants(parish: Stage) -> str:
    """This week's."""
    bonuses = parish.app.services.bonuses
    week = week_of(parish.app.clock(), bonuses.terms.zone)
    await bonuses.grant(week)
    return week


async def test_before_the_first_one(parish: Stage) -> None:
    anna, john = await parish.person("Анна", "ru"), await parish.person("John", "en")
    await anna.says("/bonus")
    screen = await anna.sees("🎁 Бонус недели")
    assert ":59, 2,00 кредита." in screen.text
    assert "Действует 7 дней; что не потрачено, сгорает." in screen.text
    assert "Последние бонусы" not in screen.text
    await john.says("/bonus")
    assert "within 30 days" in (await john.sees("🎁 Weekly bonus")).text


async def test_it_comes_once_and_is_told_of(parish: Stage) -> None:
    anna, boris = await parish.person("Анна", "ru"), await parish.person("Борис", "ru")
    john = await parish.person("John", "en")
    for person in (anna, boris, john):
        await person.says("/profile")
        await person.sees_button("🔕")
    await boris.presses("🔕 Не сообщать о бонусах")
    await boris.sees("выключены")
    week = await grants(parish)
    notification = await anna.sees("🎁 Бонус недели: 2,00 кредита.")
    assert notification.buttons == ["🔮 Модели", "🔕 Не сообщать о бонусах"]
    await john.sees("🎁 The weekly bonus is here: 2.00 credits.")
    assert (await parish.app.services.bonuses.grant(week)).users == 0
    for person in (anna, boris, john):
        assert await balance(parish, person) == 1200
    await boris.says("/bonus")
    last = await boris.sees("Последние бонусы")
    assert "+2,00 кредита" in last.text
    assert "🔔 Сообщать о бонусах" in last.buttons
    assert not any("Бонус недели: 2,00" in message.text for message in await boris.looks())


async def test_muted_from_the_notification(parish: Stage) -> None:
    anna = await parish.person("Анна", "ru")
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await grants(parish)
    await anna.presses("🔕 Не сообщать о бонусах")
    muted = await anna.sees("🔕 О приходе бонуса не сообщаю")
    assert muted.buttons == ["🔔 Сообщать о бонусах", "🔮 Модели", "🏠 Меню"]
    await anna.presses("🔔 Сообщать о бонусах")
    assert "🔕 Не сообщать о бонусах" in (await anna.sees("Следующий:")).buttons
    answer = await anna.forges("bonus:perhaps")
    assert answer.text is None


async def test_a_notification_that_waited_too_long_is_not_sent(parish: Stage) -> None:
    anna = await parish.person("Анна", "ru")
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    terms, long_ago = parish.app.services.bonuses.terms, parish.app.clock() - timedelta(days=8)
    await Bonuses(parish.app.db, lambda: long_ago, terms).grant(week_of(long_ago, terms.zone))
    await anna.never_sees("Бонус недели", during=1.5)
