"""Links in letters: one use, one purpose, one address, and a newer letter voids the older. A link's token is made when
its letter is sent: until then the row has the hash of one that nobody knows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.identities import LetterPurpose, MailToken
from services.clock import Clock
from services.errors import N_, ShopError
from services.identity.tokens import MAX_TOKEN, NewToken, hash_token, new_token

_tokens = table_of(MailToken)

LIVES: Final = {
    LetterPurpose.SIGN_UP: timedelta(hours=24),
    LetterPurpose.RESET: timedelta(hours=1),
    LetterPurpose.CHANGE_ADDRESS: timedelta(hours=24),
    LetterPurpose.LINK: timedelta(hours=1),
}
KEPT: Final = timedelta(days=14)  # longer than a letter may wait for a mail server


class LinkNotValid(ShopError):
    message = N_("This link is not valid any more: it was used, it is too old, or a newer letter took its place.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink:
    """What a link that is still valid is for. `user_id`: None for somebody new."""

    id: int
    address: str
    user_id: int | None


class MailLinks:
    def __init__(self, db: Database, clock: Clock, *, token: NewToken = new_token) -> None:
        self._db, self._clock, self._token = db, clock, token

    async def token_for(self, token_id: int, *, address: str) -> str | None:
        """For the link of a letter to this address that is about to be sent; its life begins now. None where the letter
        is out of date: a newer one took its place, or its purpose is done. A letter that is sent again has another
        token."""
        token = self._token()
        made = await self._db.write(_arm, token_id, address, hash_token(token), self._clock())
        return token if made else None

    async def find(self, token: str, purpose: LetterPurpose) -> MailLink:
        """Only a look: the link stays valid. Raises `LinkNotValid`."""
        return await self._db.read(find_link, token, purpose, self._clock())

    async def sweep(self) -> int:
        """Forget what is over; how many there were."""
        return await self._db.write(_sweep, self._clock())


def issue_link(
    session: Session,
    purpose: LetterPurpose,
    address: str,
    *,
    unknown_hash: str,
    now: datetime,
    user_id: int | None = None,
) -> int:
    """Part of a caller's transaction: the id for a `LinkLetter`. `unknown_hash`: of a token that is then forgotten."""
    same = _tokens.c.address == address
    if user_id is not None:
        same |= _tokens.c.user_id == user_id  # who corrects a new address voids the letter to the wrong one
    session.execute(delete(_tokens).where(same, _tokens.c.purpose == purpose))
    row = {
        "token_hash": unknown_hash,
        "purpose": purpose,
        "address": address,
        "user_id": user_id,
        "created_at": now,
        "expires_at": now + LIVES[purpose],
    }
    token_id: int = session.execute(insert(_tokens).values(row).returning(_tokens.c.id)).scalar_one()
    return token_id


def find_link(session: Session, token: str, purpose: LetterPurpose, now: datetime) -> MailLink:
    """Part of a caller's transaction. Raises `LinkNotValid`."""
    row = session.execute(select(_tokens).where(_valid(token, purpose, now))).first()
    return _link(row)


def use_link(session: Session, token: str, purpose: LetterPurpose, now: datetime) -> MailLink:
    """Part of a caller's transaction, and its first statement: of two that come at once one gets it. Raises
    `LinkNotValid`."""
    used = update(_tokens).where(_valid(token, purpose, now)).values(used_at=now)
    row = session.execute(used.returning(_tokens.c.id, _tokens.c.address, _tokens.c.user_id)).first()
    return _link(row)


def void_links(session: Session, user_id: int) -> None:
    """Part of a caller's transaction: none of a user's letters leads anywhere any more."""
    session.execute(delete(_tokens).where(_tokens.c.user_id == user_id, _tokens.c.used_at.is_(None)))


def _valid(token: str, purpose: LetterPurpose, now: datetime) -> ColumnElement[bool]:
    known = _tokens.c.token_hash == hash_token(token[: MAX_TOKEN + 1])
    return known & (_tokens.c.purpose == purpose) & _tokens.c.used_at.is_(None) & (_tokens.c.expires_at > now)


def _link(row: AnyRow | None) -> MailLink:
    if row is None:
        raise LinkNotValid()
    return MailLink(id=row.id, address=row.address, user_id=row.user_id)


def _arm(session: Session, token_id: int, address: str, token_hash: str, now: datetime) -> bool:
    """The number of a row that is gone may be another's, to whom this letter does not go."""
    same = (_tokens.c.id == token_id) & (_tokens.c.address == address)
    purpose = session.scalar(select(_tokens.c.purpose).where(same, _tokens.c.used_at.is_(None)))
    if purpose is None:
        return False
    armed = {"token_hash": token_hash, "expires_at": now + LIVES[LetterPurpose(purpose)]}
    session.execute(update(_tokens).where(_tokens.c.id == token_id).values(armed))
    return True


def _sweep(session: Session, now: datetime) -> int:
    over = delete(_tokens).where(_tokens.c.expires_at <= now, _tokens.c.created_at <= now - KEPT)
    return len(session.execute(over.returning(_tokens.c.id)).all())
