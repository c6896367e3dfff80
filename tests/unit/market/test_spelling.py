"""How people spell papers."""

import pytest

from services.market.spelling import MAX_LENGTH, code, is_isin, plain, same_name, shown


@pytest.mark.parametrize(
    "typed",
    ["SBER", "sber", " sber ", "ЅВЕR", "s b e r", "«SBER»", '"sber"', "SBER\u200b", "ＳＢＥＲ", "sber\n", "'SBER'"],
)
def test_many_spellings_are_one_ticker(typed: str) -> None:
    assert code(typed) == "SBER"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("т", "T"),
        ("RU0009029540", "RU0009029540"),
        ("ru 000 902 9540", "RU0009029540"),
        ("RUОО09029540", "RUOO09029540"),
        ("СБЕР", None),
        ("Газпром", None),
        ("BRK.B", "BRK.B"),
        ("BTC-USD", "BTC-USD"),
        ("a/b", None),
        ("../../x", None),
        ("", None),
        ('"', None),
        ("S" * 40, None),
    ],
)
def test_what_may_be_a_ticker_or_an_isin(typed: str, found: str | None) -> None:
    assert code(typed) == found


def test_an_isin_has_twelve_signs_of_which_the_last_is_a_digit() -> None:
    assert is_isin("RU0009029540")
    assert not is_isin("RU000902954X")
    assert not is_isin("RU00090295401")


def test_names_are_compared_without_quotes_case_and_blanks() -> None:
    assert same_name("ПАО «Газпром»", 'пао  "газпром"')
    assert not same_name("Газпром", "Газпром нефть")


def test_a_name_is_shown_on_one_line_with_its_quotes() -> None:
    assert shown('ПАО\n"Газпром"\u202e  ао') == 'ПАО "Газпром" ао'


def test_long_and_odd_texts_are_cut() -> None:
    assert len(plain("а" * 100_000)) == MAX_LENGTH
    assert plain("\u202e\x00\u200b") == ""
