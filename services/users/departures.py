"""Who deleted their account, so that welcome credits are given once to a person. Nobody can be found by it: there is a
keyed hash of what they came by, and the key is not in the database."""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import Departure
from db.upsert import insert_into

_departures = table_of(Departure)


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


def note_departure(session: Session, people: Collection[str], now: datetime) -> None:
    """Part of a caller's transaction. `people`: hashes by a `PersonKey`."""
    for each in people:
        gone = insert_into(session, _departures).values(person_hash=each, left_at=now)
        session.execute(gone.on_conflict_do_nothing())


def has_left(session: Session, person: str) -> bool:
    """Whether somebody who came by this had an account before, and deleted it."""
    return bool(session.scalar(select(exists().where(_departures.c.person_hash == person))))
