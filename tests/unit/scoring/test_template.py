"""What a table to fill in has as an example."""

import pytest

from services.scoring.template import example_cell
from tests.unit.inference.models import field


@pytest.mark.parametrize(("label", "cell"), [("3", 3.0), ("-1.5", -1.5), ("007", "007"), ("3rd class", "3rd class")])
def test_an_option_called_by_a_number_is_one(label: str, cell: float | str) -> None:
    choice = field("choice", options=[{"value": "a", "label": {"en": label}}, {"value": "b", "label": {"en": "other"}}])
    made = example_cell(choice, "en")
    assert (made, type(made)) == (cell, type(cell))
