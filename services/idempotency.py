"""Requests that bear a key of their caller's are done once: whoever sends one again is answered as before.

A claim is written before the work and its answer after it. Whoever works keeps its claim alive; that of a process that
died is free after `LEASE`. What was refused is forgotten, since nothing happened: it may be tried again. Money does not
hang on it: sales have keys of their own, derived from the same (`sale_key`)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.api import IdempotentRequest, RequestState
from db.upsert import insert_into
from services.clock import Clock
from services.errors import N_, ShopError

_requests = table_of(IdempotentRequest)

LEASE: Final = timedelta(seconds=15)
RENEW_SECONDS: Final = 5.0
KEPT: Final = timedelta(hours=48)
MAX_BODY: Final = 262_144  # bytes of an answer; a longer one is not kept
RUNNING: Final = _requests.c.state == RequestState.RUNNING


class StillRunning(ShopError):
    """`retry_after`: seconds, after which its claim is free unless somebody still works on it."""

    message = N_("The same request is still being worked on. Please ask again in a moment.")

    def __init__(self, *, retry_after: int) -> None:
        super().__init__(retry_after=retry_after)
        self.retry_after = retry_after


class KeyReused(ShopError):
    message = N_("This Idempotency-Key was used for another request. Each request wants a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`scope`: whose key it is; `fingerprint`: of what is asked."""

    scope: str
    key: str
    fingerprint: str
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Idempotency:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def begin(self, request: Request) -> KeptAnswer | None:
        """What was answered before; None where it is to be done now: then `keep` or `forget` ends it. Raises
        `StillRunning`, `KeyReused`."""
        return await self._db.write(_begin, request, self._clock())

    async def renew(self, request: Request) -> None:
        """It is still being worked on."""
        await self._db.write(_renew, request, self._clock())

    async def keep(self, request: Request, answer: KeptAnswer) -> None:
        await self._db.write(_keep, request, answer, self._clock())

    async def forget(self, request: Request) -> None:
        await self._db.write(_forget, request)

    async def sweep(self) -> int:
        """Forget what is old; how many there were."""
        return await self._db.write(_sweep, self._clock() - KEPT)


def fingerprint(method: str, path: str, body: bytes) -> str:
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def sale_key(scope: str, key: str) -> str:
    """Of what is sold by a request with this key: the same for ever, also where the request's own record is lost."""
    return "api:" + hashlib.sha256(f"{scope}\n{key}".encode()).hexdigest()[:48]


_this = (_requests.c.scope == bindparam("its_scope")) & (_requests.c.key == bindparam("its_key"))
_known = select(*_requests.c).where(_this)


def scope_of(user_id: int) -> str:
    """Of what is sent by sessions of a user; an API key is a scope of its own, which goes with it."""
    return f"user:{user_id}"


def hand_over(session: Session, old: int, heir: int) -> None:
    """Part of a caller's transaction, where an account becomes part of another: what its programs send again is
    answered as before. Where both used a key, the heir's own counts."""
    others = _requests.alias()
    taken = select(others.c.key).where(others.c.scope == scope_of(heir))
    mine = (_requests.c.scope == scope_of(old)) & _requests.c.key.not_in(taken)
    session.execute(update(_requests).where(mine).values(scope=scope_of(heir), user_id=heir))


def _of(request: Request) -> dict[str, str]:
    return {"its_scope": request.scope, "its_key": request.key}


def _begin(session: Session, request: Request, now: datetime) -> KeptAnswer | None:
    row = {
        "scope": request.scope,
        "key": request.key,
        "user_id": request.user_id,
        "fingerprint": request.fingerprint,
        "state": RequestState.RUNNING,
        "created_at": now,
    }
    new = insert_into(session, _requests).values(row).on_conflict_do_nothing(index_elements=["scope", "key"])
    if session.execute(new.returning(_requests.c.id)).first() is not None:
        return None
    known = session.execute(_known.with_for_update(), _of(request)).one()
    if known.created_at <= now - KEPT or (known.state == RequestState.RUNNING and known.created_at <= now - LEASE):
        session.execute(update(_requests).where(_requests.c.id == known.id).values(row))
        return None
    if known.fingerprint != request.fingerprint:
        raise KeyReused()
    if known.state == RequestState.RUNNING:
        raise StillRunning(retry_after=max(1, round((known.created_at + LEASE - now).total_seconds())))
    return KeptAnswer(status=known.status, headers=known.headers, body=known.body)


def _renew(session: Session, request: Request, now: datetime) -> None:
    session.execute(update(_requests).where(_this, RUNNING).values(created_at=now), _of(request))


def _keep(session: Session, request: Request, answer: KeptAnswer, now: datetime) -> None:
    done = {
        "state": RequestState.DONE,
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": answer.body,
        "created_at": now,
    }
    session.execute(update(_requests).where(_this, RUNNING).values(done), _of(request))


def _forget(session: Session, request: Request) -> None:
    session.execute(delete(_requests).where(_this, RUNNING), _of(request))


def _sweep(session: Session, before: datetime) -> int:
    old = delete(_requests).where(_requests.c.created_at <= before).returning(_requests.c.id)
    return len(session.execute(old).all())
