"""Somebody has proved who they are: a session begins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy.orm import Session

from db.tables.identities import SessionKind
from services.identity.known_devices import looks_ours, meet_device
from services.identity.sessions import Device, begin_session
from services.identity.tokens import NewToken, hash_token


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Through what somebody comes. `device_token`: as their browser shows it, empty where it has none."""

    kind: SessionKind
    device: Device
    device_token: str = ""
    remember: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a browser keeps from now on: a session's token, and the one by which it is known next time."""

    token: str
    device_token: str

    @classmethod
    def by(cls, arrival: Arrival, new_token: NewToken) -> Self:
        """The session is always a new one: nobody can have prepared it."""
        known = arrival.device_token
        return cls(token=new_token(), device_token=known if looks_ours(known) else new_token())


def open_session(session: Session, user_id: int, arrival: Arrival, opened: Opened, now: datetime) -> None:
    """Part of a caller's transaction."""
    begin_session(
        session,
        user_id,
        arrival.kind,
        arrival.device,
        remember=arrival.remember,
        token_hash=hash_token(opened.token),
        now=now,
    )
    if arrival.kind is not SessionKind.MINI_APP:  # in its frame it is a new browser each time
        meet_device(session, user_id, opened.device_token, now)
