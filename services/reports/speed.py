"""How long customers waited for their predictions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.predictions import Prediction, PredictionStatus

_predictions = table_of(Prediction)
MOST: Final = 10_000  # of a long period the newest so many tell enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Seconds from *Predict* to the answer: half of them were quicker than `half`, 95 of a hundred than `most`; None
    where there was no answer. Of the newest `count`."""

    count: int
    half: float | None
    most: float | None


def speed(session: Session, since: datetime) -> Speed:
    p = _predictions.c
    answered = select(p.created_at, p.finished_at).where(
        p.created_at >= since, p.status == PredictionStatus.SUCCEEDED, p.finished_at.is_not(None)
    )
    rows = session.execute(answered.order_by(p.created_at.desc()).limit(MOST))
    waited = sorted((row.finished_at - row.created_at).total_seconds() for row in rows)
    return Speed(count=len(waited), half=_share(waited, 50), most=_share(waited, 95))


def _share(waited: list[float], percent: int) -> float | None:
    return waited[(len(waited) - 1) * percent // 100] if waited else None
