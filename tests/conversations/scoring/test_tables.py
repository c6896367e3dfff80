"""A customer sends a whole table and gets it back with answers."""

from db.tables.billing import TransactionKind
from sandbox.client.person import Person
from services.billing.audit import run_audit
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_csv, wines
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage


async def test_five_hundred_rows_come_back_with_answers(stage: Stage, anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.sees_button("📋 Таблица")
    await stage.give(anna, 60_000)
    await anna.presses("📋 Таблица")
    page = await anna.sees("До 100 000 строк. Цена строки: 1,00 кредит")
    assert "• Алкоголь, %: от 10 до 16." in page.text
    rows = wines(500)
    await anna.sends_file(
        "вина.csv", csv_table([["Погреб", *RUSSIAN], *([str(n), *row] for n, row in enumerate(rows))])
    )
    summary = await anna.sees("500 × 1,00 = 500,00 кредитов")
    assert "Баланс: 610,00 → 110,00" in summary.text
    await anna.presses("✅ Ответить на 500 строк: 500,00 кредитов")
    answer = await anna.sees("✅ Отвечено: 500 из 500 строк.")
    assert "Оплачено: 500,00 кредитов." in answer.text
    assert answer.file_name == "вина-wine.csv"
    assert answer.document is not None
    header, *answered = read_csv(answer.document)
    assert header == ["Погреб", *RUSSIAN, "Вино", "Вино: вероятность"]
    assert len(answered) == 500
    assert {row[14] for row in answered} <= {"Бароло", "Гриньолино", "Барбера"}
    assert answered[0][:14] == ["0", *rows[0]]
    assert await balance(stage, anna) == 11_000
    lines = (await stage.app.services.statement.page(await stage.user_id(anna), 0)).items
    assert [(line.kind, line.amount, line.model_slug) for line in lines[:1]] == [
        (TransactionKind.CHARGE, -50_000, "wine")
    ]
    assert (await run_audit(stage.app.db)).ok


async def test_the_history_brings_a_file_again(anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sends_file("три.csv", csv_table([RUSSIAN, *wines(3)]))
    await anna.presses("✅ Ответить на 3 строки")
    await anna.sees("✅ Отвечено: 3 из 3 строк.")
    await anna.says("/history")
    await anna.sees("🧾 История · таблицы")
    await anna.presses("три.csv")
    again = await anna.sees("✅ Отвечено: 3 из 3 строк.")
    assert again.file_name == "три-wine.csv"
    await anna.says("/history")
    await anna.presses("Операции")
    await anna.sees("🍷 Сорт вина по анализу: таблица, 3 строки")
