"""Tables that were read and checked, for a shop without a chat."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np

from db.base import AnyRow
from db.engine import Database
from db.tables.billing import Transaction
from db.tables.outbox import OutboxMessage
from db.tables.scorings import Scoring
from services.files.files import StoredFile
from services.inference.column_files import pack
from services.inference.engine import Engine
from services.scoring import drafts
from services.scoring.checking import ROWS
from services.scoring.queries import ScoringView
from services.scoring.service import Scorings
from services.scoring.source import Checked, SourceFacts, Wording
from services.scoring.submit import ScoringOrder
from services.scoring.worker import LEASE, ScoringWorker
from services.values.intake import Intake
from tests.support.clock import FakeClock
from tests.support.counter import Counter, open_counter
from tests.unit.inference.models import FLOAT, INT64, NUMBER_X, NUMBER_Y, endless, graph, node, weight, write_model

WORDING = Wording(language="en", note="Note", not_answered="No answer.", share="probability")


def doubling() -> bytes:
    """Y = 2 X."""
    shape = ["N", 1]
    return graph([node("Mul", ["X", "two"], ["Y"])], [("X", FLOAT, shape)], [("Y", FLOAT, shape)], [weight("two", 2.0)])


def fragile() -> bytes:
    """Looks X up among ten numbers; of any other the whole batch fails."""
    shape = ["N", 1]
    return graph(
        [node("Cast", ["X"], ["at"], to=INT64), node("Gather", ["ten", "at"], ["Y"], axis=0)],
        [("X", FLOAT, shape)],
        [("Y", FLOAT, shape)],
        [weight("ten", np.arange(10.0))],
    )


def models_folder(root: Path) -> Path:
    folder = root / "models"
    folder.mkdir()
    tables = NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y
    write_model(folder, doubling(), tables, slug="double")
    write_model(folder, fragile(), tables, slug="fragile")
    harmless = NUMBER_X.replace("label", "example = -1\nlabel") + NUMBER_Y
    write_model(folder, endless(), harmless, slug="endless", runtime="timeout = 0.2\nmax_batch = 8")
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDesk:
    counter: Counter
    scorings: Scorings

    def worker(self, engine: Engine | None = None, *, lease: timedelta = LEASE) -> ScoringWorker:
        counter = self.counter
        return ScoringWorker(
            counter.db,
            engine or counter.engine,
            counter.clock,
            counter.files,
            on_settled=lambda: counter.settled.append(True),
            on_away=lambda _: None,
            lease=lease,
        )

    async def draft(self, user_id: int, numbers: Sequence[float], slug: str = "double") -> ScoringView:
        """A table of one column, all of whose rows are good."""
        counter, offer = self.counter, await self.counter.models.offer(slug)
        text = io.StringIO()
        csv.writer(text).writerows([["X"], *([number] for number in numbers)])
        source = await self._kept(text.getvalue().encode())
        facts = SourceFacts(name="t.csv", kind="csv", delimiter=",", header_row=1, headings=("X",), samples=(("1",),))
        view = await counter.db.write(
            drafts.add_draft,
            uuid4(),
            offer,
            source,
            source=facts,
            columns={"x": 0},
            wording=WORDING,
            user_id=user_id,
            now=counter.clock(),
        )
        lines = np.arange(2, len(numbers) + 2, dtype=np.int32)
        good = pack({"x": np.array(numbers, np.float64), ROWS: lines})
        checked = Checked(rows=len(numbers), good=good, problems=(), decimal_comma=False)
        files = await self._kept(good), await self._kept(json.dumps([]).encode())
        return await counter.db.write(drafts.note_checked, view, *files, checked=checked, now=counter.clock())

    async def order(self, view: ScoringView, *, total: int | None = None) -> ScoringView:
        wanted = view.good * 100 if total is None else total
        wish = ScoringOrder(scoring_id=view.id, user_id=view.user_id, total=wanted)
        return (await self.scorings.order(wish)).view

    async def ordered(self, user_id: int, numbers: Sequence[float], slug: str = "double") -> ScoringView:
        return await self.order(await self.draft(user_id, numbers, slug))

    async def view(self, view: ScoringView) -> ScoringView:
        return await self.scorings.get(view.id, user_id=view.user_id)

    async def row(self, view: ScoringView) -> AnyRow:
        (row,) = await self.counter.rows(Scoring, Scoring.id == view.id)
        return row

    async def result(self, view: ScoringView) -> list[list[str]]:
        content = await self.scorings.result(await self.view(view))
        assert content is not None
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))

    async def lines(self, scoring_id: UUID) -> list[tuple[str, int]]:
        """Of the ledger."""
        rows = await self.counter.rows(Transaction, Transaction.scoring_id == scoring_id)
        return sorted((row.kind, row.amount) for row in rows)

    async def told(self, view: ScoringView) -> int:
        return await self.counter.count(OutboxMessage, OutboxMessage.key == f"scoring:{view.id}")

    async def _kept(self, content: bytes) -> StoredFile:
        return await self.counter.files.store(content, "application/octet-stream")


async def open_desk(db: Database, clock: FakeClock, folder: Path) -> TableDesk:
    counter = await open_counter(db, clock, folder)
    scorings = Scorings(
        db,
        clock,
        counter.files,
        Intake(),
        counter.models,
        on_ordered=lambda: None,
        on_settled=lambda: counter.settled.append(True),
    )
    return TableDesk(counter=counter, scorings=scorings)
