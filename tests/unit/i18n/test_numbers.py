"""Numbers of any size in both languages."""

import math

import pytest

from i18n.chat_prices import price_in_short
from i18n.translator import Catalogues
from services.billing.ledger import InsufficientBalance
from services.chats.costs import TokenPrices
from services.money import AmountOutOfBounds, rub

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


def test_amounts_bear_the_decimal_sign_of_the_reader() -> None:
    english, russian = CATALOGUES["en"], CATALOGUES["ru"]
    assert (english.credits(1050), russian.credits(1050)) == ("10.50 credits", "10,50 кредита")
    assert (english.money(rub(1_234_50)), russian.money(rub(1_234_50))) == ("1\u00a0234.50 ₽", "1\u00a0234,50 ₽")
    lacking = InsufficientBalance(needed=150, balance=5)
    assert english.error(lacking) == "Not enough credits: 1.50 needed, 0.05 on the balance."
    assert "1,50" in russian.error(lacking)
    assert "0,05" in russian.error(lacking)
    assert "от 0,01 до 300 ₽" in russian.error(AmountOutOfBounds(low=rub(1), high=rub(300_00)))
    assert "'1.50'" in str(lacking)  # the log is of one language


@pytest.mark.parametrize(
    ("prices", "words"),
    [
        (TokenPrices(), "бесплатно"),
        (TokenPrices(fixed=50), "0,50 кредита за ответ"),
        (TokenPrices(input=10, output=40), "0,40 кредита за страницу ответа, 0,10 кредита за страницу прочитанного"),
    ],
)
def test_the_price_of_an_assistant_is_told_in_short(prices: TokenPrices, words: str) -> None:
    assert price_in_short(prices, CATALOGUES["ru"]) == words
