"""Who is signed in, in which browser or program."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import SecondFactor, SessionKind, WebSession
from db.tables.users import Admin, User
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.tokens import MAX_TOKEN, NewToken, hash_token, new_token
from services.users.accounts import UserView, view_of

_sessions, _users, _factors = table_of(WebSession), table_of(User), table_of(SecondFactor)
_admins = table_of(Admin)

SEEN_EVERY: Final = timedelta(minutes=1)  # how exact `seen_at` is
FRESH: Final = timedelta(hours=1)  # so long after proving who they are nobody is asked again
JUST_NOW: Final = timedelta(minutes=10)
"""So lately who has no password to show again has to have come in, to delete their account."""
LIVES: Final = {  # of a session that nobody uses, by kind and by whether it is to be remembered
    (SessionKind.BROWSER, False): timedelta(hours=24),
    (SessionKind.BROWSER, True): timedelta(days=31),
    (SessionKind.MINI_APP, False): timedelta(hours=24),
    (SessionKind.API, True): timedelta(days=90),
}
LONGEST: Final = timedelta(days=366)  # then even a session in use ends
MOST: Final = 50  # of one user; the one longest not seen gives way


class NotSignedIn(ShopError):
    message = N_("Please sign in.")


class SecondFactorNeeded(ShopError):
    """Their account has one, and this session has yet to show it."""

    message = N_("Please show your second factor: the code of your app.")


class ProveAgain(ShopError):
    """For a delicate step they proved too long ago who they are."""

    message = N_("You signed in a while ago. For this step please sign out and in again.")


class SessionNotFound(ShopError):
    message = N_("There is no such session any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where a request comes from, as its owner may recognise it."""

    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session with its user, as they are now. `factor_on`: their account wants a second factor of every session.
    `appointed`: they were given a role; owners, whom the settings name, were not."""

    session_id: int
    kind: SessionKind
    user: UserView
    authenticated_at: datetime
    second_factor_at: datetime | None
    factor_on: bool = False
    appointed: bool = False

    @property
    def waits_for_factor(self) -> bool:
        """Until it is shown the session is good for nothing else."""
        return self.factor_on and self.second_factor_at is None

    def is_fresh(self, now: datetime) -> bool:
        """Whether they proved lately who they are: delicate steps want that."""
        return now - self.authenticated_at < FRESH

    def require_fresh(self, now: datetime) -> None:
        """Raises `ProveAgain`."""
        if not self.is_fresh(now):
            raise ProveAgain()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """One of a user's sessions as they see it."""

    id: int
    kind: SessionKind
    device: Device
    created_at: datetime
    seen_at: datetime
    current: bool


class WebSessions:
    """A session is known by a random token of which the table has the hash alone."""

    def __init__(self, db: Database, clock: Clock, *, token: NewToken = new_token) -> None:
        self._db, self._clock, self._token = db, clock, token

    async def begin(self, user_id: int, kind: SessionKind, device: Device, *, remember: bool = False) -> str:
        """The new session's token. Whoever begins it has proved who they are just now."""
        token = self._token()
        await self._db.write(
            begin_session, user_id, kind, device, remember=remember, token_hash=hash_token(token), now=self._clock()
        )
        return token

    async def find(self, token: str) -> SignedIn | None:
        """None for what is no session, is over, or is a user's who was deleted. Tells that it is in use."""
        if not 0 < len(token) <= MAX_TOKEN:
            return None
        now = self._clock()
        row = await self._db.read(_find, hash_token(token), now)
        if row is None:
            return None
        if now - row.session_seen_at > SEEN_EVERY:
            await self._db.write(_touch, row, now)
        return _signed_in(row)

    async def end(self, token: str) -> None:
        await self._db.write(_end, hash_token(token))

    async def end_one(self, session_id: int, *, user_id: int) -> None:
        """Raises `SessionNotFound`, also for another user's."""
        if not await self._db.write(_end_one, session_id, user_id):
            raise SessionNotFound(session_id=session_id)

    async def end_others(self, user_id: int, *, but: int | None = None) -> int:
        """How many there were, besides the session `but`."""
        return await self._db.write(end_sessions, user_id, but=but)

    async def all(self, user_id: int, *, current: int | None = None) -> list[SessionView]:
        """Those that are not over, the one seen last first."""
        rows = await self._db.read(_all, user_id, self._clock())
        return [_view(row, current) for row in rows]

    async def prove_again(self, session_id: int) -> None:
        """They have just shown a password or the like once more."""
        await self._db.write(_set, session_id, {"authenticated_at": self._clock()})

    async def sweep(self) -> int:
        """Forget what is over; how many there were."""
        return await self._db.write(_sweep, self._clock())


def begin_session(
    session: Session,
    user_id: int,
    kind: SessionKind,
    device: Device,
    *,
    remember: bool,
    token_hash: str,
    now: datetime,
) -> None:
    """Part of a caller's transaction."""
    lasting = remember or kind is SessionKind.API
    row = {
        "token_hash": token_hash,
        "user_id": user_id,
        "kind": kind,
        "remember": lasting,
        "address": device.address[:45],
        "agent": device.agent[:200],
        "created_at": now,
        "seen_at": now,
        "authenticated_at": now,
        "expires_at": now + LIVES[kind, lasting],
    }
    session.execute(insert(_sessions), row)
    mine = select(_sessions.c.id).where(_sessions.c.user_id == user_id)
    too_many = mine.order_by(_sessions.c.seen_at.desc(), _sessions.c.id.desc()).offset(MOST)
    session.execute(delete(_sessions).where(_sessions.c.id.in_(list(session.scalars(too_many)))))


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> int:
    """Part of a caller's transaction: all of a user's but one. How many there were."""
    mine = _sessions.c.user_id == user_id
    ended = delete(_sessions).where(mine if but is None else mine & (_sessions.c.id != but))
    return len(session.execute(ended.returning(_sessions.c.id)).all())


# Built once, since every request asks.
_by_token = (
    select(
        _users,
        _sessions.c.id.label("session_id"),
        _sessions.c.kind,
        _sessions.c.remember,
        _sessions.c.authenticated_at,
        _sessions.c.second_factor_at,
        _sessions.c.created_at.label("session_created_at"),
        _sessions.c.seen_at.label("session_seen_at"),
        _factors.c.confirmed_at.label("factor_since"),
        _admins.c.role,
    )
    .join(_users, _users.c.id == _sessions.c.user_id)
    .outerjoin(_factors, _factors.c.user_id == _sessions.c.user_id)
    .outerjoin(_admins, _admins.c.user_id == _sessions.c.user_id)
    .where(
        _sessions.c.token_hash == bindparam("token_hash"),
        _sessions.c.expires_at > bindparam("now"),
        _users.c.deleted_at.is_(None),
    )
)


def _find(session: Session, token_hash: str, now: datetime) -> AnyRow | None:
    return session.connection().execute(_by_token, {"token_hash": token_hash, "now": now}).first()


def _touch(session: Session, row: AnyRow, now: datetime) -> None:
    longest = row.session_created_at + LONGEST
    expires = min(now + LIVES[SessionKind(row.kind), row.remember], longest)
    session.execute(update(_sessions).where(_sessions.c.id == row.session_id).values(seen_at=now, expires_at=expires))
    session.execute(update(_users).where(_users.c.id == row.id).values(last_seen_at=now))


def _signed_in(row: AnyRow) -> SignedIn:
    return SignedIn(
        session_id=row.session_id,
        kind=SessionKind(row.kind),
        user=view_of(row),
        authenticated_at=row.authenticated_at,
        second_factor_at=row.second_factor_at,
        factor_on=row.factor_since is not None,
        appointed=row.role is not None,
    )


def _end(session: Session, token_hash: str) -> None:
    session.execute(delete(_sessions).where(_sessions.c.token_hash == token_hash))


def _end_one(session: Session, session_id: int, user_id: int) -> bool:
    ended = delete(_sessions).where(_sessions.c.id == session_id, _sessions.c.user_id == user_id)
    return session.execute(ended.returning(_sessions.c.id)).first() is not None


def _all(session: Session, user_id: int, now: datetime) -> Sequence[AnyRow]:
    mine = select(_sessions).where(_sessions.c.user_id == user_id, _sessions.c.expires_at > now)
    return session.execute(mine.order_by(_sessions.c.seen_at.desc(), _sessions.c.id)).all()


def _view(row: AnyRow, current: int | None) -> SessionView:
    return SessionView(
        id=row.id,
        kind=SessionKind(row.kind),
        device=Device(address=row.address, agent=row.agent),
        created_at=row.created_at,
        seen_at=row.seen_at,
        current=row.id == current,
    )


def _set(session: Session, session_id: int, values: dict[str, datetime]) -> None:
    session.execute(update(_sessions).where(_sessions.c.id == session_id).values(values))


def _sweep(session: Session, now: datetime) -> int:
    over = delete(_sessions).where(_sessions.c.expires_at <= now).returning(_sessions.c.id)
    return len(session.execute(over).all())
