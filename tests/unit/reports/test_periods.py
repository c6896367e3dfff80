"""For how many days figures are shown."""

import pytest

from services.reports.statistics import parse_period


@pytest.mark.parametrize(("text", "days"), [("7", 7), (" 30 ", 30), ("９０", 90)])
def test_periods(text: str, days: int) -> None:
    assert parse_period(text) == days


@pytest.mark.parametrize("text", ["", "8", "-7", "7.0", "week", "7" * 5000, "²"])
def test_no_periods(text: str) -> None:
    assert parse_period(text) is None
