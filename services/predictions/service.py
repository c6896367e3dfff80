"""Predictions as the shop's edges reach them: bought, and wanted no more."""

from collections.abc import Callable
from uuid import UUID, uuid4

from db.engine import Database
from db.tables.predictions import PredictionStatus
from services.clock import Clock
from services.manifests.runtime import RemoteSpec
from services.models.offers import Models
from services.predictions.cancel import Canceling, cancel
from services.predictions.submit import Order, Sold, is_sold, submit


class Predictions:
    """`on_sold` gets the model's slug after the commit, to wake whoever runs predictions in this process; `on_settled`
    is called when a message is ready to be sent."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        models: Models,
        *,
        on_sold: Callable[[str], None],
        on_settled: Callable[[], None],
    ) -> None:
        self._db, self._clock, self._models = db, clock, models
        self._on_sold, self._on_settled = on_sold, on_settled

    async def submit(self, order: Order) -> Sold:
        """Raises `InsufficientBalance`, `PriceChanged`, `ModelNotOnSale`, `ModelStopped`, `ModelResting`,
        `UserDisabled`; then nothing was charged."""
        sold = await self._db.write(submit, order, uuid4(), self._clock())
        if not sold.repeated:
            self._on_sold(order.model_slug)
        return sold

    async def has_sold(self, *, user_id: int, request_key: str) -> bool:
        """Whether this confirmation was sold before."""
        return await self._db.read(is_sold, {"user_id": user_id, "request_key": request_key})

    async def cancel(self, prediction_id: UUID, *, user_id: int) -> Canceling:
        """Raises `PredictionNotFound` for another user's too."""
        done = await self._db.write(cancel, prediction_id, user_id, self._clock(), runs_elsewhere=self._runs_elsewhere)
        if done is Canceling.CANCELED:
            self._on_settled()
        return done

    def may_cancel(self, model_slug: str, status: PredictionStatus) -> bool:
        """Whether it makes sense to offer it."""
        running = status is PredictionStatus.RUNNING
        return status is PredictionStatus.QUEUED or (running and self._runs_elsewhere(model_slug))

    def _runs_elsewhere(self, model_slug: str) -> bool:
        manifest = self._models.manifest(model_slug)
        return manifest is not None and isinstance(manifest.runtime, RemoteSpec)
