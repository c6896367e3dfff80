"""Why a model at a server cannot be bought for a while, as the table has it: its server is away, or its runs do nothing
but fail. The first ends with a good check, the second with a good run of its example: a server that fails its runs may
well answer checks. Part of callers' transactions; `owners` are Telegram ids of those to tell."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.models import Model
from services.notifications.kinds.models import ModelRests, ModelServes
from services.notifications.outbox import short
from services.notifications.owners import tell_owners

log = structlog.get_logger()
_models = table_of(Model)

FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(hours=1)

_awake = (_models.c.slug == bindparam("model"), _models.c.resting_since.is_(None), _models.c.stopped_for.is_(None))
_rest = (
    update(_models)
    .where(*_awake)
    .values(resting_since=bindparam("since"), resting_for=bindparam("reason"))
    .returning(_models.c.slug)
)
_serve = (
    update(_models)
    .where(
        _models.c.slug == bindparam("model"),
        _models.c.next_try_at.is_(None),
        (_models.c.resting_since <= bindparam("before")) | (_models.c.resting_since > bindparam("now")),
    )
    .values(resting_since=None, resting_for=None)
    .returning(_models.c.slug)
)
_rests = select(_models.c.rests).where(*_awake).with_for_update(key_share=True)
_rest_failing = (
    update(_models)
    .where(*_awake)
    .values(
        resting_since=bindparam("since"),
        resting_for=bindparam("reason"),
        rests=bindparam("times"),
        next_try_at=bindparam("next_try"),
    )
)
_wanted = _models.c.present & _models.c.admin_enabled.is_not(False) & _models.c.stopped_for.is_(None)
_failing = select(_models.c.slug, _models.c.rests, _models.c.next_try_at, _wanted.label("wanted")).where(
    _models.c.next_try_at.is_not(None)
)
_same = (_models.c.slug == bindparam("model"), _models.c.next_try_at == bindparam("tried"))
_try = update(_models).where(*_same).values(rests=bindparam("times"), next_try_at=bindparam("next_try"))
_mended = (
    update(_models)
    .where(*_same)
    .values(resting_since=None, resting_for=None, next_try_at=None, rests=bindparam("times"))
    .returning(_models.c.slug)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """A model that rests for its failures: how often it did, and was tried in vain, since its last answer, and when it
    is tried next. Not `wanted`: it is off the menu."""

    slug: str
    rests: int
    next_try_at: datetime
    wanted: bool = True

    def is_due(self, now: datetime) -> bool:
        """Also where a wrong clock put it off."""
        return self.wanted and (self.next_try_at <= now or self.next_try_at > now + LONGEST_PAUSE)


def pause_after(rests: int) -> timedelta:
    """How long it rests: twice as long as the last time, until it has answered. So it is back no later than twice the
    time that it was broken for, and an hour at most."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(rests, 20)
    return min(doubled, LONGEST_PAUSE)


def rest_away(session: Session, slug: str, problem: str, *, owners: Collection[int], now: datetime) -> bool:
    """Its server is away. False where it rests already."""
    facts = {"model": slug, "since": now, "reason": short(problem)}
    if session.connection().execute(_rest, facts).first() is None:
        return False
    log.error("model_rests", model=slug, problem=problem)
    tell_owners(session, owners, ModelRests(slug=slug, problem=short(problem), at=now), now=now)
    return True


def serve(session: Session, slug: str, held: timedelta, *, owners: Collection[int], now: datetime) -> bool:
    """Its server is back; it has rested for at least `held`. False where it does not rest, or not for that."""
    facts = {"model": slug, "before": now - held, "now": now}
    if session.connection().execute(_serve, facts).first() is None:
        return False
    return _serves_again(session, slug, owners=owners, now=now)


def rest_failing(session: Session, slug: str, problem: str, *, owners: Collection[int], now: datetime) -> bool:
    """It does nothing but fail. False where it rests already, or is stopped."""
    rests = session.connection().execute(_rests, {"model": slug}).scalar()
    if rests is None:
        return False
    facts = {"model": slug, "since": now, "reason": short(problem), "times": rests + 1}
    session.connection().execute(_rest_failing, {**facts, "next_try": now + pause_after(rests)})
    log.error("model_rests", model=slug, problem=problem, rests=rests + 1, fails=True)
    tell_owners(session, owners, ModelRests(slug=slug, problem=short(problem), at=now, fails=True), now=now)
    return True


def failing(session: Session) -> Sequence[Failing]:
    rows = session.connection().execute(_failing)
    return [Failing(**row._mapping) for row in rows]


def take_try(session: Session, model: Failing, now: datetime) -> Failing | None:
    """This try is the caller's; the next one is put off already, as if it failed. None where another process has it."""
    taken = Failing(slug=model.slug, rests=model.rests + 1, next_try_at=now + pause_after(model.rests))
    facts = {"model": model.slug, "tried": model.next_try_at, "times": taken.rests, "next_try": taken.next_try_at}
    return taken if session.connection().execute(_try, facts).rowcount else None


def mended(session: Session, taken: Failing, *, owners: Collection[int], now: datetime) -> bool:
    """The try that was taken went well: it is sold again. Its rests are forgotten with its customers' first answer."""
    facts = {"model": taken.slug, "tried": taken.next_try_at, "times": taken.rests - 1}
    if session.connection().execute(_mended, facts).first() is None:
        return False
    return _serves_again(session, taken.slug, owners=owners, now=now)


def _serves_again(session: Session, slug: str, *, owners: Collection[int], now: datetime) -> bool:
    log.info("model_serves_again", model=slug)
    tell_owners(session, owners, ModelServes(slug=slug, problem="", at=now), now=now)
    return True
