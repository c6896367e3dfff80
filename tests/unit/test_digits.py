"""Digits of any script wherever a number is typed, in front of the parser that reads it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.billing.credits import parse_amount
from services.bonuses import parse_week
from services.digits import ascii_digits, whole_number
from services.models.manage import parse_price
from services.money import from_text, parse_roubles
from services.users.accounts import parse_age, parse_email
from services.values.dates import date_keys, is_date
from services.values.numerals import read_numeral
from services.values.tables import find_table, read_flow

WIDE = str.maketrans("0123456789.,", "０１２３４５６７８９．，")
ARABIC = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
NOW = datetime(2026, 11, 26, tzinfo=ZoneInfo("UTC"))


def _amount(text: str) -> int:
    return parse_amount(text, low=1, high=10**9)


def _roubles(text: str) -> int:
    return parse_roubles(text, low=1, high=10**9)


def _week(text: str) -> str:
    return parse_week(text, now=NOW, zone=ZoneInfo("UTC"))


@pytest.mark.parametrize("script", [WIDE, ARABIC, DEVANAGARI])
@pytest.mark.parametrize(
    ("parse", "typed"),
    [
        (_amount, "10.50"),
        (_amount, "1 000"),
        (_roubles, "700"),
        (_roubles, "19.99 ₽"),
        (parse_age, " 35 "),
        (parse_price, "0"),
        (_week, "2026-W47"),
        (is_date, "2026-11-21"),
        (read_numeral, "14.23"),
    ],
)
def test_any_script(parse: Any, typed: str, script: dict[int, int]) -> None:
    assert parse(typed.translate(script)) == parse(typed)


@pytest.mark.parametrize("script", [WIDE, ARABIC])
def test_tables(script: dict[int, int]) -> None:
    table = "2026-11-20;10.5\n2026-11-21;11.5\n"
    found = find_table(table.translate(script), is_file=True)
    assert found is not None
    assert [ascii_digits(cell.text) for cell in found.cells(found.columns[0])] == ["10.5", "11.5"]
    assert date_keys(["21.11.2026".translate(WIDE)]) == date_keys(["21.11.2026"])
    assert len(read_flow("1 234\n5 678".translate(script))) == 2


@pytest.mark.parametrize("typed", ["²", "½", "Ⅳ", "①", "一", "", "-1", "1.0", "121", "9" * 5000])
def test_what_only_looks_like_a_number(typed: str) -> None:
    assert whole_number(typed, most=120) is None


def test_where_only_ascii_is_right() -> None:
    with pytest.raises(Exception, match="not an amount"):
        from_text("７００.００")
    with pytest.raises(Exception, match="BadEmail"):
        parse_email("anna１@example.com")
