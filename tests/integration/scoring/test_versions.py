"""A table is answered by the version of the model that it was ordered for, and by no other."""

import math
from pathlib import Path

from bot.wiring.inference import RUNTIMES
from db.tables.scorings import ScoringStatus
from i18n.scorings import ended_lines
from i18n.text import plain_of
from i18n.translator import Catalogues
from services.inference.columns import AnswerColumns, ColumnBatch
from services.inference.engine import Engine
from services.manifests.manifest import load_manifest
from services.scoring.runner import PAUSE
from tests.support.tables import TableDesk
from tests.unit.inference.models import FLOAT, NUMBER_X, graph, node, weight, write_model

QUEUED, SUCCEEDED, FAILED = ScoringStatus.QUEUED, ScoringStatus.SUCCEEDED, ScoringStatus.FAILED
CAT, DOG = '{ value = "cat", label = "Cat" }', '{ value = "dog", label = "Dog" }'


class _Published(Engine):
    """Another version comes while it answers the first chunk."""

    def __init__(self, folder: Path) -> None:
        super().__init__(RUNTIMES, max_threads=1)
        self.models_folder, self.chunks = folder, 0

    async def score(self, slug: str, columns: ColumnBatch, *, seconds: float = math.inf) -> AnswerColumns:
        answers = await super().score(slug, columns.part(0, 256), seconds=seconds)
        self.chunks += 1
        if self.chunks == 1:
            await _load(self, _pets(self.models_folder, DOG, CAT, version="2.0.0"))
        return answers


async def test_what_was_answered_keeps_its_words_and_the_rest_is_paid_back(desk: TableDesk, tmp_path: Path) -> None:
    """The other version has its classes in another order."""
    counter = desk.counter
    _pets(tmp_path / "models", CAT, DOG)
    engine = _Published(tmp_path / "models")
    counter.exits.push_async_callback(engine.close)
    assert not await counter.models.sync(engine)
    view = await desk.ordered(await counter.customer(100_000), [1.0] * 600, "pets")
    worker = desk.worker(engine)
    await worker.run_waiting()
    assert (await desk.view(view)).status is QUEUED, "by the books it is on sale still"
    await counter.models.sync(engine)
    counter.clock.advance(seconds=PAUSE.total_seconds() + 1)
    await worker.run_waiting()
    ended = await desk.view(view)
    assert (ended.status, ended.answered) == (SUCCEEDED, 256)
    header, *rows = await desk.result(view)
    assert header == ["X", "Pet", "Pet: probability", "Note"]
    assert [row[1] for row in rows] == ["Cat"] * 256 + [""] * 344
    assert await desk.lines(view.id) == [("charge", -60_000), ("charge_return", 34_400)]
    assert [plain_of(line) for line in ended_lines(ended, Catalogues()["en"])] == [
        "✅ Answered: 256 of 600 rows.",
        "The model has been replaced, or was away for too long, before it came to the other rows.",
        "Paid: 256.00 credits.",
        "↩️ Returned to you: 344.00 credits.",
    ]


async def test_a_worker_that_never_gets_the_version_gives_up(desk: TableDesk, tmp_path: Path) -> None:
    counter = desk.counter
    _pets(tmp_path / "models", CAT, DOG)
    assert not await counter.models.sync(counter.engine)
    view = await desk.ordered(await counter.customer(1_000), [1, 0], "pets")
    await _load(counter.engine, _pets(tmp_path / "models", DOG, CAT, version="2.0.0"))
    for _ in range(3):
        assert (await desk.view(view)).status is QUEUED
        await desk.worker().run_waiting()
        counter.clock.advance(seconds=PAUSE.total_seconds() + 1)
    ended = await desk.view(view)
    assert ended.status is FAILED
    assert [plain_of(line) for line in ended_lines(ended, Catalogues()["en"])] == [
        "The model has been replaced, or was away for too long, before it came to this table.",
        "↩️ Returned to you: 2.00 credits.",
    ]
    assert await desk.lines(view.id) == [("charge", -200), ("charge_refund", 200)]


def _pets(root: Path, *classes: str, version: str = "1.0.0") -> Path:
    """Of 1 it says its first class, of 0 its second."""
    pet = '[[outputs]]\nname = "pet"\ntype = "classes"\nlabel = "Pet"\ntensor = "P"\nlogits = true\n'
    pet += f"classes = [{', '.join(classes)}]\n"
    shares = [node("Sub", ["one", "X"], ["Z"]), node("Concat", ["X", "Z"], ["P"], axis=1)]
    one = weight("one", [1.0])
    data = graph(shares, [("X", FLOAT, ["N", 1])], [("P", FLOAT, ["N", 2])], [one])
    folder = write_model(root, data, NUMBER_X.replace("label", "example = 1\nlabel") + pet, slug="pets")
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('"1.0.0"', f'"{version}"'))
    return folder


async def _load(engine: Engine, folder: Path) -> None:
    await engine.load(load_manifest(folder, RUNTIMES.specs), folder)
