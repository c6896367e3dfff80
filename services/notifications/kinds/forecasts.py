"""What came of a customer's forecast."""

from dataclasses import dataclass
from typing import Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind, Priority
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastJudged(News):
    kind = OutboxKind.FORECAST_JUDGED
    priority = Priority.NEWS
    forecast_id: int

    @property
    def key(self) -> str:
        return f"forecast:{self.forecast_id}"

    def dump(self) -> JsonObject:
        return {"forecast_id": self.forecast_id}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(forecast_id=int(payload["forecast_id"]))
