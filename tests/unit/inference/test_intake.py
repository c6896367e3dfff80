"""Files of strangers, looked at in a process of their own."""

import asyncio
import io
import os
import pickle
from pathlib import Path

import pytest
from PIL import Image

from services.manifests.inputs import SeriesInput
from services.manifests.preparation import Prepare
from services.values import errors, intake
from services.values.intake import Intake, IntakeBusy, StillLooking
from services.values.intake_answers import pack_numbers, unpack
from services.values.series import Taken
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


class Bomb:
    """Whoever unpickles it has a folder more."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("bombed",)


def _refuses(error: str, message: str, params: str) -> bytes:
    return f'{{"refusal": {{"error": "{error}", "message": "{message}", "params": {params}}}}}\n'.encode()


LIES = {
    "a pickle bomb": pickle.dumps(Bomb()),
    "a bomb behind the head of numbers": b'{"numbers": {}}\n' + pickle.dumps(Bomb()),
    "nothing": b"",
    "another word": b'{"run": 1}\n',
    "half a number": b'{"numbers": {}}\n1234567',
    "no number": b'{"numbers": {}}\n' + b"\xff" * 24,
    "keys that numbers do not have": b'{"numbers": {"source": "a"}}\n' + bytes(24),
    "a name that is no refusal": _refuses("Sequence", "x", "{}"),
    "words that reach into our program": _refuses("BadLine", "{line.__class__}", '{"line": 1}'),
    "words that lack something": _refuses("BadLine", "{line}", "{}"),
    "brackets without an end": b"[" * 1_000_000,
    "more than anybody would read": b"x" * 40_000_000,
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_process_that_was_taken_over_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    """It answers for the file, whatever is asked of it."""
    (tmp_path / "answer").write_bytes(LIES[lie])
    (tmp_path / "taken_over.py").write_text("import sys\nsys.stdout.buffer.write(open('answer', 'rb').read())")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(intake, "PROGRAM", "taken_over")
    with pytest.raises(errors.TooMuch):
        await numbers_of(Intake(), b"1\n2\n3\n")
    assert not (tmp_path / "bombed").exists()


@pytest.mark.parametrize(
    "found",
    [
        [1.5, 2.0, -0.0, 5e-324],
        {"values": [1.0], "column": "цена \ud800", "rows": 70_000},
        {"values": [1.0], "column": 3},
    ],
)
def test_numbers_survive_the_way(found: Taken) -> None:
    assert repr(unpack(pack_numbers(found))) == repr(found)


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
