import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.values import errors
from services.values.errors import InvalidValue
from services.values.parse import check_value, default_value, example_value, parse_many, parse_text
from tests.unit.inference.models import field

ALCOHOL = field("number", unit={"en": "% vol", "ru": "% об."}, min=10, max=16, example=13.2)
MONEY = field("number", above=0)
PLAIN = field("number")
COUNT = field("integer", min=0, max=1_000_000)
COLOUR = field(
    "choice",
    options=[
        {"value": "red", "label": {"ru": "Красный", "en": "Red"}},
        {"value": "tree", "label": {"ru": "Ёлка", "en": "Fir"}},
    ],
)
DAY = field("date", min="2000-01-01", max="2030-12-31", example="2026-11-21")
NAME = field("text", min_length=2, max_length=10)
PRICES = field("series", above=0, min_length=2, sources=[{"value": "sp500", "label": "S&P 500", "file": "a.csv"}])

SHARE = field("number", above=0, max=1)
PHOTO = field("image", prepare={"size": [8, 8]})
BETWEEN_DAYS = "A date from 2000-01-01 to 2030-12-31 is expected, for example 2026-11-21."


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("13", 13.0),
        ("13,2", 13.2),
        (" 13.2 ", 13.2),
        ("+13.2", 13.2),
        ("−13,2", -13.2),
        ("–5", -5.0),
        ("- 5", -5.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("1 000", 1000.0),
        ("1\u00a0000,5", 1000.5),
        ("1\u202f234\u2009567", 1234567.0),
        ("1'234.5", 1234.5),
        ("1,234", 1.234),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234,567", 1234567.0),
        ("1e3", 1000.0),
        ("2,5E-2", 0.025),
        ("1е3", 1000.0),
        ("٣٫٥", 3.5),
        ("١٬٢٣٤", 1234.0),
        ("１２", 12.0),
        ("$100", 100.0),
        ("100 $", 100.0),
        ("100 руб.", 100.0),
        ("100₽", 100.0),
        ("5%", 5.0),
        ("\u200e5", 5.0),
    ],
)
def test_numbers_as_people_type_them(raw: str, number: float) -> None:
    value = parse_text(PLAIN, raw)
    assert value == number
    assert type(value) is float


@pytest.mark.parametrize(
    "raw",
    ["", " ", "abc", "NaN", "inf", "-inf", "1 2", "12 34", "1,2,3", "1.2.3", "1 00", "1,23,456", "1-2",
     "10-20", "1/2", "²", "½", "--5", "x5", "5 apples", "5 5 $", "0x10", "1_000", "٣ ٤ ٥", "1e", "e5", "5" * 200,
     "№5", "5..", "-", "٪"],
)  # fmt: skip
def test_what_is_no_number(raw: str) -> None:
    with pytest.raises(InvalidValue):
        parse_text(PLAIN, raw)


@pytest.mark.parametrize("raw", ["1e999", "-1e999", "1e39"])
def test_what_no_tensor_holds(raw: str) -> None:
    with pytest.raises(errors.OutOfRange, match="OutOfRange"):
        parse_text(PLAIN, raw)
    assert parse_text(field("number", tensor={"name": "X", "dtype": "float64"}), "1e39") == 1e39


@pytest.mark.parametrize(
    ("question", "raw", "leaf", "sentence"),
    [
        (ALCOHOL, "abc", errors.NotANumber, "A number from 10 to 16 is expected, for example 13.2."),
        (ALCOHOL, "17", errors.OutOfRange, "A number from 10 to 16 is expected, for example 13.2."),
        (ALCOHOL, "13 $", errors.WrongUnit, "A number in % vol is expected, without “$”, for example 13.2."),
        (PLAIN, "13 apples", errors.WrongUnit, "A number alone is expected, without “apples”, for example 1."),
        (MONEY, "0", errors.OutOfRange, "A number above 0 is expected, for example 1."),
        (field("number", min=0.5), "0", errors.OutOfRange, "A number of at least 0.5 is expected, for example 1.5."),
        (field("number", max=-2), "0", errors.OutOfRange, "A number up to -2 is expected, for example -2."),
        (SHARE, "2", errors.OutOfRange, "A number above 0 and up to 1 is expected, for example 0.5."),
        (PLAIN, "1e999", errors.OutOfRange, "This number is too large. A number like 1 is expected."),
        (COUNT, "3.5", errors.NotWhole, "A whole number from 0 to 1000000 is expected, for example 500000."),
        (COUNT, "1e300", errors.OutOfRange, "A whole number from 0 to 1000000 is expected, for example 500000."),
        (field("integer"), "1e100", errors.OutOfRange, "This number is too large. A number like 1 is expected."),
        (COLOUR, "mauve", errors.NotAnOption, "Please choose one of: Red, Fir."),
        (DAY, "31.02.2020", errors.NotADate, BETWEEN_DAYS),
        (DAY, "1999-12-31", errors.OutOfRange, BETWEEN_DAYS),
        (NAME, "a", errors.TextTooShort, "At least 2 characters are expected, 1 given."),
        (NAME, "a" * 11, errors.TextTooLong, "At most 10 characters are expected, 11 given."),
        (field("boolean"), "maybe", errors.NotYesNo, "Please answer yes or no."),
        (PHOTO, "cat", errors.NotAText, "A picture is expected here. Please send a photo."),
    ],
)  # fmt: skip
def test_refusals_say_what_is_allowed(question: Any, raw: str, leaf: type[InvalidValue], sentence: str) -> None:
    with pytest.raises(leaf) as caught:
        parse_text(question, raw)
    assert type(caught.value) is leaf
    assert caught.value.message.format(**caught.value.params) == sentence


def test_declared_units_are_read_in_any_language() -> None:
    assert [parse_text(ALCOHOL, raw) for raw in ("13.2 % vol", "13,2% об.", "13 % VOL")] == [13.2, 13.2, 13.0]
    roubles = field("number", unit="RUB")
    assert [parse_text(roubles, raw) for raw in ("5 ₽", "5 руб", "5 rub")] == [5.0, 5.0, 5.0]
    with pytest.raises(errors.WrongUnit):
        parse_text(roubles, "5 $")


def test_options_are_told_in_every_language() -> None:
    with pytest.raises(errors.NotAnOption) as caught:
        parse_text(COLOUR, "?")
    assert caught.value.params["options"].pick("ru") == "Красный, Ёлка"


@pytest.mark.parametrize("raw", ["red", "RED", "красный", "Красный ", "1", "1."])
def test_choices(raw: str) -> None:
    assert parse_text(COLOUR, raw) == "red"
    assert parse_text(COLOUR, "елка") == "tree"


@pytest.mark.parametrize("raw", ["3", "3.0", "3,00"])
def test_a_whole_decimal_is_the_option_of_that_number(raw: str) -> None:
    """As pandas writes it once a column has a gap."""
    classes = [{"value": number, "label": {"en": f"Class {number}"}} for number in ("5", "4", "3")]
    assert parse_text(field("choice", options=classes), raw) == "3"
    with pytest.raises(errors.NotAnOption):
        parse_text(field("choice", options=classes), "3.5")


def test_a_choice_whose_values_are_numbers_goes_by_value() -> None:
    digits = field("choice", options=[{"value": v, "label": f"Class {v}"} for v in ("2", "1")])
    assert (parse_text(digits, "1"), parse_text(digits, "2")) == ("1", "2")


def test_booleans_dates_and_texts() -> None:
    yes_or_no = field("boolean")
    assert [parse_text(yes_or_no, raw) for raw in ("да", "Yes", "1", "+")] == [True] * 4
    assert [parse_text(yes_or_no, raw) for raw in ("нет", "No.", "0", "−")] == [False] * 4
    dates = ("2026-11-21", "21.11.2026", "21/11/2026", "21-11-2026", "21 11 2026 г.", "2026.11.21", "٢١.١١.٢٠٢٦")
    assert {parse_text(DAY, raw) for raw in dates} == {"2026-11-21"}
    assert parse_text(NAME, " Анна\x00\ud800 ") == "Анна"


def test_integers_are_exact() -> None:
    big = field("integer")
    assert parse_text(big, "9 007 199 254 740 993") == 9007199254740993
    assert parse_text(big, "3,0") == 3
    assert type(parse_text(big, "1e3")) is int


def test_series_by_name_or_by_numbers() -> None:
    assert parse_text(PRICES, "S&P 500") == {"source": "sp500"}
    assert parse_text(PRICES, "100,5 101,5") == [100.5, 101.5]


@pytest.mark.parametrize(
    "raw",
    ["13,2; 1,78; red; 2", "13.2, 1.78, red, 2", "13.2 1.78 red 2", "13,2 1,78 красный 2", "13.2,1.78,red,2",
     "13,2\n1,78\nred\n2\n", "13,2\t1,78\tred\t2", " 13.2;1.78;red;2; ", "13,2, 1,78, red, 2",
     "13.2 % vol; 1.78; Red; 2"],
)  # fmt: skip
def test_a_whole_form_at_once(raw: str) -> None:
    assert parse_many([ALCOHOL, PLAIN, COLOUR, COUNT], raw) == [13.2, 1.78, "red", 2]


def test_a_form_with_spaces_inside_values() -> None:
    assert parse_many([COUNT, COUNT], "1 000; 2 000") == [1000, 2000]
    assert parse_many([PLAIN, PLAIN], "1,5 2,5") == [1.5, 2.5]
    assert parse_many([PLAIN], "1 234,5") == [1234.5]


def test_a_form_of_the_wrong_length() -> None:
    for raw, given_count in (("13,2; 1,78", 2), ("1 2 3 4 5", 5), ("", 0), ("1.5, 2.5", 2)):
        with pytest.raises(errors.WrongCount) as caught:
            parse_many([ALCOHOL, PLAIN, COUNT], raw)
        assert caught.value.params == {"expected": 3, "given": given_count}


def test_a_form_names_the_bad_value() -> None:
    with pytest.raises(errors.InvalidMember) as caught:
        parse_many([PLAIN, ALCOHOL, COUNT], "1; 99; 3")
    assert (caught.value.position, caught.value.params["label"].pick("ru")) == (2, "Алкоголь")
    assert isinstance(caught.value.problem, errors.OutOfRange)


QUESTIONS = [
    ALCOHOL, MONEY, PLAIN, COUNT, COLOUR, DAY, NAME, PRICES, field("boolean"),
    field("number", tensor={"name": "X", "dtype": "float64"}), field("integer"), PHOTO, field("series"),
]  # fmt: skip
TYPED = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="0123456789.,;-+eE %$ \n\t\u00a0−٣٫", max_size=60),
    st.floats().map(str),
    st.integers().map(str),
    st.dates().map(dt.date.isoformat),
)


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(QUESTIONS), TYPED)
def test_whatever_is_typed_gives_a_value_or_a_refusal(question: Any, raw: str) -> None:
    try:
        value = parse_text(question, raw)
    except InvalidValue as refusal:
        refusal.message.format(**refusal.params)
        return
    assert check_value(question, json.loads(json.dumps(value, allow_nan=False))) == value
    json.dumps(value).encode("utf-8")


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from(QUESTIONS), min_size=1, max_size=4), TYPED)
def test_whatever_is_typed_for_a_form(questions: list[Any], raw: str) -> None:
    try:
        assert len(parse_many(questions, raw)) == len(questions)
    except InvalidValue as refusal:
        refusal.message.format(**refusal.params)


@settings(deadline=None)  # the machine may be busy
@given(st.floats(min_value=-3e38, max_value=3e38))
def test_any_number_written_out_is_read_back(number: float) -> None:
    assert parse_text(PLAIN, repr(number)) == number
    assert parse_text(PLAIN, repr(number).replace(".", ",")) == number


@settings(deadline=None)  # the machine may be busy
@given(st.integers(min_value=0, max_value=10**12), st.sampled_from([" ", "\u00a0", "\u202f", "'"]))
def test_thousands_in_groups(number: int, separator: str) -> None:
    assert parse_text(field("integer"), f"{number:,}".replace(",", separator)) == number


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.just(10**400) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(QUESTIONS), JSON)
def test_whatever_was_stored_is_checked(question: Any, stored: Any) -> None:
    try:
        check_value(question, stored)
    except InvalidValue as refusal:
        refusal.message.format(**refusal.params)


def test_a_stored_value_may_have_become_wrong() -> None:
    assert check_value(ALCOHOL, 13) == 13.0
    for question, stored in ((ALCOHOL, 20.0), (ALCOHOL, "13"), (ALCOHOL, True), (COUNT, 1.0), (COLOUR, "mauve"),
                             (DAY, "1999-01-01"), (PRICES, {"source": "gone"}), (PRICES, [1.0]), (PRICES, [1.0, -1.0]),
                             (field("boolean"), 1), (PHOTO, {"file": "../x"})):  # fmt: skip
        with pytest.raises(InvalidValue):
            check_value(question, stored)


def test_defaults_and_examples_are_values() -> None:
    assert default_value(field("number", default=5)) == 5.0
    assert default_value(field("date", default="2026-11-21")) == "2026-11-21"
    assert default_value(PRICES) is None
    series = field("series", sources=[{"value": "a", "label": "A", "file": "a.csv"}], default="a", example=[1, 2])
    assert (default_value(series), example_value(series)) == ({"source": "a"}, [1.0, 2.0])
