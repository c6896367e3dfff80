"""Workbooks made to take the shop's memory or time: the process that looks at them has bounds."""

import io
import tempfile
import zipfile

import pytest
import xlsxwriter

from services.scoring import table_work
from services.values.errors import InvalidValue, TooMuch
from tests.conversations.scoring.tables import workbook


async def looked_at(data: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        await table_work.look(file.fileno())


def far_away() -> bytes:
    """Two cells: a sheet of seventeen billion between them."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "x")
        sheet.write(1_048_575, 16_383, 1)
    return file.getvalue()


def inflated() -> bytes:
    """A sheet of two gigabytes, packed into two megabytes."""
    small = io.BytesIO(workbook([["x", "y"], [1, 2]]))
    large = io.BytesIO()
    with zipfile.ZipFile(small) as source, zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                with bomb.open(name, "w", force_zip64=True) as file:
                    head, _, tail = content.partition(b"<sheetData>")
                    file.write(head + b"<sheetData>")
                    row = b'<row r="1"><c r="A1"><v>1</v></c></row>' * 25_000
                    for _ in range(600):
                        file.write(row)
                    file.write(tail)
            else:
                bomb.writestr(name, content)
    return large.getvalue()


@pytest.mark.parametrize("made", [far_away, pytest.param(inflated, marks=pytest.mark.slow)])
async def test_what_takes_too_much_is_given_up(made: object) -> None:
    data: bytes = made()  # type: ignore[operator]
    assert len(data) < 20_000_000
    with pytest.raises(InvalidValue) as told:
        await looked_at(data)
    assert isinstance(told.value, TooMuch)
