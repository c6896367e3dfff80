"""Whole forms, from the first question to paying."""

import tomllib

import pytest

from handlers.form.state import Form, FormExit
from tests.unit.handlers.form.samples import EVERYTHING, everything, manifest, stored
from tests.unit.handlers.form.walk import Walk

WINE_ROW = "14.23 1.71 2.43 15.6 127 2.8 3.06 0.28 2.29 5.64 1.04 3.92 1065"


def test_every_type_in_russian() -> None:
    walk = Walk(Form.of(everything()))
    walk.sees("Проба · 1/8", "Число, %", "От 0,5 до 99,5.", "Пример: 13,5").says("13,75 %")
    walk.sees("2/8", "Целое", "Сколько <штук>?", "От 1 до 2 000 000.").presses("По умолчанию: 1 500 000")
    walk.sees("3/8", "Цвет", "Выберите ниже.")
    assert walk.buttons[:2] == ["Красный", "Зелёный · обычно"]
    walk.presses("Красный").sees("4/8", "С дождём?").presses("Да · обычно")
    walk.sees("5/8", "От 01.01.2020 до 31.12.2030.", "Пример: 21.11.2026").says("9.5.2025")
    walk.sees("6/8", "До 200 символов.").says("Очень <хорошо>")
    walk.sees("7/8", "Цены, ₽", "пришлите файл CSV", "Не меньше 3 чисел", "Каждое: больше 0.").says("10 20,5 30")
    walk.sees("8/8", "Пришлите фото").sends_picture()
    walk.sees("Число: 13,75 %", "Целое: 1 500 000", "Цвет: Красный", "С дождём?: Да", "День: 09.05.2025")
    walk.sees("Отзыв: Очень <хорошо>", "Цены: 3 значения, последнее 30 ₽", "Снимок: картинка")
    walk.sees("Цена: 1,00", "Баланс: 10,00 → 9,00").presses("Предсказать за 1,00").outcome(FormExit.PAY)
    assert walk.answers == {
        "number": 13.75,
        "integer": 1_500_000,
        "choice": "red",
        "boolean": True,
        "date": "2025-05-09",
        "text": "Очень <хорошо>",
        "series": [10.0, 20.5, 30.0],
        "image": {"file": "ab" * 16},
    }


def test_every_type_in_english() -> None:
    walk = Walk(Form.of(everything()), "en")
    walk.sees("Sample · 1/8", "From 0.5 to 99.5.", "Example: 13.5").presses("Default: 12.25")
    walk.sees("From 1 to 2,000,000.").says("7").presses("Green · default").presses("No")
    walk.sees("From 2020-01-01 to 2030-12-31.", "Example: 2026-11-21").says("2026-11-21")
    walk.sees("Up to 200 characters.").says("fine")
    walk.sees("At least 3 numbers", "Each of them: above 0.").presses("Demo · default")
    walk.sees("Send a photo").sends_picture()
    walk.sees("Number: 12.25 %", "Colour: Green", "With rain?: No", "Prices: Demo", "Picture: a picture")
    assert walk.buttons == ["🔮 Predict for 1.00 credit", "✏️ Change…", "‹ Back", "✖ Cancel"]


def test_a_table_answers_a_series() -> None:
    walk = Walk(Form.of(manifest([EVERYTHING[6]])))
    walk.sends_file("дата;закрытие\n2026-01-01;10,5\n2026-01-02;11\n2026-01-03;12,25\n".encode("cp1251"))
    assert walk.answers == {"series": {"values": [10.5, 11.0, 12.25], "column": "закрытие"}}
    walk.sees("Цены: 3 значения, последнее 12,25 ₽, столбец «закрытие»")


@pytest.mark.parametrize("language", ["ru", "en"])
def test_all_values_at_once(language: str) -> None:
    walk = Walk(Form.of(stored("wine")), language)
    assert f"<code>{WINE_ROW}</code>" in walk.screen.text
    walk.says(WINE_ROW)
    assert walk.at_summary()
    assert list(walk.answers.values()) == [float(word) for word in WINE_ROW.split()]


def test_the_rest_at_once() -> None:
    walk = Walk(Form.of(stored("wine")))
    walk.says("14,23").presses("По умолчанию: 1,87").sees("3/13").says(
        "; ".join(WINE_ROW.replace(".", ",").split()[2:])
    )
    assert walk.at_summary()
    assert (walk.answers["malic_acid"], walk.answers["proline"]) == (1.87, 1065.0)


def test_a_row_with_a_mistake_names_it() -> None:
    walk = Walk(Form.of(stored("wine")))
    walk.says(WINE_ROW.replace("3.06", "306")).sees("⚠️ Значение 7, «Флавоноиды»: Нужно число от 0,1 до 6")
    walk.says(WINE_ROW.rpartition(" ")[0]).sees("⚠️ Нужно 13 значений, а получено 12.")
    assert "⚡" in walk.text
    assert "⚡" not in walk.says("крепкое").text
    assert not walk.answers


def test_the_example_row_is_accepted_as_it_is() -> None:
    inputs = [each for each in EVERYTHING if each["name"] in {"number", "integer", "choice", "boolean", "date"}]
    for language in ("ru", "en"):
        walk = Walk(Form.of(manifest(inputs)), language)
        row = walk.screen.text.partition("<code>")[2].partition("</code>")[0]
        walk.says(row)
        assert walk.at_summary(), (row, walk.text)


def test_a_wrong_answer_is_told_above_the_question() -> None:
    walk = Walk(Form.of(everything()))
    walk.says("много").sees("⚠️ Нужно число от 0,5 до 99,5, например 13,5.", "1/8").says("100").sees("⚠️", "1/8")
    walk.says("50").sees("2/8")
    assert "⚠️" not in walk.text


@pytest.mark.parametrize(
    ("at", "text", "problem"),
    [
        ("number", "1e999", "Нужно число от 0,5"),
        ("number", "13 кг", "единица — %, без «кг»"),
        ("integer", "2,5", "Нужно целое число"),
        ("choice", "синий", "Выберите одно из: Красный, Зелёный."),
        ("boolean", "может быть", "Ответьте «да» или «нет»."),
        ("date", "31.02.2025", "Нужна дата от 01.01.2020 до 31.12.2030, например 21.11.2026."),
        ("text", "ой", "Нужно хотя бы 3 символа, а получено 2."),
        ("text", "а" * 201, "Помещается не больше 200 символов, а получено 201."),
        ("series", "1 2", "Нужно хотя бы 3 значения, а получено 2."),
        ("series", "1\n-2\n3", "Строка 2: -2 не подходит. Нужно число больше 0"),
        ("image", "цифра 5", "Здесь нужна картинка"),
    ],
)
def test_what_is_told(at: str, text: str, problem: str) -> None:
    field = next(each for each in EVERYTHING if each["name"] == at)
    walk = Walk(Form.of(manifest([field])))
    walk.says(text).sees("⚠️", problem)
    assert not walk.answers


def test_a_picture_where_a_number_is_asked() -> None:
    walk = Walk(Form.of(everything())).sends_picture()
    walk.sees("⚠️ Картинка здесь не подойдёт", "1/8").sends_file(b"1\n2\n3").sees("⚠️ Файл здесь не подойдёт")
    picture = Walk(Form.of(manifest([EVERYTHING[7]])))
    picture.sends_file(b"1\n2\n3").sees("⚠️ Здесь нужна картинка")


def test_back_keeps_the_answers() -> None:
    walk = Walk(Form.of(everything())).says("13,75").says("7").presses("Назад")
    walk.sees("2/8", "Сейчас выбрано: 7").presses("Назад").sees("1/8", "Сейчас выбрано: 13,75 %")
    walk.presses("Оставить: 13,75 %").sees("3/8")
    walk.presses("Назад").presses("Назад").says("50").sees("3/8")
    assert walk.answers == {"number": 50.0, "integer": 7}
    Walk(Form.of(everything())).presses("Назад").outcome(FormExit.LEAVE)


def test_the_current_option_is_marked() -> None:
    walk = Walk(Form.of(everything())).says("13").says("7").presses("Красный").presses("Назад")
    assert walk.buttons[:2] == ["✓ Красный", "Зелёный · обычно"]


def test_change_one_answer_from_the_list() -> None:
    walk = Walk(Form.of(stored("wine"))).says(WINE_ROW).presses("Изменить").sees("Какой ответ изменить?")
    assert walk.buttons[-4:] == ["·", "1 из 2", "›", "‹ Назад"]
    walk.presses("›").presses("Пролин: 1065 мг/л").sees("меняем ответ", "Пролин").says("пролин?").sees("⚠️")
    walk.says("900").sees("Пролин: 900 мг/л", "Цена")
    walk.presses("Изменить").presses("Зола").presses("Назад").sees("Зола: 2,43 г/л", "Цена")
    walk.presses("Изменить").presses("Назад").sees("Цена").presses("Назад").sees("13/13")


def test_a_short_form_has_a_button_for_each_answer() -> None:
    walk = Walk(Form.of(manifest(EVERYTHING[:2]))).says("1").says("2")
    assert walk.buttons[1:3] == ["✏️ Число", "✏️ Целое"]
    walk.presses("✏️ Целое").says("3").sees("Целое: 3", "Число: 1 %")


def test_answers_at_the_summary() -> None:
    walk = Walk(Form.of(stored("wine"))).says(WINE_ROW)
    walk.says("спасибо").sees("ℹ️ Нажмите, пожалуйста, одну из кнопок ниже.")
    walk.says(WINE_ROW.replace("14.23", "12.5")).sees("Алкоголь: 12,5 %")
    digit = Walk(Form.of(stored("digit"))).sends_picture().sends_picture("cd" * 16)
    assert digit.at_summary()
    assert digit.answers == {"photo": {"file": "cd" * 16}}


def test_cancel_from_anywhere() -> None:
    walk = Walk(Form.of(everything()))
    walk.presses("Отмена").outcome(FormExit.CANCEL)
    Walk(Form.of(stored("wine"))).says(WINE_ROW).presses("Отмена").outcome(FormExit.CANCEL)


def test_credits_that_do_not_suffice() -> None:
    walk = Walk(Form.of(manifest(EVERYTHING[:1])), balance=50).says("1")
    walk.sees("На балансе 0,50. Не хватает: 0,50 кредита. Ответы сохранены здесь.")
    assert any("Предсказать" in button for button in walk.buttons)


def test_a_free_model() -> None:
    walk = Walk(Form.of(manifest(EVERYTHING[:1], price="0")), balance=0).says("1").sees("бесплатное")
    walk.presses("Предсказать бесплатно").outcome(FormExit.PAY)


def test_a_second_tap_answers_nothing() -> None:
    walk = Walk(Form.of(everything()))
    tap = next(button.action for row in walk.screen.rows for button in row if "По умолчанию" in button.text)
    walk.sends_action(tap).sees("2/8").sends_action(tap).outcome(FormExit.STALE)
    walk.sees("2/8")
    walk.sends_action(tap.replace("n0nce", "other")).outcome(FormExit.STALE)
    assert walk.answers == {"number": 12.25}


def test_many_options_come_in_pages() -> None:
    options = [{"value": f"v{n}", "label": {"ru": f"Вариант {n}", "en": f"Option {n}"}} for n in range(1000)]
    field = {"name": "choice", "type": "choice", "label": "Выбор", "options": options, "default": "v500"}
    walk = Walk(Form.of(manifest([field])))
    assert walk.buttons[:2] == ["Вариант 0", "Вариант 1"]
    assert "По умолчанию: Вариант 500" in walk.buttons
    walk.presses("›").presses("›")
    assert "Вариант 16" in walk.buttons
    assert "3 из 125" in walk.buttons
    walk.presses("Вариант 17")
    assert walk.answers == {"choice": "v17"}
    assert Walk(Form.of(manifest([field]))).says("вариант 999").answers == {"choice": "v999"}


CITIES = """
[[inputs]]
name = "city"
type = "choice"
label = "City"
options = [{ value = "kzn", label = "Kazan" }, { value = "msk", label = "Moscow" }]
tensor = { name = "X" }
[[inputs]]
name = "trade"
type = "choice"
label = "Trade"
options = [{ value = "doctor", label = "Doctor" }, { value = "baker", label = "Baker" }]
tensor = { name = "X" }
[[inputs]]
name = "age"
type = "integer"
label = "Age"
min = 18
max = 99
tensor = { name = "X" }
[[inputs]]
name = "weight"
type = "number"
label = "Weight"
tensor = { name = "X" }
"""


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Moscow; doctor; 17; 88", "Value 3, “Age”: A whole number from 18 to 99 is expected"),
        ("Moscow, doctor, 17, 88", "Value 3, “Age”: A whole number from 18 to 99 is expected"),
        ("Moscow\ndoctor\n30\nheavy", "Value 4, “Weight”: "),
        ("Moscow; smith; 30; 88", "Value 2, “Trade”: Please choose one of: Doctor, Baker."),
        ("Moscow; doctor; 30", "4 values are expected, 3 given."),
        ("I live elsewhere", "Please choose one of: Kazan, Moscow."),
        ("Omsk", "Please choose one of: Kazan, Moscow."),
    ],
)
def test_a_row_that_starts_with_a_choice_names_the_value_that_is_wrong(row: str, told: str) -> None:
    inputs = tomllib.loads(CITIES)["inputs"]
    Walk(Form.of(manifest(inputs)), "en").says(row).sees(told)


def test_a_row_that_starts_with_a_choice() -> None:
    walk = Walk(Form.of(manifest(tomllib.loads(CITIES)["inputs"])), "en").says("Moscow; doctor; 30; 88")
    assert walk.answers == {"city": "msk", "trade": "doctor", "age": 30, "weight": 88.0}


@pytest.mark.parametrize(
    ("prepare", "most"),
    [
        ({}, "1,024"),
        ({"longest": 512, "multiple": 8}, "512"),
        ({"longest": 2048}, "2,048"),
        ({"multiple": 100}, "1,000"),
    ],
)
def test_a_picture_of_any_size_is_asked_with_its_limit(prepare: dict[str, int], most: str) -> None:
    field = EVERYTHING[7] | {"prepare": {"size": ["free", "free"], **prepare}}
    Walk(Form.of(manifest([field])), "en").sees(f"If a side is longer than {most} points, the picture is made smaller.")
    fixed = EVERYTHING[7] | {"prepare": {"size": [64, 64]}}
    assert "longer" not in Walk(Form.of(manifest([fixed])), "en").text
