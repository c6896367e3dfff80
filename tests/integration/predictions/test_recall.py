"""What is on sale before any model is loaded: all that was there last, or nothing."""

from pathlib import Path

from db.tables.models import Model
from services.models.offers import Models
from tests.support.counter import Counter


async def test_what_was_there_last_is_on_sale_at_once(counter: Counter, models_folder: Path) -> None:
    again = _of_another_process(counter, models_folder)
    assert await again.recall()
    assert await again.offers() == await counter.models.offers() != []


async def test_a_changed_manifest(sqlite_counter: Counter, models_folder: Path) -> None:
    manifest = models_folder / "endless" / "manifest.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("timeout = 0.2", "timeout = 0.3"), "utf-8")
    await _is_not_recalled(sqlite_counter, models_folder)


async def test_a_folder_that_is_gone(sqlite_counter: Counter, models_folder: Path) -> None:
    (models_folder / "endless" / "manifest.toml").rename(models_folder / "manifest.toml")
    (models_folder / "endless").rename(models_folder / "_endless")
    await _is_not_recalled(sqlite_counter, models_folder)


async def test_another_file(sqlite_counter: Counter, models_folder: Path) -> None:
    with (models_folder / "endless" / "model.onnx").open("ab") as file:
        file.write(b"x")
    await _is_not_recalled(sqlite_counter, models_folder)


async def test_one_that_did_not_load_last_time(sqlite_counter: Counter, models_folder: Path) -> None:
    await sqlite_counter.change(Model, Model.slug == "endless", problem="the card is gone", present=False)
    await _is_not_recalled(sqlite_counter, models_folder)


async def _is_not_recalled(counter: Counter, folder: Path) -> None:
    again = _of_another_process(counter, folder)
    assert not await again.recall()
    assert await again.offers() == []


def _of_another_process(counter: Counter, folder: Path) -> Models:
    return Models(counter.db, counter.clock, folder)
