"""Files come over from old rows, go when their time is over, and never while somebody needs them."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import NoResultFound

from db.base import table_of
from db.engine import Database
from db.tables.models import Model
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.predictions import File, FileKind
from services.files.cleanup import UNNAMED_FOR, FileCleanup
from services.files.files import Files
from services.files.folder import FolderStore
from services.files.store import StoreAway, key_of
from tests.support.clock import FakeClock
from tests.support.counter import STORE, Counter, open_counter
from tests.unit.inference.models import write_model
from tests.unit.inference.test_picture_lists import COSINE, GREEN, TWO, colours
from tests.unit.inference.test_picture_lists import TABLES as LIST

DAYS = timedelta(days=1)


@pytest.fixture
async def counter(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Counter]:
    models = tmp_path / "models"
    models.mkdir()
    made = await open_counter(database, clock, models)
    async with made.exits:
        yield made
        await made.check()


@pytest.fixture
async def digit(counter: Counter, tmp_path: Path) -> None:
    """Is on sale."""
    (tmp_path / "models" / "digit").symlink_to(STORE / "digit")
    assert await counter.models.sync(counter.engine) == []


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


@pytest.fixture
def files(database: Database, clock: FakeClock, store: FolderStore) -> Files:
    return Files(database, store, clock)


@pytest.fixture
def cleanup(database: Database, clock: FakeClock, store: FolderStore) -> FileCleanup:
    return FileCleanup(database, store, clock, inputs_for=30 * DAYS, results_for=365 * DAYS)


async def in_a_row(counter: Counter, user_id: int, content: bytes) -> UUID:
    """As an older version kept it."""
    file_id = uuid4()
    row = {"id": file_id, "user_id": user_id, "kind": FileKind.INPUT, "media_type": "image/png", "size": len(content)}
    row |= {"sha256": "0" * 64, "content": content, "created_at": counter.clock()}
    await counter.db.write(lambda session: session.execute(insert(table_of(File)), row) and None)
    return file_id


async def test_old_rows_are_read_and_carried_over(counter: Counter, files: Files, cleanup: FileCleanup) -> None:
    anna = await counter.customer()
    old = {await in_a_row(counter, anna, b"%d" % number): b"%d" % number for number in range(45)}
    assert await files.contents((file_id, anna) for file_id in old) == old
    assert await cleanup.move() == 45
    assert await cleanup.move() == 0
    assert await counter.count(File, File.content.is_not(None)) == 0
    assert await files.contents((file_id, anna) for file_id in old) == old


async def test_a_move_that_is_cut_goes_on(
    counter: Counter, files: Files, cleanup: FileCleanup, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await counter.customer()
    old = {await in_a_row(counter, anna, b"%d" % number): b"%d" % number for number in range(45)}
    put, calls = store.put, iter(range(100))

    async def cut(key: str, content: bytes) -> None:
        if next(calls) == 30:
            raise StoreAway(problem="no space left on device")
        await put(key, content)

    monkeypatch.setattr(store, "put", cut)
    with pytest.raises(StoreAway):
        await cleanup.move()
    assert await files.contents((file_id, anna) for file_id in old) == old
    await cleanup.move()
    assert await files.contents((file_id, anna) for file_id in old) == old


async def test_a_customers_picture_goes_after_its_time(
    counter: Counter, files: Files, cleanup: FileCleanup, store: FolderStore
) -> None:
    anna = await counter.customer()
    first = await files.put(anna, b"first", "image/png")
    counter.clock.advance(seconds=20 * 24 * 3600)
    second = await files.put(anna, b"second", "image/png")
    counter.clock.advance(seconds=11 * 24 * 3600)
    assert await cleanup.expire() == 1
    assert (await files.get(first, user_id=anna), await files.get(second, user_id=anna)) == (None, b"second")
    assert await store.get(key_of(first)) is None


@pytest.mark.usefixtures("digit")
async def test_what_is_to_be_run_or_told_is_kept(counter: Counter, cleanup: FileCleanup) -> None:
    """Anna wants all deleted while one photo waits in the queue; then while its answer is not told yet."""
    anna = await counter.customer()
    shop = counter.files
    tidy = FileCleanup(counter.db, shop._store, counter.clock, inputs_for=None, results_for=None)
    photo = await shop.put(anna, (STORE / "digit" / "example.png").read_bytes(), "image/png")
    other = await shop.put(anna, b"other", "image/png")
    sold = await counter.buy(anna, "digit", {"photo": {"file": photo.hex}}, price=50)
    assert await tidy.delete_of(anna) == 1
    assert await shop.get(other, user_id=anna) is None
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).result is not None
    result = await shop.store(b"painted", "image/png")
    await counter.db.write(_name_result, result.id, anna, sold.prediction_id, counter.clock)
    assert await tidy.delete_of(anna) == 1  # the photo
    assert await shop.get(result.id, user_id=anna) == b"painted"
    told = update(table_of(OutboxMessage)).values(status=OutboxStatus.SENT)
    await counter.db.write(lambda session: session.execute(told) and None)
    assert await tidy.expire() == 1  # what she wanted away, though nothing else has an end
    assert await shop.get(result.id, user_id=anna) is None


async def test_all_pictures_of_a_list_wait_for_their_run(
    counter: Counter, cleanup: FileCleanup, tmp_path: Path
) -> None:
    tables = LIST.format(counts=TWO, tensor='layout = "NCHW"', output=COSINE)
    write_model(tmp_path / "models", colours(["N", 2, 3, 8, 8]), tables, slug="near")
    assert await counter.models.sync(counter.engine) == []
    anna = await counter.customer()
    ids = [(await counter.files.put(anna, GREEN, "image/png")).hex for _ in range(2)]
    sold = await counter.buy(anna, "near", {"photos": {"files": ids}}, price=100)
    counter.clock.advance(seconds=31 * 24 * 3600)
    assert await cleanup.expire() == 0
    await counter.worker().run_waiting()
    view = await counter.view(sold)
    assert view.result is not None
    assert view.result["outputs"] == {"near": pytest.approx(1)}


def _name_result(session, file_id, user_id, prediction_id, clock) -> None:  # type: ignore[no-untyped-def]
    row = {"id": file_id, "user_id": user_id, "prediction_id": prediction_id, "kind": FileKind.RESULT}
    row |= {"media_type": "image/png", "size": 7, "sha256": "0" * 64, "created_at": clock()}
    session.execute(insert(table_of(File)), row)


async def test_nobody_elses_picture_is_touched(counter: Counter, files: Files, cleanup: FileCleanup) -> None:
    anna, boris = await counter.customer(), await counter.customer()
    mine, theirs = await files.put(anna, b"a", "image/png"), await files.put(boris, b"b", "image/png")
    assert await files.get(theirs, user_id=anna) is None
    await cleanup.delete_of(anna)
    assert await files.get(mine, user_id=anna) is None
    assert await files.get(theirs, user_id=boris) == b"b"


async def test_what_no_row_names_is_swept_after_a_day(
    counter: Counter, files: Files, cleanup: FileCleanup, store: FolderStore
) -> None:
    anna = await counter.customer()
    named, nameless, young = await files.put(anna, b"a", "image/png"), uuid4(), uuid4()
    foreign = store.root / "ab" / "notes.txt"
    for file_id in (nameless, young):
        await store.put(key_of(file_id), b"x")
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text("somebody's")
    long_ago = (counter.clock() - UNNAMED_FOR - DAYS).timestamp()
    for path in (store.root / key_of(named), store.root / key_of(nameless), foreign):
        os.utime(path, (long_ago, long_ago))
    os.utime(store.root / key_of(young), (counter.clock().timestamp(),) * 2)
    assert await cleanup.sweep() == 1
    assert await store.get(key_of(nameless)) is None
    assert await store.get(key_of(young)) == b"x"
    assert await files.get(named, user_id=anna) == b"a"
    assert foreign.exists()


async def test_a_picture_whose_rows_transaction_fails_is_no_file(
    counter: Counter, files: Files, store: FolderStore
) -> None:
    with pytest.raises(NoResultFound):
        await files.put(10_000, b"nobody's", "image/png")
    assert await counter.count(File) == 0
    assert len([kept async for page in store.list() for kept in page]) == 1


@pytest.mark.usefixtures("digit")
async def test_results_that_cannot_be_kept_are_run_again_and_paid_back_at_last(
    counter: Counter, tmp_path: Path
) -> None:
    """Its folder is unplugged: the photo cannot be read, so nothing is run and the customer has the credits again."""
    anna = await counter.customer()
    photo = await counter.files.put(anna, (STORE / "digit" / "example.png").read_bytes(), "image/png")
    sold = await counter.buy(anna, "digit", {"photo": {"file": photo.hex}}, price=50)
    for other in [await counter.customer() for _ in range(3)]:
        theirs = await counter.files.put(other, (STORE / "digit" / "example.png").read_bytes(), "image/png")
        await counter.buy(other, "digit", {"photo": {"file": theirs.hex}}, price=50)
    store = counter.files._store
    assert isinstance(store, FolderStore)
    aside = store.root.rename(store.root.with_suffix(".aside"))
    store.root.write_text("a file in its place")
    for _ in range(4):
        await counter.worker().run_waiting()
        counter.clock.advance(seconds=60)
    assert (await counter.view(sold)).status == "failed"
    assert await counter.balance(anna) == 1000
    (model,) = await counter.rows(Model, Model.slug == "digit")
    assert (model.failures, model.stopped_for) == (0, None)  # that is not its fault, and it would not come back
    store.root.unlink()
    await asyncio.to_thread(aside.rename, store.root)
    again = await counter.buy(anna, "digit", {"photo": {"file": photo.hex}}, price=50)
    await counter.worker().run_waiting()
    assert (await counter.view(again)).status == "succeeded"
