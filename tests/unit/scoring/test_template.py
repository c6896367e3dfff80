"""What a table to fill in has as an example, and what it says of its columns."""

import datetime as dt
import io
import re
import zipfile

import pytest

from services.scoring.checking import CellReader
from services.scoring.guide import ColumnGuide, Guide
from services.scoring.template import Kind, example_cell, template
from tests.conversations.scoring.tables import read_workbook
from tests.unit.inference.models import field

FEW = ColumnGuide(heading="Colour", allowed="One of: red, white.", options=["red", "white"], example="red")
MANY = ColumnGuide(
    heading="Country", allowed="One of: …", options=[f"Country, {at}" for at in range(40)], example="Country, 0"
)
SHARE = ColumnGuide(heading="Зола, %", allowed="От 1 до 4.", options=(), example=2.43)
DAY = ColumnGuide(heading="Day", allowed="", options=(), example=dt.date(2026, 11, 21))
GUIDE = Guide(
    title="How to fill it in",
    columns=[FEW, MANY, SHARE, DAY],
    columns_head=("Column", "What it may hold"),
    answers=[("Wine", "One of: …")],
    answers_head=("Answer", "What will stand in it"),
)


@pytest.mark.parametrize(("label", "cell"), [("3", 3.0), ("-1.5", -1.5), ("007", "007"), ("3rd class", "3rd class")])
def test_an_option_called_by_a_number_is_one(label: str, cell: float | str) -> None:
    choice = field("choice", options=[{"value": "a", "label": {"en": label}}, {"value": "b", "label": {"en": "other"}}])
    made = example_cell(choice, "en", yes="yes", no="no")
    assert (made, type(made)) == (cell, type(cell))


def test_yes_and_no_are_in_the_readers_language_and_read_back() -> None:
    asked = field("boolean", example=True)
    cell = example_cell(asked, "ru", yes="да", no="нет")
    assert cell == "да"
    assert [CellReader(asked, None).read(each) for each in (cell, "Нет", "yes", "ИСТИНА", "ложь", True)] == [
        True, False, True, True, False, True,
    ]  # fmt: skip


async def test_a_workbook_offers_its_options_and_says_what_is_allowed() -> None:
    content = await template(GUIDE, decimal=",")
    assert read_workbook(content)[1] == ["red", "Country, 0", 2.43, dt.date(2026, 11, 21)]
    notes = read_workbook(content, 1)
    assert notes[1][:2] == ["Colour", "One of: red, white."]
    assert notes[2][2:] == MANY.options
    assert notes[-1][:2] == ["Wine", "One of: …"]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    rules = re.findall(r"<formula1>(.*?)</formula1>", sheet)
    assert rules == ['"red,white"', "'ℹ How to fill it in'!$C$3:$AP$3"]
    assert 'prompt="От 1 до 4."' in sheet


@pytest.mark.parametrize(
    ("decimal", "line"),
    [(",", "red;Country, 0;2,43;2026-11-21"), (".", 'red,"Country, 0",2.43,2026-11-21')],
)
async def test_a_csv_file_opens_by_a_click_in_its_country(decimal: str, line: str) -> None:
    kind: Kind = "csv"
    text = (await template(GUIDE, decimal=decimal, kind=kind)).decode("utf-8")
    assert text.startswith("\ufeffColour")
    assert text.splitlines()[1] == line
