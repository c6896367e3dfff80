"""A trial whose worker dies is answered by another, once, and whoever asked hears of it."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.models import ModelTrial, TrialStatus
from db.tables.outbox import OutboxKind, OutboxMessage
from db.tables.predictions import ErrorCode
from services.files.files import Files
from services.models.uploads import trial_claims
from services.models.uploads.trial_worker import ATTEMPTS, LOST, TrialWorker
from services.models.uploads.trials import TrialOrder, Trials, TrialView
from services.models.uploads.versions import VersionView
from services.notifications.message_ref import MessageRef
from services.users.actor import Actor
from services.users.roles import Staff
from tests.integration.models.uploads.conftest import UploadShop, open_shop
from tests.support.clock import FakeClock
from tests.support.shop import add_user
from tests.support.uploads import linear

OWNER = 700_001
LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Bench:
    shop: UploadShop
    owner: int
    version: VersionView

    @property
    def worker(self) -> TrialWorker:
        shop = self.shop
        files = Files(shop.db, shop.store, shop.clock)
        return TrialWorker(
            db=shop.db, shelf=shop.shelf, files=files, clock=shop.clock, on_tried=lambda: shop.told.append("tried")
        )

    async def ask(self, key: str = "one tap") -> None:
        asked = Trials(self.shop.db, self.shop.clock, Staff([OWNER]), self.shop.shelf)
        place = MessageRef(chat_id=OWNER, thread_id=None, message_id=5)
        order = TrialOrder(version_id=self.version.id, inputs={"metres": 2.0}, request_key=key, shown_in=place)
        await asked.ask(order, actor=Actor(self.owner))

    async def taken(self, holder: str) -> TrialView | None:
        """By a worker that dies of it, or with it."""
        now = self.shop.clock()
        return await self.shop.db.write(trial_claims.claim, holder=holder, now=now, until=now + LEASE)

    async def row(self) -> AnyRow:
        return await self.shop.db.read(lambda session: session.execute(select(table_of(ModelTrial))).one())

    async def told(self) -> list[int]:
        """Who hears of it."""
        return await self.shop.db.read(_told)


def _told(session: Session) -> list[int]:
    outbox = table_of(OutboxMessage)
    return list(session.scalars(select(outbox.c.user_id).where(outbox.c.kind == OutboxKind.UPLOAD_TRIED)))


@pytest.fixture
async def bench(database: Database, clock: FakeClock, tmp_path: Path) -> Bench:
    shop = open_shop(database, clock, tmp_path, owners=(OWNER,))
    owner = await database.write(lambda session: add_user(session, telegram_id=OWNER))
    return Bench(shop, owner, await shop.checked(linear()))


async def test_a_worker_that_dies_with_the_answer_is_followed_by_another(bench: Bench) -> None:
    await bench.ask()
    await bench.ask()  # the same tap
    dead = await bench.taken("dead")
    assert dead is not None
    assert await bench.taken("beside it") is None
    bench.shop.clock.advance(minutes=1)
    await bench.worker.look()
    row = await bench.row()
    assert (row.status, row.result["outputs"], row.attempts) == (TrialStatus.SUCCEEDED, {"roubles": 5.0}, 2)
    assert await bench.told() == [bench.owner]
    late, now = {"outputs": {"roubles": 6.0}}, bench.shop.clock()
    assert not await bench.shop.db.write(trial_claims.settle, dead, holder="dead", now=now, result=late)
    assert (await bench.row()).result["outputs"] == {"roubles": 5.0}
    assert await bench.told() == [bench.owner]


async def test_what_ends_its_workers_is_told_as_lost(bench: Bench) -> None:
    await bench.ask()
    for number in range(ATTEMPTS):
        assert await bench.taken(f"dead-{number}") is not None
        bench.shop.clock.advance(minutes=1)
    await bench.worker.look()
    row = await bench.row()
    assert (row.status, row.error_code, row.error) == (TrialStatus.FAILED, ErrorCode.RUN_LOST, LOST[1])
    assert await bench.told() == [bench.owner]
