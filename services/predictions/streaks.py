"""A model that does nothing but fail is stopped: nobody pays for it until an admin tries it once more. One at a server
rests instead, and is tried again by itself: servers get well without anybody's doing.

Who is paid back each time may fail for nothing, so failures alone prove little. A model that has failed several times
in a row is tried with the example of its manifest: if that fails too it is taken off. If not, the inputs are to blame,
and it is taken off only where several customers have failed with different ones."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import structlog
from sqlalchemy import bindparam, case, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.models import Model
from db.tables.predictions import ErrorCode, Prediction, PredictionStatus
from services.models.rests import rest_failing
from services.notifications.kinds.models import ModelFails
from services.notifications.outbox import short
from services.notifications.owners import tell_owners
from services.predictions.outcomes import RunOutcome

log = structlog.get_logger()
_models, _predictions = table_of(Model), table_of(Prediction)
IN_A_ROW: Final = 3
LOOKED_AT: Final = 100  # failures of a row, the latest
OWN: Final = frozenset((ErrorCode.RUN_FAILED, ErrorCode.RUN_TIMEOUT, ErrorCode.BAD_OUTPUT, ErrorCode.MODEL_BROKEN))
"""Failures of the model itself: not those of a customer's value, of a machine that died, of a model that is away."""

_succeeded = (
    update(_models)
    .where(_models.c.slug == bindparam("model"), (_models.c.failures > 0) | (_models.c.rests > 0))
    .values(failures=0, rests=case((_models.c.next_try_at.is_(None), 0), else_=_models.c.rests))
)
_failed = (
    update(_models).where(_models.c.slug == bindparam("model")).values(failures=_models.c.failures + bindparam("more"))
)
_suspected = select(_models.c.failures).where(
    _models.c.slug == bindparam("model"),
    _models.c.failures >= IN_A_ROW,
    _models.c.stopped_for.is_(None),
    _models.c.resting_since.is_(None),
)
_latest = (
    select(_predictions.c.user_id, _predictions.c.inputs, _predictions.c.error)
    .where(
        _predictions.c.model_slug == bindparam("model"),
        _predictions.c.status == PredictionStatus.FAILED,
        _predictions.c.error_code.in_(OWN),
    )
    .order_by(_predictions.c.created_at.desc())
)
_stop = (
    update(_models)
    .where(_models.c.slug == bindparam("model"), _models.c.stopped_for.is_(None))
    .values(stopped_for=bindparam("reason"))
    .returning(_models.c.slug)
)


def count_failures(session: Session, slug: str, ended: Sequence[RunOutcome]) -> None:
    """Part of the transaction that settles `ended` of one model, in their order; all workers count together. The
    model's row is locked after those of users."""
    telling = [outcome for outcome in ended if outcome.result is not None or is_own(outcome)]
    for succeeded, together in groupby(telling, key=lambda outcome: outcome.result is not None):
        if succeeded:
            session.connection().execute(_succeeded, {"model": slug})
        else:
            session.connection().execute(_failed, {"model": slug, "more": len(list(together))})


def is_own(outcome: RunOutcome) -> bool:
    """Whether it ended by the model's own failure."""
    return outcome.error_code in OWN and not outcome.again


def is_suspected(session: Session, slug: str) -> bool:
    """Whether it has failed so often that its example should be tried."""
    return session.execute(_suspected, {"model": slug}).first() is not None


def judge(
    session: Session, slug: str, *, example: str | None, remote: bool, owners: Collection[int], now: datetime
) -> bool:
    """After its example was tried: whether it is stopped now or, where it is `remote`, rests. `example`: what was wrong
    with that, too. `owners`: Telegram ids of those to tell."""
    failures = session.execute(_suspected, {"model": slug}).scalar()
    if failures is None:
        return False  # it was taken off, or has answered meanwhile
    streak = session.execute(_latest.limit(min(failures, LOOKED_AT)), {"model": slug}).all()
    customers = {row.user_id for row in streak}
    inputs = {json.dumps(row.inputs, sort_keys=True) for row in streak}
    if example is None and min(len(customers), len(inputs)) < IN_A_ROW:
        log.warning("inputs_fail", model=slug, failures=failures, customers=len(customers), inputs=len(inputs))
        return False
    reason = (streak[0].error if streak else None) or example or ""
    if remote:
        return rest_failing(session, slug, reason, owners=owners, now=now)
    _stop_selling(session, slug, reason, owners=owners, now=now)
    return True


def _stop_selling(session: Session, slug: str, reason: str, *, owners: Collection[int], now: datetime) -> None:
    if session.connection().execute(_stop, {"model": slug, "reason": short(reason)}).first() is None:
        return  # it was before
    log.error("model_stopped", model=slug, reason=reason)
    tell_owners(session, owners, ModelFails(slug=slug, problem=short(reason), at=now), now=now)
