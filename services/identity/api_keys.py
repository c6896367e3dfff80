"""Keys of programs: `ksd_`, 32 random signs, and 6 that prove it was not mistyped. Scanners of code find a leaked one
by that form. The table has the hash alone; a key is shown once."""

import secrets
import string
import zlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import ApiKey, ApiScope
from db.tables.users import User
from services.clock import Clock
from services.errors import N_, NN_, ShopError
from services.identity.api_key_rows import forget_revoked, revoke_keys
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import NotSignedIn, SignedIn
from services.identity.tokens import hash_token
from services.manifests.characters import is_storable
from services.users.accounts import UserView, view_of

_keys, _users = table_of(ApiKey), table_of(User)

PREFIX: Final = "ksd_"
SIGNS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM: Final = 32
CHECKSUM: Final = 6
MOST: Final = 20  # of one user
MAX_TITLE: Final = 64
MAX_DAYS: Final = 366
KEPT: Final = timedelta(days=90)  # of a revoked one
SEEN_EVERY: Final = timedelta(minutes=1)  # how exact `last_used_at` is


class BadKey(NotSignedIn):
    message = N_("This API key is not valid: it is mistyped, revoked or expired.")


class KeyNotFound(ShopError):
    message = N_("There is no such API key any more.")


class TooManyKeys(ShopError):
    counted = NN_(
        "You have {most} API key already. Revoke one that you do not need.",
        "You have {most} API keys already. Revoke those that you do not need.",
        "most",
    )
    message = counted.many


class BadKeyTerms(ShopError):
    message = N_(
        "A key wants a name of at most 64 characters, at least one right, and to end within 366 days or never."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key as its owner sees it. `last_used_at` is exact to a minute."""

    id: int
    title: str
    last_four: str
    scopes: frozenset[ApiScope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHolder:
    """Who shows a key, as they are now, and what for."""

    key_id: int
    scopes: frozenset[ApiScope]
    user: UserView


class ApiKeys:
    """`new`: the random part of a key."""

    def __init__(self, db: Database, clock: Clock, *, new: Callable[[], str] | None = None) -> None:
        self._db, self._clock, self._new = db, clock, new or _random

    async def create(
        self, user_id: int, title: str, scopes: Collection[ApiScope], *, days: int | None = None
    ) -> tuple[KeyView, str]:
        """The key itself is told here and never again. `days`: how long it is good, None: until it is revoked. Raises
        `BadKeyTerms`, `TooManyKeys`."""
        title, now = title.strip(), self._clock()
        good = 0 < len(title) <= MAX_TITLE and is_storable(title) and scopes
        if not good or not (days is None or 0 < days <= MAX_DAYS):
            raise BadKeyTerms()
        key = with_checksum(self._new())
        row = {
            "user_id": user_id,
            "title": title,
            "key_hash": hash_token(key),
            "last_four": key[-4:],
            "scopes": {"scopes": sorted(scopes)},
            "created_at": now,
            "expires_at": None if days is None else now + timedelta(days=days),
        }
        return _view(await self._db.write(_create, row)), key

    async def make(
        self, who: SignedIn, title: str, scopes: Collection[ApiScope], *, days: int | None = None
    ) -> tuple[KeyView, str]:
        """As `create`, for a person. A key is a way in, so a page that was left open makes none: raises `ProveAgain`.
        A key of a role acts without a second factor, so whoever makes one has shown theirs: `SecondFactorWanted`."""
        if not set(scopes) <= set(offered_scopes(who)):
            raise SecondFactorWanted()
        who.require_fresh(self._clock())
        return await self.create(who.user.id, title, scopes, days=days)

    async def find(self, key: str) -> KeyHolder:
        """Raises `BadKey`. Tells that it is in use."""
        now = self._clock()
        row = await self._db.read(_find, hash_token(key), now) if is_whole(key) else None
        if row is None:
            raise BadKey()
        if row.last_used_at is None or now - row.last_used_at > SEEN_EVERY:
            await self._db.write(_touch, row.key_id, row.id, now)
        return KeyHolder(key_id=row.key_id, scopes=_scopes(row), user=view_of(row))

    async def all(self, user_id: int) -> list[KeyView]:
        """Those that are not revoked, the newest first; at most `MOST`."""
        return [_view(row) for row in await self._db.read(_all, user_id)]

    async def sweep(self) -> int:
        """Forget what was revoked long ago; how many there were."""
        return await self._db.write(forget_revoked, self._clock() - KEPT)

    async def revoke(self, key_id: int, *, user_id: int) -> None:
        """Raises `KeyNotFound`, also for another user's."""
        if not await self._db.write(revoke_keys, user_id, self._clock(), key_id=key_id):
            raise KeyNotFound(key_id=key_id)


def offered_scopes(who: SignedIn) -> list[ApiScope]:
    """What a key that they make may be for."""
    return [each for each in ApiScope if each is not ApiScope.ADMIN or who.second_factor_at is not None]


def with_checksum(body: str) -> str:
    """The whole key."""
    rest, signs = zlib.crc32(body.encode()), ""
    for _ in range(CHECKSUM):
        rest, sign = divmod(rest, len(SIGNS))
        signs = SIGNS[sign] + signs
    return f"{PREFIX}{body}{signs}"


def is_whole(key: str) -> bool:
    """Whether it looks like a key and nothing of it is mistyped: others are not worth asking the database for."""
    body = key.removeprefix(PREFIX)[:-CHECKSUM]
    return len(key) == len(PREFIX) + RANDOM + CHECKSUM and key.isascii() and key == with_checksum(body)


# Built once, since every request asks.
_by_hash = (
    select(_users, _keys.c.id.label("key_id"), _keys.c.scopes, _keys.c.last_used_at)
    .join(_users, _users.c.id == _keys.c.user_id)
    .where(
        _keys.c.key_hash == bindparam("key_hash"),
        _keys.c.revoked_at.is_(None),
        _keys.c.expires_at.is_(None) | (_keys.c.expires_at > bindparam("now")),
        _users.c.deleted_at.is_(None),
    )
)


def _random() -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(RANDOM))


def _create(session: Session, row: dict[str, object]) -> AnyRow:
    owner = select(_users.c.id).where(_users.c.id == row["user_id"]).with_for_update()
    session.execute(owner)  # one at a time, so that the count holds
    over = _keys.c.expires_at <= row["created_at"]
    mine = (_keys.c.user_id == row["user_id"]) & _keys.c.revoked_at.is_(None)
    live = select(func.count()).where(mine, over.is_not(True))
    if (session.scalar(live) or 0) >= MOST:
        raise TooManyKeys(most=MOST)
    return session.execute(insert(_keys).values(row).returning(*_keys.c)).one()


def _find(session: Session, key_hash: str, now: datetime) -> AnyRow | None:
    return session.connection().execute(_by_hash, {"key_hash": key_hash, "now": now}).first()


def _touch(session: Session, key_id: int, user_id: int, now: datetime) -> None:
    session.execute(update(_keys).where(_keys.c.id == key_id).values(last_used_at=now))
    session.execute(update(_users).where(_users.c.id == user_id).values(last_seen_at=now))


def _all(session: Session, user_id: int) -> Sequence[AnyRow]:
    mine = select(_keys).where(_keys.c.user_id == user_id, _keys.c.revoked_at.is_(None))
    return session.execute(mine.order_by(_keys.c.id.desc())).all()


def _scopes(row: AnyRow) -> frozenset[ApiScope]:
    """Those that this version knows."""
    known = set(ApiScope)
    return frozenset(ApiScope(word) for word in row.scopes["scopes"] if word in known)


def _view(row: AnyRow) -> KeyView:
    return KeyView(
        id=row.id,
        title=row.title,
        last_four=row.last_four,
        scopes=_scopes(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
