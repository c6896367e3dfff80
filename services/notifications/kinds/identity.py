"""What has become of somebody's ways in, for the chat and, with `letter`, for the mailbox: each is told once."""

from abc import ABC
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from db.base import JsonObject
from db.tables.outbox import OutboxKind
from services.notifications.kinds.news import News


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTwice(News, ABC):
    """In the chat and in a `letter`, each once by its `nonce`."""

    letter: bool = False
    nonce: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.nonce}" + (":letter" if self.letter else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsMerged(ToldTwice):
    """Their account by e-mail became part of the one in Telegram. `amount`: what went over, `balance`: of both
    together, in hundredths. `nonce`: of the account that is no more."""

    kind = OutboxKind.ACCOUNTS_MERGED
    address: str | None
    amount: int
    balance: int

    def dump(self) -> JsonObject:
        return {"address": self.address, "amount": self.amount, "balance": self.balance}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(address=payload["address"], amount=payload["amount"], balance=payload["balance"])


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailLinked(ToldTwice):
    """From now on they also come in by this address. `nonce`: of the link that was used."""

    kind = OutboxKind.EMAIL_LINKED
    address: str

    def dump(self) -> JsonObject:
        return {"address": self.address}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(address=payload["address"])


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramLinked(ToldTwice):
    """A Telegram account that had none here became a way in to the account of this `address`. `balance` in hundredths.
    `nonce`: of the request that was confirmed."""

    kind = OutboxKind.TELEGRAM_LINKED
    address: str
    balance: int

    def dump(self) -> JsonObject:
        return {"address": self.address, "balance": self.balance}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(address=payload["address"], balance=payload["balance"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorChanged(ToldTwice):
    """`on`: it is wanted from now on; else it is off. `by_shop`: an owner turned it off for them."""

    kind = OutboxKind.SECOND_FACTOR
    at: datetime
    on: bool
    by_shop: bool = False

    def dump(self) -> JsonObject:
        return {"at": self.at.isoformat(), "on": self.on, "by_shop": self.by_shop}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(at=datetime.fromisoformat(payload["at"]), on=payload["on"], by_shop=payload["by_shop"])
