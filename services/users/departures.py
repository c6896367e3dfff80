"""Who deleted their account, so that welcome credits, a trial and a month of the free plan are given once to a person.
Nobody can be found by it: there is a keyed hash of what they came by, and the key is not in the database."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from sqlalchemy import exists, func, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import EmailLogin
from db.tables.users import Departure, User
from db.upsert import insert_into

_departures, _users, _logins = table_of(Departure), table_of(User), table_of(EmailLogin)


@dataclass(frozen=True, slots=True)
class PersonKey:
    key: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, secret: str) -> Self:
        """Of a secret of the shop, from which nobody reckons back."""
        return cls(hmac.digest(secret.encode(), b"people who deleted their accounts", "sha256"))

    def telegram(self, telegram_id: int) -> str:
        return self._hash(f"telegram:{telegram_id}")

    def email(self, address: str) -> str:
        """`address`: with small letters."""
        return self._hash(f"email:{address}")

    def _hash(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


NO_KEY: Final = PersonKey()


def note_departure(
    session: Session,
    people: Collection[str],
    now: datetime,
    *,
    had_trial: bool = False,
    free_until: datetime | None = None,
) -> None:
    """Part of a caller's transaction. `people`: hashes by a `PersonKey`; `had_trial`: of a plan, then or before;
    `free_until`: what the free plan had given them was for so long."""
    facts = ({"had_trial": True} if had_trial else {}) | ({} if free_until is None else {"free_until": free_until})
    for each in people:
        gone = insert_into(session, _departures).values(person_hash=each, left_at=now)
        session.execute(gone.on_conflict_do_nothing())
        if facts:
            session.execute(update(_departures).where(_departures.c.person_hash == each).values(facts))


def has_left(session: Session, person: str) -> bool:
    """Whether somebody who came by this had an account before, and deleted it."""
    return bool(session.scalar(select(exists().where(_departures.c.person_hash == person))))


def known_as(session: Session, user_id: int, people: PersonKey) -> list[str]:
    """The hashes of all that this user came by."""
    telegram_id = session.scalar(select(_users.c.telegram_id).where(_users.c.id == user_id))
    address = session.scalar(select(_logins.c.address).where(_logins.c.user_id == user_id))
    known = [] if telegram_id is None else [people.telegram(telegram_id)]
    return known if address is None else [*known, people.email(address)]


def left_after_trial(session: Session, people: Collection[str]) -> bool:
    """Whether one of these had a trial before they deleted their account."""
    here = _departures.c.person_hash.in_(people) & _departures.c.had_trial
    return bool(people) and bool(session.scalar(select(exists().where(here))))


def note_return(session: Session, user_id: int, people: Collection[str], now: datetime) -> None:
    """Of a new account: until when one of these had the free plan's allowances before."""
    until = _departures.c.person_hash.in_(people), _departures.c.free_until > now
    free_from = session.scalar(select(func.max(_departures.c.free_until)).where(*until))
    if free_from is not None:
        session.execute(update(_users).where(_users.c.id == user_id).values(free_from=free_from))
