"""Tables as offices keep them, and what is sent in the place of one."""

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.tables.predictions import ErrorCode
from db.tables.scorings import ScoringStatus
from sandbox.client.person import Person
from services.scoring.queries import scorings
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_csv, wines
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage


async def test_a_report_with_a_title_units_and_totals(stage: Stage, anna: Person) -> None:
    """As a bookkeeping program saves it: cp1251, decimal commas, days with a time."""
    rows = [
        [f"{at}", "01.11.2026 0:00:00", *(cell.replace(".", ",") for cell in row)] for at, row in enumerate(wines(3))
    ]
    report = [
        ["Отчёт по лаборатории за ноябрь 2026 г."],
        [],
        ["№", "Дата", "Алкоголь, %", *RUSSIAN[1:]],
        *rows,
        ["Итого", "", *rows[0][2:]],
    ]
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    await anna.sends_file("отчёт.csv", csv_table(report, delimiter=";", encoding="cp1251"))
    summary = await anna.sees("Строк: 4, из них подходят: 3")
    assert "Заголовки — в строке 3" in summary.text
    assert "Строка 7. Похоже на итог" in summary.text
    await anna.presses("✅ Ответить на 3 строки: 3,00 кредита")
    answer = await anna.sees("✅ Отвечено: 3 из 3 строк.")
    assert answer.document is not None
    answered = read_csv(answer.document, ";")
    assert answered[0][0] == report[0][0]
    assert answered[2][-3:] == ["Вино", "Вино: вероятность", "Примечание"]
    assert all("," in row[-2] for row in answered[3:6]), "0.9 would be a text there"
    assert answered[6][-3:-1] == ["", ""]
    assert "Похоже на итог" in answered[6][-1]
    assert await balance(stage, anna) == 700


async def test_all_columns_of_a_wide_table_can_be_chosen(anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    wide = [f"c{at}" for at in range(200)]
    rows = [[*["x"] * 199, row[0], *row[1:]] for row in wines(2)]
    await anna.sends_file("wide.csv", csv_table([[*wide, *RUSSIAN[1:]], *rows]))
    first = await anna.sees("Какой столбец — «Алкоголь, %»?")
    assert first.buttons[0] == "c199 (11.00)", "the only one whose value fits"
    assert "1 из 20" in first.buttons
    await anna.presses("›")
    second = await anna.sees_button("2 из 20")
    assert second.id == first.id
    assert not set(second.buttons[:10]) & set(first.buttons[:10])
    await anna.presses("‹")
    await anna.sees_button("c199")
    await anna.presses("c199")
    await anna.sees("2 × 1,00 = 2,00 кредита")


async def test_many_unclear_columns_are_counted(john: Person) -> None:
    await john.says("/start model_wine")
    await john.presses("📋 Table")
    await john.sees("Up to 100,000 rows")
    headings = [f"h{at}" for at in range(14)]
    await john.sends_file("t.csv", csv_table([headings, *(["a", *row] for row in wines(1))]))
    asked = await john.sees("Which column is “Alcohol, %”?")
    assert "After it 12 more are to be named." in asked.text
    assert "Quicker: call the columns as the template does" in asked.text


async def test_a_link_is_told_what_to_do(anna: Person) -> None:
    link = "https://docs.google.com/spreadsheets/d/1a/edit?usp=sharing"
    await anna.says("/start")
    await anna.sees_button("🔮")
    await anna.says(link)
    await anna.sees("⚠️ Ссылки здесь не открываются.")
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    await anna.says(link)
    told = await anna.sees("⚠️ Ссылки здесь не открываются. Сохраните таблицу файлом")
    assert "Пришлите таблицу, CSV или Excel" in told.text


async def test_the_history_says_what_its_marks_mean(stage: Stage, anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    await anna.sends_file("t.csv", csv_table([RUSSIAN, *wines(1)]))
    await anna.presses("✅ Ответить на 1 строку")
    await anna.sees("✅ Отвечено: 1 из 1 строк.")
    await anna.says("/history")
    assert "кредиты вернулись" not in (await anna.sees("🧾 История · таблицы")).text
    await stage.app.db.write(_failed)
    await anna.says("/history")
    await anna.sees("↩️ не удалось, кредиты вернулись")


def _failed(session: Session) -> None:
    session.execute(update(scorings).values(status=ScoringStatus.FAILED, error_code=ErrorCode.RUN_FAILED))
