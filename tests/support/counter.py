"""A shop without a chat: the services that sell and run predictions, over a test's own database and models."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select, update

from bot.wiring.inference import RUNTIMES
from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.billing import Transaction, TransactionKind
from db.tables.models import Model
from db.tables.outbox import OutboxMessage
from db.tables.predictions import Prediction
from db.tables.users import User
from services.billing import ledger
from services.billing.audit import run_audit
from services.files.files import Files
from services.inference.engine import Engine
from services.inference.runtimes.registry import Runtimes
from services.models.offers import Models
from services.notifications.sending import Outbox
from services.predictions.history import History, PredictionView
from services.predictions.service import Predictions
from services.predictions.submit import Order, Sold
from services.predictions.worker import LEASE, Worker
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.shop import add_user

STORE = Path(__file__).parents[2] / "models_store"
BAROLO = {
    "alcohol": 14.23, "malic_acid": 1.71, "ash": 2.43, "alcalinity_of_ash": 15.6, "magnesium": 127,
    "total_phenols": 2.8, "flavanoids": 3.06,
    "nonflavanoid_phenols": 0.28, "proanthocyanins": 2.29, "color_intensity": 5.64, "hue": 1.04,
    "od280_od315": 3.92, "proline": 1065,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    db: Database
    clock: FakeClock
    engine: Engine
    models: Models
    predictions: Predictions
    history: History
    outbox: Outbox
    files: Files
    sold: list[str]
    settled: list[bool]
    exits: AsyncExitStack = field(default_factory=AsyncExitStack)

    def worker(self, engine: Engine | None = None, *, lease: timedelta = LEASE) -> Worker:
        return Worker(
            self.db, engine or self.engine, self.clock, self.files, lambda: self.settled.append(True), lease=lease
        )

    async def another_engine(self) -> Engine:
        """As another machine has one."""
        engine = Engine(RUNTIMES, max_threads=1)
        self.exits.push_async_callback(engine.close)
        await self.models.sync(engine)
        return engine

    async def customer(self, balance: int = 1000, *, telegram_id: int | None = None) -> int:
        """`balance` in hundredths."""
        user_id = await self.db.write(add_user, telegram_id=telegram_id)
        if balance:
            await self.give(user_id, balance)
        return user_id

    async def give(self, user_id: int, amount: int) -> None:
        key, kind = f"test:{uuid4()}", TransactionKind.GRANT
        await self.db.write(ledger.grant, user_id=user_id, amount=amount, kind=kind, key=key, now=self.clock())

    def order(self, user_id: int, slug: str = "wine", inputs: JsonObject | None = None, **changes: Any) -> Order:
        """What the customer confirms: any field of an order may differ."""
        given = BAROLO if inputs is None else inputs
        order = Order(
            user_id=user_id, model_slug=slug, model_version="1", inputs=given, price=100, request_key=uuid4().hex
        )
        return replace(order, **changes)

    async def buy(self, user_id: int, slug: str = "wine", inputs: JsonObject | None = None, **changes: Any) -> Sold:
        return await self.predictions.submit(self.order(user_id, slug, inputs, **changes))

    async def view(self, sold: Sold) -> PredictionView:
        (row,) = await self.rows(Prediction, Prediction.id == sold.prediction_id)
        return await self.history.get(sold.prediction_id, user_id=row.user_id)

    async def balance(self, user_id: int) -> int:
        (row,) = await self.rows(User, User.id == user_id)
        return int(row.balance)

    async def rows(self, mapped: Any, *where: Any) -> Sequence[AnyRow]:
        table = table_of(mapped)
        return await self.db.read(lambda session: session.execute(select(table).where(*where)).all())

    async def count(self, mapped: Any, *where: Any) -> int:
        table = table_of(mapped)
        query = select(func.count()).select_from(table).where(*where)
        return await self.db.read(lambda session: session.scalar(query) or 0)

    async def change(self, mapped: Any, where: Any, **values: Any) -> None:
        """As an admin, another process or an accident does it."""
        statement = update(table_of(mapped)).where(where).values(**values)
        await self.db.write(lambda session: session.execute(statement) and None)

    async def reprice(self, slug: str, price: int) -> None:
        await self.change(Model, Model.slug == slug, admin_price=price)

    async def kinds(self, prediction_id: UUID) -> list[str]:
        """The ledger's lines of a prediction."""
        rows = await self.rows(Transaction, Transaction.prediction_id == prediction_id)
        return sorted(row.kind for row in rows)

    async def notifications(self, sold: Sold) -> int:
        return await self.count(OutboxMessage, OutboxMessage.key == f"prediction:{sold.prediction_id}")

    async def check(self) -> None:
        """Every money invariant holds."""
        report = await run_audit(self.db)
        assert report.ok, str(report)


async def open_counter(db: Database, clock: FakeClock, folder: Path, runtimes: Runtimes = RUNTIMES) -> Counter:
    engine = Engine(runtimes, max_threads=2)
    models = Models(db, clock, folder, runtimes.specs)
    problems = await models.sync(engine)
    assert not problems, problems
    files = files_of(db, clock)
    sold: list[str] = []
    settled: list[bool] = []
    counter = Counter(
        db=db,
        clock=clock,
        engine=engine,
        models=models,
        predictions=Predictions(db, clock, models, on_sold=sold.append, on_settled=lambda: settled.append(True)),
        history=History(db, files),
        outbox=Outbox(db, clock),
        files=files,
        sold=sold,
        settled=settled,
    )
    counter.exits.push_async_callback(engine.close)
    return counter
