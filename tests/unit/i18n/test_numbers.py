"""Numbers of any size in both languages."""

import math

import pytest

from i18n.translator import Catalogues

CATALOGUES = Catalogues()


@pytest.mark.parametrize(
    ("value", "decimals", "english", "russian"),
    [
        (1234.5, 2, "1,234.50", "1 234,50"),
        (999_999_999_999_999.0, 12, "999,999,999,999,999.000000000000", "999 999 999 999 999,000000000000"),
        (1e26, 2, "10²⁶", "10²⁶"),
        (-1.5e300, 0, "-1.5·10³⁰⁰", "-1,5·10³⁰⁰"),
        (5e-21, 12, "5·10⁻²¹", "5·10⁻²¹"),
        (5e-21, 2, "0.00", "0,00"),
        (0.0, 12, "0.000000000000", "0,000000000000"),
        (9_007_199_254_740_993, 2, "9,007,199,254,740,993", "9 007 199 254 740 993"),
        (2**64 - 1, 0, "18,446,744,073,709,551,615", "18 446 744 073 709 551 615"),
        (-(10**400), 0, "-10⁴⁰⁰", "-10⁴⁰⁰"),
        (math.inf, 2, "∞", "∞"),
        (-math.inf, 2, "-∞", "-∞"),
        (math.nan, 2, "?", "?"),
    ],
)
def test_a_number_of_any_size_is_written(value: float, decimals: int, english: str, russian: str) -> None:
    for language, written in (("en", english), ("ru", russian)):
        tr = CATALOGUES[language]
        assert tr.number(value, decimals).replace("\u00a0", " ") == written
        if isinstance(value, float):
            assert tr.axis(decimals)(value).replace("\u00a0", " ") == written


def test_a_whole_number_is_shown_as_it_was_typed() -> None:
    assert CATALOGUES["en"].figure(9_007_199_254_740_993, 2) == "9,007,199,254,740,993"
