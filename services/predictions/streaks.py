"""A model that does nothing but fail is stopped: nobody pays for it until an admin tries it once more."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.models import Model
from db.tables.outbox import OutboxKind
from db.tables.predictions import ErrorCode
from services.notifications.outbox import short
from services.notifications.owners import tell_owners
from services.predictions.outcomes import Outcome

log = structlog.get_logger()
_models = table_of(Model)
KIND: Final = OutboxKind.MODEL_STOPPED  # of the letter to the owners
IN_A_ROW: Final = 3
OWN: Final = frozenset((ErrorCode.RUN_FAILED, ErrorCode.RUN_TIMEOUT, ErrorCode.BAD_OUTPUT, ErrorCode.MODEL_BROKEN))
"""Failures of the model itself: not those of a customer's value, of a machine that died, of a model that is away."""

_succeeded = update(_models).where(_models.c.slug == bindparam("model"), _models.c.failures > 0).values(failures=0)
_failed = (
    update(_models)
    .where(_models.c.slug == bindparam("model"))
    .values(failures=_models.c.failures + bindparam("more"))
    .returning(_models.c.failures)
)
_stop = (
    update(_models)
    .where(_models.c.slug == bindparam("model"), _models.c.stopped_for.is_(None))
    .values(stopped_for=bindparam("reason"))
    .returning(_models.c.slug)
)


def count_failures(
    session: Session, slug: str, ended: Sequence[Outcome], *, owners: Collection[int], now: datetime
) -> None:
    """Part of the transaction that settles `ended` of one model, in their order; all workers count together. The
    model's row is locked after those of users."""
    telling = [outcome for outcome in ended if outcome.result is not None or outcome.error_code in OWN]
    for succeeded, together in groupby(telling, key=lambda outcome: outcome.result is not None):
        if succeeded:
            session.connection().execute(_succeeded, {"model": slug})
            continue
        failed = list(together)
        count = session.connection().execute(_failed, {"model": slug, "more": len(failed)}).scalar_one()
        if count >= IN_A_ROW:
            _stop_selling(session, slug, failed[-1].error or "", owners=owners, now=now)


def _stop_selling(session: Session, slug: str, reason: str, *, owners: Collection[int], now: datetime) -> None:
    if session.connection().execute(_stop, {"model": slug, "reason": short(reason)}).first() is None:
        return  # it was before
    log.error("model_stopped", model=slug, reason=reason)
    payload = {"slug": slug, "problem": short(reason)}
    tell_owners(session, owners, kind=KIND, payload=payload, key=f"stopped:{slug}:{now.isoformat()}", now=now)
