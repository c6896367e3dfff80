"""A claimed prediction, and how its run ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from db.base import JsonObject
from db.tables.predictions import ErrorCode, PredictionStatus
from services.files.files import StoredFile
from services.forecasts.said import NewForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A prediction that a worker holds by its claim number `attempts`; sold at `created_at`."""

    id: UUID
    user_id: int
    model_slug: str
    inputs: JsonObject
    attempts: int
    price: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOutcome:
    """How a run ended: with a `result` by that `version` of the model, or with an error code and text, or `canceled` by
    its customer. `again`: it goes back to the queue, `untried`: as if it had never been claimed. `images` are pictures
    by output, `files` those that the store has. `forecast`: what of the answer will be judged."""

    prediction: Claimed
    result: JsonObject | None = None
    version: str | None = None
    images: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, StoredFile] = field(default_factory=dict)
    forecast: NewForecast | None = None
    error_code: ErrorCode | None = None
    error: str | None = None
    again: bool = False
    untried: bool = False
    canceled: bool = False

    @property
    def status(self) -> PredictionStatus:
        """Of the row, where this is its end."""
        if self.canceled:
            return PredictionStatus.CANCELED
        return PredictionStatus.FAILED if self.result is None else PredictionStatus.SUCCEEDED
