"""What a spreadsheet would run, and what it may read as it is."""

import pytest

from services.spreadsheets import harmless

FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd",
    "@SUM(A1)",
    "\tx",
    "\t=1",
    "\r=1",
    " =1",
    "\u00a0=1",
    "＝1",
    "\n-1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"x{text}") == f"x{text}"


@pytest.mark.parametrize("text", ["-5", "+7,25", "-1.5e3", "1=1", "wine", "", "-12 %"])
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
