"""The end of a run: result or refund, status and the message about it, for a whole batch in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.predictions import FileKind, Prediction
from services.billing import ledger
from services.files import files
from services.forecasts import publish
from services.notifications import outbox
from services.notifications.kinds.news import News
from services.notifications.kinds.predictions import AnswerEnclosure, PredictionEnded
from services.plans.allowances import give_back
from services.predictions import claims as queue
from services.predictions.enclosures import Enclosure, enclosures
from services.predictions.outcomes import Claimed, RunOutcome
from services.predictions.streaks import count_failures

_p = table_of(Prediction)
ROOM_TYPE: Final = "room_type"  # an answer of this name says what a picture shows
RETRY_PAUSE = timedelta(seconds=1)  # doubles with every attempt


def settle(session: Session, outcomes: Sequence[RunOutcome], worker: str, now: datetime) -> int:
    """Settle what this worker still holds of one model; returns how many predictions are now final. A row whose lease
    ran out and was taken from this worker is left to whoever has it."""
    if not outcomes:
        return 0
    slug = outcomes[0].prediction.model_slug
    held = queue.held(session, worker=worker, model_slug=slug)
    mine = [o for o in outcomes if held.get(o.prediction.id) == o.prediction.attempts]
    final = finish(session, mine, now)
    count_failures(session, slug, [o for o in mine if not o.again])
    return final


def finish(session: Session, outcomes: Sequence[RunOutcome], now: datetime) -> int:
    """The same for rows that the transaction has locked, of any model. What would be run again but is wanted no more is
    canceled."""
    outcomes = _without_unwanted(session, outcomes)
    for outcome in (o for o in outcomes if o.again):
        attempts = outcome.prediction.attempts - outcome.untried
        at = now + RETRY_PAUSE * 2 ** max(0, attempts - 1)
        queue.requeue(session, outcome.prediction.id, available_at=at, attempts=attempts)
    final = [o for o in outcomes if not o.again]
    if final:
        _finish(session, final, now)
    return len(final)


def _without_unwanted(session: Session, outcomes: Sequence[RunOutcome]) -> Sequence[RunOutcome]:
    again = [outcome.prediction.id for outcome in outcomes if outcome.again]
    if not again:
        return outcomes
    unwanted = queue.unwanted(session, again)
    return [
        RunOutcome(prediction=outcome.prediction, canceled=True) if outcome.prediction.id in unwanted else outcome
        for outcome in outcomes
    ]


_finish_row = (
    update(_p)
    .where(_p.c.id == bindparam("row"))
    .values(
        status=bindparam("status"),
        model_version=func.coalesce(bindparam("version", type_=_p.c.model_version.type), _p.c.model_version),
        result=bindparam("result"),
        error_code=bindparam("error_code"),
        error=bindparam("error"),
        finished_at=bindparam("finished_at"),
        leased_until=None,
        leased_by=None,
    )
)


def _finish(session: Session, outcomes: Sequence[RunOutcome], now: datetime) -> None:
    session.connection().execute(_finish_row, [_finished(session, outcome, now) for outcome in outcomes])
    for outcome in sorted(outcomes, key=lambda o: o.prediction.user_id):  # users are locked in one order
        if outcome.result is not None:
            continue
        if outcome.prediction.price:
            ledger.charge_refund(session, prediction_id=outcome.prediction.id, now=now)
        else:
            give_back(session, prediction_id=outcome.prediction.id)
    publish.keep(session, {each.prediction.id: each.forecast for each in outcomes if each.forecast is not None}, now)
    news: list[tuple[int, News]] = [_news(outcome.prediction) for outcome in outcomes]
    for outcome in outcomes:
        more = enclosures(outcome.result, painted=bool(outcome.files))
        news += [_enclosed(outcome.prediction, what) for what in more]
    outbox.put_many(session, news, now)


def _finished(session: Session, outcome: RunOutcome, now: datetime) -> dict[str, Any]:  # Any: the columns' values
    result = outcome.result
    if result is not None and outcome.files:
        result = result | {"files": _name_files(session, outcome, now)}
    return {
        "row": outcome.prediction.id,
        "status": outcome.status,
        "version": outcome.version,
        "result": result,
        "error_code": outcome.error_code,
        "error": outcome.error and outcome.error[:255],
        "finished_at": now,
    }


def _name_files(session: Session, outcome: RunOutcome, now: datetime) -> dict[str, str]:
    made = outcome.prediction
    room_type = made.inputs.get(ROOM_TYPE)
    for name, file in outcome.files.items():
        files.add(
            session,
            file,
            user_id=made.user_id,
            kind=FileKind.RESULT,
            prediction_id=made.id,
            room_type=room_type[:32] if isinstance(room_type, str) else None,
            facts={"model": made.model_slug, "output": name},
            now=now,
        )
    return {name: file.id.hex for name, file in outcome.files.items()}


def _news(prediction: Claimed) -> tuple[int, News]:
    return prediction.user_id, PredictionEnded(prediction_id=prediction.id)


def _enclosed(prediction: Claimed, what: Enclosure) -> tuple[int, News]:
    return prediction.user_id, AnswerEnclosure(prediction_id=prediction.id, what=what)
