"""A table of several columns answers a series once the customer has said which."""

from typing import Any

import pytest

from handlers.form.state import Form, FormExit
from handlers.kit.form_state import FormState
from services.values.parse import check_value
from services.values.series import parse_series, take_series
from tests.unit.handlers.form.samples import EVERYTHING, manifest
from tests.unit.handlers.form.walk import Walk
from tests.unit.inference.models import field

SERIES: dict[str, Any] = EVERYTHING[6]
NOTE: dict[str, Any] = {"name": "note", "type": "text", "label": "Note"}
ROWS = [(f"2026-01-{day:02}", day, day + 0.5, 1000 * day) for day in range(1, 16)]
TABLE = "Date;Open;Close;Volume\n" + "\n".join(";".join(map(str, row)) for row in ROWS)
OPEN = {"values": [float(day) for day in range(6, 16)], "column": "Open", "rows": 15}


def asked(data: str = TABLE, language: str = "ru") -> Walk:
    return Walk(Form.of(manifest([SERIES])), language).sends_file(data.encode())


def test_the_customer_is_asked_and_the_summary_names_the_column() -> None:
    walk = asked().sees("Цены, ₽", "В таблице несколько столбцов с числами. Какой взять?")
    assert walk.buttons == ["Close", "Open", "Volume", "‹ Назад", "✖ Отмена"]
    walk.presses("Open").sees("последние 10 значений из 15, в конце 15 ₽, столбец «Open»")
    assert walk.answers == {"series": OPEN}
    walk.presses("Предсказать").outcome(FormExit.PAY)


def test_a_long_heading_is_cut_where_everybody_sees_it() -> None:
    heading = "Adjusted close of the day, in dollars of 2015"
    walk = asked(TABLE.replace("Volume", heading)).sees("Какой взять?")
    assert walk.buttons[2] == "Adjusted close of the day, in dollars o…"


def test_in_english() -> None:
    walk = asked(language="en").sees("The table has several columns with numbers. Which one should be taken?")
    walk.presses("Open").sees("the last 10 values of 15, at the end 15 RUB, column “Open”")


@pytest.mark.parametrize("typed", ["Open", " oPEN ", "2"])
def test_a_column_may_be_typed(typed: str) -> None:
    assert asked().says(typed).answers == {"series": OPEN}


@pytest.mark.parametrize("typed", ["7", "Wednesday"])
def test_what_is_no_column_changes_nothing(typed: str) -> None:
    walk = asked().says(typed).sees("Нажмите, пожалуйста, одну из кнопок ниже.")
    assert "Open" in walk.buttons
    assert not walk.answers


def test_a_table_in_a_message_is_asked_about_too() -> None:
    walk = Walk(Form.of(manifest([SERIES]))).says(TABLE).sees("Какой взять?")
    assert walk.presses("Open").answers == {"series": OPEN}


def test_columns_without_names_have_numbers() -> None:
    walk = asked("1.5;10\n2.5;20\n3.5;30\n")
    assert walk.buttons[:2] == ["Столбец 1", "Столбец 2"]
    walk.presses("Столбец 2").sees("3 значения, последнее 30 ₽, столбец 2")
    assert walk.answers == {"series": {"values": [10.0, 20.0, 30.0], "column": 2}}


def test_more_columns_than_fit_are_turned_over() -> None:
    names = [f"c{n}" for n in range(30)]
    walk = asked("\n".join([";".join(names), *(";".join(["7"] * 30) for _ in range(4))]))
    assert "c8" not in walk.buttons
    walk.presses("›").presses("c8").sees("столбец «c8»")


def test_a_column_that_does_not_do_is_told_and_another_may_be_chosen() -> None:
    walk = asked("a;b\n1;5\n-2;6\n3;7\n4;8\n").presses("a").sees("⚠️ Строка 3: -2 не подходит.")
    assert walk.presses("b").answers == {"series": {"values": [5.0, 6.0, 7.0, 8.0], "column": "b"}}


def test_back_leads_to_the_question_and_numbers_answer_it_still() -> None:
    walk = asked().presses("Назад")
    walk.sees("Не меньше 3 чисел").says("1 2 3")
    assert walk.answers == {"series": [1.0, 2.0, 3.0]}
    assert asked().says("1 2 3").answers == {"series": [1.0, 2.0, 3.0]}


def test_a_button_of_another_table_changes_nothing() -> None:
    walk = asked()
    old = next(button.action for row in walk.screen.rows for button in row if button.text == "Open")
    walk.sends_file(b"x;y\n1;2\n3;4\n5;6\n").sends_action(old).outcome(FormExit.STALE)
    walk.presses("y")
    assert walk.answers == {"series": {"values": [2.0, 4.0, 6.0], "column": "y"}}


def test_other_answers_stay_and_the_way_leads_back_to_the_summary() -> None:
    walk = Walk(Form.of(manifest([NOTE, SERIES]))).says("hello").says("1 2 3")
    walk.sends_file(TABLE.encode()).sees("Какой взять?", "меняем ответ").presses("Open")
    assert walk.at_summary()
    assert walk.answers == {"note": "hello", "series": OPEN}


def test_one_column_of_numbers_needs_no_question() -> None:
    walk = asked("day;close\n2026-01-01;1\n2026-01-02;2\n2026-01-03;3\n")
    assert walk.answers == {"series": {"values": [1.0, 2.0, 3.0], "column": "close"}}
    walk = asked("1\n2\n3\n")
    assert walk.answers == {"series": [1.0, 2.0, 3.0]}


def test_a_table_under_way_is_stored_with_the_form_and_an_older_form_has_none() -> None:
    state = asked().turn.state
    assert FormState.load(state.dump()) == state
    older = state.dump()
    del older["table"]
    loaded = FormState.load(older)
    assert loaded is not None
    assert loaded.table is None


def test_an_older_answer_keeps_what_it_tells() -> None:
    series = field("series", min_length=3, max_length=10)
    assert check_value(series, OPEN) == OPEN
    shorter = field("series", max_length=4)
    assert check_value(shorter, OPEN) == {"values": [12.0, 13.0, 14.0, 15.0], "column": "Open", "rows": 15}
    Walk(Form.of(manifest([SERIES])), answers={"series": OPEN}).sees("столбец «Open»")


def test_a_file_of_the_models_own_is_not_asked_about() -> None:
    series = field("series")
    assert parse_series(series, TABLE.encode())[-1] == 15.5
    assert parse_series(series, b"a;b\n1;2\n3;4\n5;6\n") == [2.0, 4.0, 6.0]
    assert take_series(series, "1 2 3") == [1.0, 2.0, 3.0]
