"""Letters about ways in. One with a link names a row of `mail_tokens`, not the token: that is made when the letter is
sent (`services.mail_links.token_for`), so that neither the outbox nor a copy of the database holds a way in."""

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLetter(News, ABC):
    """`token_id`: of `mail_tokens`; `page`: where its link leads, as `<public url><page>?token=<token>`. `nonce`: of
    that row, for SQLite gives the number of one that is gone to the next."""

    page: ClassVar[str]
    token_id: int
    nonce: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.token_id}:{self.nonce}"

    def dump(self) -> JsonObject:
        return {"token_id": self.token_id}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(token_id=payload["token_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmSignUp(LinkLetter):
    """Somebody wants an account with this address."""

    kind = OutboxKind.CONFIRM_SIGN_UP
    page = "/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyRegistered(LinkLetter):
    """Somebody wanted an account with an address that has one. The link sets a new password."""

    kind = OutboxKind.ALREADY_REGISTERED
    page = "/reset/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetPassword(LinkLetter):
    kind = OutboxKind.RESET_PASSWORD
    page = "/reset/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmAddress(LinkLetter):
    """To the new address of an account."""

    kind = OutboxKind.CONFIRM_ADDRESS
    page = "/confirm-address"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmLink(LinkLetter):
    """To an address that becomes a way in to an account which has none yet."""

    kind = OutboxKind.CONFIRM_LINK
    page = "/link/email"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeLetter(News, ABC):
    """What has happened, once by its `nonce`."""

    nonce: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.nonce}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(NoticeLetter):
    """`keys`: API keys that are still good."""

    kind = OutboxKind.PASSWORD_CHANGED
    at: datetime
    keys: int = 0

    def dump(self) -> JsonObject:
        return {"at": self.at.isoformat(), "keys": self.keys}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(at=datetime.fromisoformat(payload["at"]), keys=payload.get("keys", 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChanged(NoticeLetter):
    """To the old address. `address`: the new one. `confirmed`: it is the way in from now on; else somebody asked for
    it."""

    kind = OutboxKind.ADDRESS_CHANGED
    address: str
    confirmed: bool

    def dump(self) -> JsonObject:
        return {"address": self.address, "confirmed": self.confirmed}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(address=payload["address"], confirmed=payload["confirmed"])


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSignIn(NoticeLetter):
    """From a device that was not seen before. `agent`: the browser's own word, `place`: its address in the network."""

    kind = OutboxKind.NEW_SIGN_IN
    at: datetime
    agent: str
    place: str

    def dump(self) -> JsonObject:
        return {"at": self.at.isoformat(), "agent": self.agent, "place": self.place}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(at=datetime.fromisoformat(payload["at"]), agent=payload["agent"], place=payload["place"])


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeleted(NoticeLetter):
    """The last one, to an address that nobody has here any more."""

    kind = OutboxKind.ACCOUNT_DELETED
    at: datetime

    def dump(self) -> JsonObject:
        return {"at": self.at.isoformat()}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(at=datetime.fromisoformat(payload["at"]))


LETTERS: Final[Mapping[OutboxKind, type[News]]] = {
    letter.kind: letter
    for letter in (
        *(ConfirmSignUp, AlreadyRegistered, ResetPassword, PasswordChanged),
        *(ConfirmAddress, AddressChanged, ConfirmLink, NewSignIn, AccountDeleted),
    )
}
"""What goes by e-mail alone."""
