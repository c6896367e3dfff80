"""What a stranger's file says of itself is kept and told without what no database and no message can hold."""

import io

import pytest

from services.scoring.queries import ScoringView
from services.scoring.service import result_name
from services.scoring.writing import write_workbook
from services.values.errors import InvalidValue
from services.values.intake import Intake
from tests.support.tables import WORDING, TableDesk


def say(label: str, problem: InvalidValue) -> str:
    return f"{label}: {problem.params.get('given')}"


async def sent(desk: TableDesk, *rows: list[object], name: str) -> ScoringView:
    file = io.BytesIO()
    write_workbook(iter(rows), file)
    anna = await desk.counter.customer(500)
    offer = await desk.counter.models.offer("double")
    async with Intake().upload(anna) as upload:
        upload.file.write(file.getvalue())
        return await desk.scorings.begin(offer, upload, name=name, user_id=anna, wording=WORDING, say=say)


async def test_zeros_in_a_heading_a_sample_and_a_bad_cell(desk: TableDesk) -> None:
    """A workbook writes them as `_x0000_`."""
    view = await sent(desk, ["x", "no\x00te"], [1, "a\x00b"], ["two\x00\x07", "c"], name="t.xlsx")
    assert view.source.headings == ("x", "note")
    assert view.source.samples[0] == ("1", "ab")
    assert view.problems == ((3, "X: two"),)
    assert list(await desk.scorings.problems(view)) == [(3, "X: two")]


@pytest.mark.parametrize(
    ("name", "kept"), [("t\x00able.xlsx", "table.xlsx"), ("\ud83dчек.xlsx", "чек.xlsx"), ("\x00", "table")]
)
async def test_a_name_of_a_file(desk: TableDesk, name: str, kept: str) -> None:
    view = await sent(desk, ["x"], [1], name=name)
    assert view.source.name == kept
    assert result_name(view).encode()
