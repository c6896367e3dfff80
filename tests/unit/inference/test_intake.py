"""Files of strangers, looked at in a process of their own."""

import asyncio
import io

import pytest
from PIL import Image

from services.inference import errors, intake
from services.inference.fields import SeriesInput
from services.inference.intake import Intake, IntakeBusy, StillLooking
from services.inference.preparation import Prepare
from services.inference.series import Taken
from tests.support.hostile import PICTURES, encoded, endless_scans
from tests.unit.inference.models import field

PRICES: SeriesInput = field("series", above=0, min_length=3, max_length=5)

WHOLE = Prepare.model_validate({"size": [8, 8]})


async def picture_of(desk: Intake, data: bytes, *, person: int = 1) -> bytes:
    async with desk.upload(person) as upload:
        upload.file.write(data)
        return await upload.picture(WHOLE)


async def numbers_of(desk: Intake, data: bytes, *, column: int | None = None) -> Taken:
    async with desk.upload(1) as upload:
        upload.file.write(data)
        return await upload.numbers(PRICES, column=column)


async def test_a_picture_comes_back_small() -> None:
    kept = await picture_of(Intake(), encoded(Image.new("RGB", (3000, 2000), "white"), "JPEG"))
    assert Image.open(io.BytesIO(kept)).size == (1024, 683)


async def test_a_table_comes_back_as_numbers() -> None:
    assert await numbers_of(Intake(), "дата;цена\n2020-01-01;1,5\n2020-01-02;2\n2020-01-03;3".encode()) == {
        "values": [1.5, 2, 3],
        "column": "цена",
    }


async def test_a_table_of_several_columns_is_asked_about_and_read_again() -> None:
    table, desk = b"day,open,close\n1,1,1.5\n2,2,2.5\n3,3,3.5\n", Intake()
    with pytest.raises(errors.ColumnWanted) as caught:
        await numbers_of(desk, table)
    assert [tuple(column) for column in caught.value.columns] == [(3, "close"), (1, "day"), (2, "open")]
    assert await numbers_of(desk, table, column=2) == {"values": [1, 2, 3], "column": "open"}


async def test_refusals_come_back_with_what_they_tell() -> None:
    with pytest.raises(errors.LineOutOfRange) as caught:
        await numbers_of(Intake(), b"1\n2\n-3\n")
    assert caught.value.params["line"] == 3
    assert caught.value.params["problem"].params["above"] == "0"
    with pytest.raises(errors.ImageTooLarge) as refused:
        await picture_of(Intake(), PICTURES["grey of 16 bits"]())
    assert refused.value.params == {"megapixels": 32}


async def test_what_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Intake()
    monkeypatch.setattr(intake, "SECONDS", 0.5)
    with pytest.raises(errors.TooMuch):
        await picture_of(desk, endless_scans())
    assert await picture_of(desk, encoded(Image.new("L", (9, 9)), "PNG")), "the next one is looked at"


async def test_one_upload_for_each_person() -> None:
    desk = Intake()
    async with desk.upload(1):
        with pytest.raises(StillLooking):
            await picture_of(desk, b"", person=1)
        with pytest.raises(errors.NotAnImage):
            await picture_of(desk, b"", person=2)
    with pytest.raises(errors.NotAnImage):
        await picture_of(desk, b"", person=1)


async def test_a_full_queue_says_so() -> None:
    desk, leave = Intake(), asyncio.Event()

    async def stays(person: int) -> None:
        async with desk.upload(person):
            await leave.wait()

    async with asyncio.TaskGroup() as people:
        for person in range(intake.QUEUE):
            people.create_task(stays(person))
        await asyncio.sleep(0)
        with pytest.raises(IntakeBusy):
            await picture_of(desk, b"", person=intake.QUEUE)
        leave.set()


async def test_who_waits_too_long_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.05)
    desk, never = Intake(), asyncio.Event()

    async def stays(person: int) -> None:
        with pytest.raises(IntakeBusy):
            async with desk.upload(person):
                await never.wait()

    await asyncio.gather(*(stays(person) for person in range(intake.PLACES + 2)))
    monkeypatch.undo()
    with pytest.raises(errors.NotAnImage):
        await picture_of(desk, b"")


def test_bounds_leave_room() -> None:
    assert intake.SECONDS < intake.WALL_SECONDS < intake.PATIENCE < 60, "with Redis a chat is held for 60 s"
