"""A customer wants a prediction no more."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.predictions import Prediction, PredictionStatus
from services.predictions.claims import CLAIMED, QUEUED, RUNNING
from services.predictions.history import PredictionNotFound
from services.predictions.outcomes import Claimed, RunOutcome
from services.predictions.settle import finish

_p = table_of(Prediction)
_mine = (
    select(*CLAIMED, _p.c.inputs, _p.c.status)
    .where(_p.c.id == bindparam("row"), _p.c.user_id == bindparam("owner"))
    .with_for_update()
)
_take = (
    update(_p).where(_p.c.id == bindparam("row"), QUEUED).values(status=PredictionStatus.CANCELED).returning(_p.c.id)
)
_ask = update(_p).where(_p.c.id == bindparam("row"), RUNNING).values(cancel_requested_at=bindparam("now"))


class Canceling(StrEnum):
    """What became of the wish."""

    CANCELED = "canceled"
    """It had not begun. It is paid back."""
    ASKED = "asked"
    """It runs at a server, which is told. It is paid back unless the answer is quicker."""
    TOO_LATE = "too late"
    """It runs here and will be done at once, or has ended."""


def cancel(
    session: Session, prediction_id: UUID, user_id: int, now: datetime, *, runs_elsewhere: Callable[[str], bool]
) -> Canceling:
    """`runs_elsewhere`: whether a model, by its slug, runs at a server. Raises `PredictionNotFound`."""
    row = session.execute(_mine, {"row": prediction_id, "owner": user_id}).first()
    if row is None:
        raise PredictionNotFound(prediction_id=prediction_id)
    facts = dict(row._mapping)
    status = PredictionStatus(facts.pop("status"))
    if status is PredictionStatus.QUEUED and session.execute(_take, {"row": prediction_id}).first() is not None:
        finish(session, [RunOutcome(prediction=Claimed(**facts), canceled=True)], now)
        return Canceling.CANCELED
    if status is PredictionStatus.RUNNING and runs_elsewhere(row.model_slug):
        session.execute(_ask, {"row": prediction_id, "now": now})
        return Canceling.ASKED
    return Canceling.TOO_LATE
