"""Tables that need a word: columns of other names than the questions, rows that do not fit, files that are none."""

from sandbox.client.person import Person
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_workbook, wines, workbook
from tests.conversations.shopping import balance, opens_form
from tests.conversations.stage import Stage


async def test_bad_rows_are_shown_and_cost_nothing(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "wine")
    rows = wines(16)
    for number in range(3, 15):
        rows[number][0] = "крепкое" if number % 2 else "99"
    await anna.sends_file("вина.csv", csv_table([RUSSIAN, *rows], delimiter=";", encoding="cp1251"))
    summary = await anna.sees("Строк: 16, из них подходят: 4")
    assert "❌ Не подошло 12 строк" in summary.text
    assert "Строка 5. Алкоголь («крепкое»): Нужно число от 10 до 16" in summary.text
    assert "Строка 14." in summary.text
    assert "Строка 15." not in summary.text, "ten are shown"
    await anna.presses("📄 Все строки, которые не подошли")
    problems = await anna.sees("Все строки, которые не подошли")
    assert problems.document is not None
    assert problems.document.decode("utf-8-sig").count("Алкоголь («") == 12
    await anna.presses("✅ Ответить на 4 строки: 4,00 кредита")
    answer = await anna.sees("✅ Отвечено: 4 из 4 строк.")
    assert "❌ 12 строк не взяты: почему, сказано в столбце «Примечание»." in answer.text
    assert answer.document is not None
    lines = answer.document.decode("utf-8-sig").splitlines()
    assert lines[0].endswith(";Вино;Вино: вероятность;Примечание")
    assert "Алкоголь («крепкое»): Нужно число" in lines[4]
    assert await balance(stage, anna) == 600


async def test_a_column_of_another_name_is_asked_for(stage: Stage, john: Person) -> None:
    """A workbook comes back as a workbook."""
    await john.says("/start model_wine")
    await john.presses("📋 Table")
    await john.sees("Up to 100,000 rows")
    headings = ["strength", "id", *RUSSIAN[1:]]
    rows = [[float(row[0]), number, *map(float, row[1:])] for number, row in enumerate(wines(5))]
    await john.sends_file("wines.xlsx", workbook([headings, *rows], [["more"], [1]]))
    question = await john.sees("Which column is “Alcohol, %”?")
    assert "In brackets: what stands in the first row." in question.text
    assert question.buttons[:2] == ["strength (11)", "id (0)"]
    assert "In every row: 13.05" in question.buttons[2]
    await john.presses("strength (11)")
    summary = await john.sees("5 × 1.00 = 5.00 credits")
    assert summary.id == question.id
    assert "The sheet “Sheet1” is taken; 1 other sheet is left out." in summary.text
    await john.presses("✅ Answer 5 rows: 5.00 credits")
    answer = await john.sees("✅ Answered: 5 of 5 rows.")
    assert answer.file_name == "wines-wine.xlsx"
    assert answer.document is not None
    header, *answered = read_workbook(answer.document)
    assert header[-2:] == ["Wine", "Wine: probability"]
    assert [row[:2] for row in answered] == [row[:2] for row in rows]
    assert {row[-2] for row in answered} <= {"Barolo", "Grignolino", "Barbera"}


async def test_an_old_button_takes_no_column_twice(john: Person) -> None:
    await john.says("/start model_wine")
    await john.presses("📋 Table")
    await john.sees("Up to 100,000 rows")
    await john.sends_file("t.csv", csv_table([["strength", "acid", *RUSSIAN[2:]], *wines(2)]))
    first = await john.sees("Which column is “Alcohol, %”?")
    _, table, _, _ = str(first.rows[0][0].data).split(":")
    await john.presses("strength (11.00)")
    second = await john.sees("Which column is “Malic acid")
    for choice in ("1:0", "1:99", "0:1"):  # taken by the first, not there, not asked any more
        await john.forges(f"table-column:{table}:{choice}", second.id)
    assert "Which column is “Malic acid" in (await john.looks())[-1].text
    await john.presses("acid")
    await john.sees("2 × 1.00 = 2.00 credits")


async def test_one_answer_for_every_row_and_a_cancel(stage: Stage, anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    await anna.sends_file("t.csv", csv_table([RUSSIAN[1:], *(row[1:] for row in wines(3))]))
    await anna.sees("Какой столбец — «Алкоголь, %»?")
    await anna.presses("Во всех строках: 13,05")
    await anna.sees("3 × 1,00 = 3,00 кредита")
    await anna.presses("✖ Отмена")
    await anna.sees("Пришлите таблицу")
    assert await balance(stage, anna) == 1000


async def test_what_is_no_table_is_told_and_another_may_follow(anna: Person) -> None:
    await anna.says("/start model_wine")
    await anna.presses("📋 Таблица")
    await anna.sees("До 100 000 строк")
    await anna.says("а как?")
    await anna.sees("⚠️ Здесь нужен файл: CSV или Excel.")
    await anna.sends_file("договор.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 9)
    await anna.sees("⚠️ Это не таблица, которую можно прочитать. Пришлите CSV или Excel (XLSX).")
    await anna.sends_file("t.csv", csv_table([RUSSIAN]))
    await anna.sees("⚠️ В таблице нет строк под заголовком.")


async def test_the_template_can_be_filled_in(stage: Stage, john: Person) -> None:
    await john.says("/start model_wine")
    await john.presses("📋 Table")
    await john.presses("⬇️ Template")
    sent = await john.sees("Fill it in")
    assert sent.file_name == "Wine by its analysis.xlsx"
    assert sent.document is not None
    header, example = read_workbook(sent.document)
    assert header[0] == "Alcohol, %"
    assert example[0] == 14.23
    notes = read_workbook(sent.document, 1)
    assert notes[:2] == [["Column", "What it may hold"], ["Alcohol, %", "From 10 to 16."]]
    await john.sends_file("wine.xlsx", sent.document)
    summary = await john.sees("1 × 1.00 = 1.00 credit")
    assert "left out" not in summary.text


async def test_who_cannot_pay_is_told_how_much_is_missing(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.sends_file("t.csv", csv_table([RUSSIAN, *wines(12)]))
    await anna.sees("На балансе 10,00: не хватает ещё 2,00 кредита.")
    assert "Не хватает кредитов" in ((await anna.presses("✅ Ответить на 12 строк")).text or "")
    await stage.give(anna, 200)
    await anna.presses("✅ Ответить на 12 строк")
    await anna.sees("✅ Отвечено: 12 из 12 строк.")
    assert await balance(stage, anna) == 0


async def test_a_table_that_came_before_its_model(stage: Stage, anna: Person) -> None:
    """It is not to be sent twice."""
    await anna.says("/start")
    await anna.sees_button("🔮")
    await anna.sends_file("вина.csv", csv_table([RUSSIAN, *wines(2)]))
    asked = await anna.sees("📋 вина.csv: какая модель ответит на её строки?")
    assert "🍷 Сорт вина по анализу" in asked.buttons
    await anna.presses("🍷 Сорт вина по анализу")
    await anna.presses("✅ Ответить на 2 строки: 2,00 кредита")
    await anna.sees("✅ Отвечено: 2 из 2 строк.")
    assert await balance(stage, anna) == 800
