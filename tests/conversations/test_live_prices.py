"""Prices by a ticker: found however it is spelled, looked at, paid for; and all that an exchange may do instead."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from bot.app import App
from sandbox.client.person import Person
from sandbox.clock import Clock
from sandbox.exchange.closes import closes
from sandbox.exchange.papers import PAPERS
from sandbox.testing import new_world, running_sandbox
from services.market.origin import PriceOrigin, origin_of
from tests.conversations.shopping import balance, bought, opens_form
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.unit.handlers.predictions.bench import CATALOGUES

SILENT = "Биржа сейчас не отвечает."
SENSELESS = "цены, которых не может быть"


async def asked(person: Person, typed: str) -> None:
    await opens_form(person, "investment-risk")
    await person.says(typed)


async def summed_up(person: Person) -> str:
    """With the other two answers as the manifest has them."""
    for place in ("2/3", "3/3"):
        asked = await person.sees(place)
        await person.presses(next(button for button in asked.buttons if "100" in button or "10" in button))
    return (await person.sees("→")).text


async def origin(stage: Stage, person: Person) -> PriceOrigin:
    """Of what was bought last."""
    user_id = await stage.user_id(person)
    page = await stage.app.services.history.page(user_id, 0, 1)
    view = await stage.app.services.history.get(page.items[0].id, user_id=user_id)
    found = origin_of(view.inputs["prices"])
    assert found is not None
    return found


@pytest.mark.parametrize("typed", ["SBER", "sber", "ЅВЕR", "RU0009029540", "ru0009029540", " s b e r ", "«SBER»"])
async def test_a_paper_is_taken_however_it_is_spelled(stage: Stage, anna: Person, typed: str) -> None:
    await asked(anna, typed)
    assert "SBER (Сбербанк России ПАО ао), 253 цены с " in await summed_up(anna)
    await anna.presses("🔮 Предсказать")
    await anna.sees_photo("Вероятность падения на 5 % и больше: ")
    assert (await origin(stage, anna)).instrument.symbol == "SBER"
    assert await balance(stage, anna) == 800
    await anna.says("/history")
    assert (await anna.sees_button("· Риск вложения на месяц · SBER")).buttons


@pytest.mark.parametrize("typed", ["SP500", "nasdaq"])
async def test_a_ticker_means_the_paper_though_a_sample_is_called_so(anna: Person, typed: str) -> None:
    await asked(anna, typed)
    assert f"Актив: {typed.upper()} (Индекс " in await summed_up(anna)


async def test_a_sample_is_taken_by_its_button_and_by_a_name_that_no_paper_has(anna: Person) -> None:
    question = await opens_form(anna, "investment-risk")
    assert any("S&P 500 (на 31.12.2018)" in each for each in question.buttons)
    await anna.says("S&P 500 (на 31.12.2018)")
    assert "Актив: S&P 500 (на 31.12.2018)" in await summed_up(anna)


async def test_of_several_one_is_chosen_and_offered_the_next_time(anna: Person) -> None:
    await asked(anna, "сбербанк")
    found = await anna.sees("Какая из них?")
    assert {"SBER · Сбербанк России", "SBERP · Сбербанк России"} <= {" ".join(b.split()[:4]) for b in found.buttons}
    await anna.presses("SBERP")
    await anna.sees("2/3")
    question = await opens_form(anna, "investment-risk")
    assert question.buttons[0].startswith("⭐ SBERP · Сбербанк")
    await anna.presses("⭐ SBERP")
    await anna.sees("2/3")


@pytest.mark.parametrize("typed", ["SBER", "sber", "RU0009029540"])
async def test_a_ticker_that_nobody_asked_for_is_offered_a_forecast(stage: Stage, anna: Person, typed: str) -> None:
    await anna.says("/start")
    await anna.sees("Анна")
    await anna.says(typed)
    await anna.sees("SBER · Сбербанк России ПАО ао")
    await anna.presses("Риск вложения на месяц · SBER")
    assert "SBER (Сбербанк России ПАО ао), 253 цены с " in await summed_up(anna)
    assert await bought(stage, anna) == 0


@pytest.mark.parametrize("typed", ["HELLO", "нет", "NOSUCH"])
async def test_other_words_are_answered_as_ever(anna: Person, typed: str) -> None:
    await anna.says("/start")
    await anna.sees("Анна")
    await anna.says(typed)
    await anna.sees("Не понимаю вас")


async def test_a_silent_exchange_keeps_nobody_waiting_who_was_not_asked(stage: Stage, anna: Person) -> None:
    exchange = stage.sandbox.exchange()
    await anna.says("/start")
    await anna.sees("Анна")
    await exchange.fault("down")
    await anna.says("ABRD")
    await anna.sees("Не понимаю вас")
    await exchange.clear_faults()


async def test_in_english(john: Person) -> None:
    await asked(john, "SBER")
    assert "SBER (Сбербанк России ПАО ао), 253 closes from " in await summed_up(john)


async def test_the_last_look_says_whose_prices_they_are_and_when_the_forecast_is_judged(anna: Person) -> None:
    await asked(anna, "SBER")
    told = await summed_up(anna)
    last = datetime.strptime(told.split(" по ")[1][:10], "%d.%m.%Y").replace(tzinfo=UTC)
    ((_, close),) = closes(PAPERS["SBER"], last.date(), last.date())
    shown = f"{close:.2f}".replace(".", ",")
    assert f"Источник: MOEX. Последняя цена закрытия, за {last:%d.%m.%Y}: {shown}." in told
    due = CATALOGUES["ru"].date(last.date() + timedelta(days=30))
    assert f"Этот прогноз проверим около {due} по ценам за 21 торговый день после {last:%d.%m.%Y}. Мы сообщим" in told
    await anna.presses("✏️ Актив")
    kept = await anna.sees("меняем ответ")
    assert f"Оставить: SBER, цены по {last:%d.%m.%Y}" in kept.buttons


async def test_each_number_of_the_answer_has_its_words(john: Person) -> None:
    """A caption has no room for them: a message below does, and the answer stays."""
    await asked(john, "SBER")
    await summed_up(john)
    await john.presses("🔮 Predict")
    answer = await john.sees_photo("Probability of a fall of 5 % or more: ")
    await john.presses("ℹ️ What the numbers mean")
    meaning = await john.sees("For the whole amount, by Black and Scholes")
    assert meaning.id != answer.id
    assert "only in one case of 20 is the loss larger" in meaning.text
    assert "Cost of that put: " in meaning.text


async def test_a_split_is_told(anna: Person) -> None:
    await asked(anna, "SPLT")
    assert "с учётом дробления" in await summed_up(anna)


async def test_a_jump_is_looked_at_first(stage: Stage, anna: Person) -> None:
    await asked(anna, "JUMP")
    told = await anna.sees("Цена JUMP резко изменилась, и дробление бумаги этого не объясняет:")
    assert "% за день" in told.text
    await anna.presses("Всё равно взять")
    summary = await summed_up(anna)
    assert "Взято как есть, хотя дробление этого не объясняет: " in summary
    assert "Если за это время цена так же прыгнет, итога может не быть." in summary
    await anna.presses("🔮 Предсказать")
    await anna.sees_photo("Вероятность падения")
    assert (await origin(stage, anna)).jumps


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("NOSUCHPAPER", "«NOSUCHPAPER» не нашлось"),
        ("ПАО «Нет такого»", "не нашлось"),
        ("RU000SANDB81", "GONE больше не торгуется"),
        ("RARE", "RARE торгуется слишком редко для прогноза: дней со сделками — 12"),
        ('"; DROP TABLE users; --', "не нашлось"),
        ("GONE", "GONE больше не торгуется"),
        ("SOON", "SOON ещё не торгуется"),
        ("NEWB", "NEWB торгуется всего"),
    ],
)
async def test_papers_that_do_not_do(stage: Stage, anna: Person, typed: str, told: str) -> None:
    """The question stays, and nothing is charged."""
    await asked(anna, typed)
    await anna.sees(told)
    await anna.says("SBER")
    await anna.sees("2/3")
    assert await bought(stage, anna) == 0


@pytest.mark.parametrize(
    ("fault", "on", "ticker", "words"),
    [
        *((fault, "*", "GAZP", SILENT) for fault in ("down", "html", "garbage", "redirect", "endless_bytes")),
        ("empty", "*", "GAZP", "«GAZP» не нашлось"),
        ("endless_pages", "history", "WILD", SENSELESS),
        ("tomorrow", "history", "T", SENSELESS),
        ("zero", "history", "HALT", SENSELESS),
        ("null", "history", "THIN", SENSELESS),
    ],
)
async def test_an_exchange_that_answers_nonsense(
    stage: Stage, anna: Person, *, fault: str, on: str, ticker: str, words: str
) -> None:
    """Of a paper whose prices nobody knows yet."""
    exchange = stage.sandbox.exchange()
    await exchange.fault(fault, on=on)
    await asked(anna, ticker)
    told = await anna.sees("⚠️")
    assert "1/3" in told.text
    assert words in told.text
    await exchange.clear_faults()
    await anna.says(" ".join(str(100 + each % 7) for each in range(253)))
    await anna.sees("2/3")


async def test_an_exchange_whose_columns_stand_in_another_order(stage: Stage, anna: Person) -> None:
    await stage.sandbox.exchange().fault("columns")
    await asked(anna, "CONS")
    assert "CONS (Сводимое ПАО ао), 253 цены с " in await summed_up(anna)
    await stage.sandbox.exchange().clear_faults()


@asynccontextmanager
async def moving(server: SqliteServer) -> AsyncIterator[tuple[Stage, Clock]]:
    """A shop and its sandbox, both by a clock that can be moved."""
    clock = Clock()
    async with running_sandbox(clock) as url, new_world(url) as sandbox:
        app = App(shop_settings(sandbox, server.create()), clock=lambda: datetime.fromtimestamp(clock.now(), UTC))
        async with app.running():
            yield Stage(sandbox=sandbox, app=app), clock


async def test_newer_prices_are_seen_before_they_are_paid_for(sqlite_server: SqliteServer) -> None:
    async with moving(sqlite_server) as (stage, clock):
        anna = await stage.sandbox.person("Анна")
        await asked(anna, "SBER")
        before = await summed_up(anna)
        clock.advance(4 * 86_400)
        stage.app.run_jobs_now()
        await anna.presses("🔮 Предсказать")
        after = await anna.sees("Теперь есть более новые цены.")
        assert before.split(" по ")[1][:10] != after.text.split(" по ")[1][:10]
        assert await bought(stage, anna) == 0
        await anna.presses("🔮 Предсказать")
        await anna.sees_photo("Вероятность падения")
        assert await bought(stage, anna) == 1


async def test_a_silent_exchange_is_told_before_paying(sqlite_server: SqliteServer) -> None:
    async with moving(sqlite_server) as (stage, clock):
        anna = await stage.sandbox.person("Анна")
        await asked(anna, "SBER")
        await summed_up(anna)
        clock.advance(4 * 86_400)
        stage.app.run_jobs_now()
        await stage.sandbox.exchange().fault("down")
        await anna.presses("🔮 Предсказать")
        await anna.sees("биржа не отвечает, новее нет")
        await anna.presses("🔮 Предсказать")
        await anna.sees_photo("Вероятность падения")
        assert (await origin(stage, anna)).stale
        clock.advance(9 * 86_400)
        stage.app.run_jobs_now()
        await asked(anna, "SBER")
        await anna.sees("Биржа сейчас не отвечает.")
