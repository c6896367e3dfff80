"""A shop that answers tables, of which is known when the last answer is kept and when the file is ready."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from db.migrate import upgrade
from db.tables.billing import TransactionKind
from services.billing import ledger
from services.clock import system_clock
from services.files.files import Files
from services.files.folder import FolderStore
from services.inference.engine import Engine
from services.models.offers import Models, Offer
from services.scoring.queries import ScoringView
from services.scoring.service import Scorings
from services.scoring.source import Wording
from services.scoring.worker import ScoringWorker
from services.users.accounts import Users, Visitor
from services.values.intake import Intake
from services.values.samples import sample_value

P = ParamSpec("P")
R = TypeVar("R")
WORDING: Final = Wording(language="en", note="Note", not_answered="No answer", share="probability")


class WatchedDatabase(Database):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.all_kept = asyncio.Event()

    async def write(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        result = await super().write(work, *args, **kwargs)
        if isinstance(result, ScoringView) and result.done == result.good > 0:
            self.all_kept.set()
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShop:
    """`ended` is set when a file with answers is ready."""

    db: WatchedDatabase
    engine: Engine
    files: Files
    models: Models
    scorings: Scorings
    worker: ScoringWorker
    user_id: int
    ended: asyncio.Event

    async def draft(self, offer: Offer, rows: int) -> ScoringView:
        """The same row again and again."""
        fields = offer.manifest.inputs
        line = ";".join(str(sample_value(field)) for field in fields)
        text = "\n".join([";".join(field.name for field in fields), *[line] * rows])
        async with Intake().upload(self.user_id) as upload:
            upload.file.write(text.encode())
            return await self.scorings.begin(
                offer, upload, name="t.csv", user_id=self.user_id, wording=WORDING, say=lambda _, problem: str(problem)
            )


async def open_table_shop(path: Path, store: Path, exits: AsyncExitStack) -> TableShop:
    upgrade(f"sqlite:///{path}")
    db, engine, ended = WatchedDatabase(f"sqlite+aiosqlite:///{path}"), Engine(RUNTIMES, max_threads=2), asyncio.Event()
    exits.push_async_callback(db.close)
    exits.push_async_callback(engine.close)
    models = Models(db, system_clock, store, RUNTIMES.specs)
    await models.sync(engine)
    files = Files(db, FolderStore(_used(path.parent / "files")), system_clock)
    user = await Users(db, system_clock, welcome_credits=0).enter(
        Visitor(telegram_id=1000, username=None, first_name="Anna", language="en")
    )
    kind = TransactionKind.GRANT
    await db.write(ledger.grant, user_id=user.id, amount=10**12, kind=kind, key="grant", now=system_clock())
    worker = ScoringWorker(db, engine, system_clock, files, on_settled=ended.set, on_away=lambda _: None)
    scorings = Scorings(db, system_clock, files, Intake(), models, on_ordered=worker.wake, on_settled=lambda: None)
    return TableShop(
        db=db,
        engine=engine,
        files=files,
        models=models,
        scorings=scorings,
        worker=worker,
        user_id=user.id,
        ended=ended,
    )


def _used(folder: Path) -> Path:
    """With the folders that a shop's first thousand files make."""
    for number in range(256):
        (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)
    return folder
