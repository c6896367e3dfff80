"""From a ticker to what came of its forecast: bought, waited for, judged by what the exchange told then, told."""

import datetime as dt
import re
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.forecasts import Forecast, ForecastOrigin, ForecastOutcome
from handlers.telegram.limits import CAPTION
from sandbox.client.person import Person
from sandbox.clock import Clock
from sandbox.exchange.closes import closes
from sandbox.exchange.papers import PAPERS
from services.forecasts import weekly
from tests.conversations.stage import OWNER_ID, Stage
from tests.conversations.test_live_prices import asked, moving, summed_up
from tests.support.databases import SqliteServer
from tests.support.waiting import until

DAY = 86_400
WEEKS = 7
"""21 closes of a paper that trades on four days of five take so long."""
HORIZON = 21
WHAT_CAME = "🗓 Чем закончился ваш прогноз"


def per_cent(share: float) -> str:
    return f"{share * 100:.0f}\u00a0%"


def change(now: float, before: float) -> str:
    """As the chat writes it."""
    return f"{(now / before - 1) * 100:+.1f}\u00a0%".replace("-", "−").replace(".", ",").replace("+0,0", "0,0")


def price(close: float) -> str:
    return f"{close:,.2f}".replace(",", " ").replace(".", ",")


async def buys(person: Person, ticker: str) -> str:
    """The caption of the answer."""
    await asked(person, ticker)
    await summed_up(person)
    await person.presses("🔮 Предсказать")
    return (await person.sees_photo("Вероятность падения на 5 % и больше: ")).text


def pass_days(stage: Stage, clock: Clock, days: float) -> None:
    clock.advance(days * DAY)
    stage.app.run_jobs_now()


async def pass_weeks(stage: Stage, clock: Clock, weeks: int) -> None:
    """In each the shop forecasts its list."""
    for _ in range(weeks):
        there = await listed(stage)
        pass_days(stage, clock, 7)
        await listed(stage, at_least=there + 1)


async def listed(stage: Stage, *, at_least: int = 0) -> int:
    """How many forecasts of the list there are, once there are so many."""

    async def those() -> int:
        return sum(row.origin == ForecastOrigin.LIST for row in await rows(stage, Forecast))

    async def enough() -> bool:
        return await those() >= at_least

    await until(enough)
    return await those()


async def rows(stage: Stage, table: type[Forecast | ForecastOutcome]) -> Sequence[AnyRow]:
    def read(session: Session) -> Sequence[AnyRow]:
        return session.execute(select(table_of(table)).order_by(table_of(table).c.id)).all()

    return await stage.app.db.read(read)


def came(made: AnyRow) -> tuple[float, float]:
    """The lowest close within the horizon, and the last."""
    told = closes(PAPERS[made.symbol], made.last_day, made.last_day + dt.timedelta(days=60))
    (_, base), *after = [(day, close) for day, close in told if close is not None][: HORIZON + 1]
    assert base == made.last_close
    return min(close for _, close in after), after[-1][1]


@pytest.mark.parametrize("ticker", ["SBER", pytest.param("THIN", marks=pytest.mark.slow)])
async def test_anna_buys_a_forecast_and_hears_a_month_later_what_came(
    sqlite_server: SqliteServer, monkeypatch: pytest.MonkeyPatch, ticker: str
) -> None:
    monkeypatch.setattr(weekly, "EVERY", 0.1)
    async with moving(sqlite_server) as (stage, clock):
        pass_days(stage, clock, (8 - stage.app.clock().weekday()) % 7)  # a Tuesday: the week's forecasts are due
        olga, anna = await stage.sandbox.person("Ольга", id=OWNER_ID), await stage.sandbox.person("Анна")
        await olga.says(f"/papers add {ticker}")
        await olga.sees("✅ В списке")
        await listed(stage, at_least=1)

        answer = await buys(anna, ticker)
        mine = next(row for row in await rows(stage, Forecast) if row.origin == ForecastOrigin.CUSTOMER)
        fall, _, band = mine.said["outcomes"]
        probability = per_cent(fall["stated"])
        assert f"и больше: {probability}\n" in answer
        assert " и сообщим, что вышло." in answer
        await pass_weeks(stage, clock, 3)
        await anna.never_sees(WHAT_CAME)

        await pass_weeks(stage, clock, WEEKS - 3)
        told = (await anna.sees(WHAT_CAME)).text
        lowest, last = came(mine)
        fell, inside = lowest <= mine.last_close * 0.95, band["low"] <= last <= band["high"]
        assert f"за 21 торговый день цена упадёт на 5\u00a0% или больше с вероятностью {probability}" in told
        assert f"на самом низком закрытии цена изменилась на {change(lowest, mine.last_close)}" in told
        assert ("Так и случилось" in told, "Этого не случилось" in told) == (fell, not fell)
        ended = "Цена осталась внутри" if inside else "Цена вышла за пределы"
        assert f"{ended}: изменение {change(last, mine.last_close)}" in told
        final = f"цена закрытия {price(last)} ({change(last, mine.last_close)})"
        assert f": {final}." in told
        await anna.presses("🔮 Ответ")
        kept = (await anna.sees_photo("🗓 Что вышло")).text
        assert final in kept
        assert f"и больше: {probability}\n" in kept
        assert len(kept) <= CAPTION
        assert any(WHAT_CAME in each.text for each in anna.messages), "that message stays"

        await anna.says("/track")
        record = (await anna.sees("Проверено: ")).text
        assert re.search(r"Проверено: [1-4], ждут: [4-8], без итога: 0\.", record), record

        before = await rows(stage, ForecastOutcome)
        await stage.sandbox.exchange().fault("restated")
        await pass_weeks(stage, clock, 2)
        await anna.never_sees(WHAT_CAME)
        after = await rows(stage, ForecastOutcome)
        assert len(after) > len(before), "the list's next ones are judged"
        assert after[: len(before)] == before


async def test_boris_does_not_want_to_know(sqlite_server: SqliteServer) -> None:
    async with moving(sqlite_server) as (stage, clock):
        anna, boris = await stage.sandbox.person("Анна"), await stage.sandbox.person("Борис")
        await boris.says("/profile")
        await boris.presses("🔕 Не сообщать, что сбылось")
        await boris.sees("Исходы прогнозов: выключены")
        await buys(boris, "SBER")
        await buys(anna, "SBER")
        pass_days(stage, clock, 7 * WEEKS)
        await anna.sees(WHAT_CAME)
        await boris.never_sees(WHAT_CAME, during=1.0)
        assert len(await rows(stage, ForecastOutcome)) == 6, "his is judged as hers is"
