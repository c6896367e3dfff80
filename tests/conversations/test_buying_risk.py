"""The risk model: an index or prices of one's own, and an amount."""

import math
from collections.abc import Callable, Coroutine
from typing import Any

from sandbox.client.person import Person
from tests.conversations.shopping import balance, opens_form
from tests.conversations.stage import Stage

PRICES = [100 + 8 * math.sin(day / 9) + day / 20 for day in range(300)]


async def test_an_index(stage: Stage, anna: Person) -> None:
    question = await opens_form(anna, "investment-risk")
    assert question.buttons[:2] == ["S&P 500 (на 31.12.2018) · обычно", "NASDAQ (на 31.12.2018)"]
    await anna.presses("NASDAQ")
    await anna.says("250 000 руб.")
    await anna.presses("По умолчанию: 10")
    summary = await anna.sees("Сумма вложения: 250 000")
    assert "Актив: NASDAQ" in summary.text
    await anna.presses("🔮 Предсказать")
    answer = await anna.sees_photo("Вероятность падения на 5 % и больше: ")
    assert answer.photo is not None
    for words in ("Возможная потеря: ", "Ожидаемая волатильность: ", "полоса 90 %", "💡 ", "рекомендация"):
        assert words in answer.text
    assert await balance(stage, anna) == 800


async def test_prices_of_ones_own_in_english(john: Person) -> None:
    await opens_form(john, "investment-risk")
    table = "\n".join(
        ["Date;Close", *(f"2025-{1 + day // 28:02}-{1 + day % 28:02};{price:.2f}" for day, price in enumerate(PRICES))]
    )
    await john.sends_file("prices.csv", table.replace(".", ",").encode("utf-8-sig"))
    await john.sees("2/3")
    await john.presses("Default: ")
    await john.says("5%")
    summary = await john.sees("Asset: the last 253 values of 300, at the end")
    assert "column “Close”" in summary.text
    assert "Amount at stake: 100000" in summary.text
    await john.presses("🔮 Predict")
    await john.sees_photo("Probability of a fall of 5 % or more: ")


async def test_a_table_of_several_columns(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "investment-risk")
    rows = [
        f"2025-{1 + day // 28:02}-{1 + day % 28:02},{price - 1:.2f},{price:.2f},9" for day, price in enumerate(PRICES)
    ]
    await anna.sends_file("prices.csv", "\n".join(["Date,Open,Close,Volume", *rows]).encode())
    asked = await anna.sees("В таблице несколько столбцов с числами. Какой взять?")
    assert asked.buttons[:3] == ["Close", "Open", "Volume"]
    await anna.says("/balance")
    await anna.presses("Продолжить")
    await anna.sees("Какой взять?")
    await anna.presses("Open")
    await anna.says("1000")
    await anna.says("10")
    await anna.sees("последние 253 значения из 300, в конце ")
    await anna.presses("🔮 Предсказать")
    await anna.sees_photo("Вероятность падения на 5 % и больше: ")
    page = await stage.app.services.history.page(await stage.user_id(anna), 0, 1)
    view = await stage.app.services.history.get(page.items[0].id, user_id=await stage.user_id(anna))
    taken = next(value for value in view.inputs.values() if isinstance(value, dict))
    assert (taken["column"], taken["rows"], len(taken["values"])) == ("Open", 300, 253)
    assert taken["values"][-1] == round(PRICES[-1] - 1, 2)


async def test_a_table_that_telegram_keeps_back_for_once_can_be_chosen_from_again(
    anna: Person, faults: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    await opens_form(anna, "investment-risk")
    rows = [f"{day},{price - 1:.2f},{price:.2f}" for day, price in enumerate(PRICES)]
    await anna.sends_file("prices.csv", "\n".join(["Day,Open,Close", *rows]).encode())
    await anna.sees("Какой взять?")
    await faults("getFile", "400", times=1)
    await anna.presses("Open")
    told = await anna.sees("⚠️ Telegram не отдал файл.")
    assert "Open" in told.buttons
    await anna.presses("Open")
    await anna.sees("2/3")


async def test_pasted_prices(anna: Person) -> None:
    await opens_form(anna, "investment-risk")
    await anna.says(" ".join(f"{price:.1f}" for price in PRICES[:260]))
    await anna.sees("2/3")


async def test_prices_that_do_not_do(anna: Person) -> None:
    await opens_form(anna, "investment-risk")
    await anna.says("100 101 102")
    await anna.sees("⚠️ Нужно хотя бы 253 значения, а получено 3.")
    rows = [f"{price:.2f}" for price in PRICES]
    rows[270] = "0"
    await anna.sends_file("prices.txt", "\n".join(rows).encode())
    await anna.sees("⚠️ Строка 271: 0 не подходит. Нужно число больше 0")
    await anna.sends_file("prices.csv", bytes(range(256)) * 4)
    await anna.sees("⚠️ Это не текстовый файл и не CSV с числами.")
    await anna.sends_file("prices.csv", b"1\n" * 3_000_000)
    told = await anna.sees("⚠️ Файл слишком большой: можно не больше 5 МБ.")
    assert "1/3" in told.text
    await anna.presses("S&P 500")
    await anna.sees("2/3")
