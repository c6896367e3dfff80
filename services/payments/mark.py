"""What a payment bears at the provider's, signed, so that a shop whose books do not know it can take it over.

Not a secret: whoever may see the payments may read it. Nobody else can make one, or put it on another payment."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

from services.money import Money, from_text, to_text
from services.payments.providers.base import RemotePayment
from services.payments.queries import parse_id

SHOP: Final = "kassandra_shop"
BUYER: Final = "kassandra_user"
CREDITS: Final = "kassandra_credits"
DAYS: Final = "kassandra_days"
PLAN: Final = "kassandra_plan"
PROOF: Final = "kassandra_proof"
NOBODY: Final = "none"  # in the place of a Telegram id

PURPOSE: Final = b"kassandra: the mark of a payment"
MAX_TELEGRAM_ID: Final = 2**52  # as Telegram promises
MAX_DAYS: Final = 36_600


class Origin(StrEnum):
    OURS = "ours"
    """The mark is true."""
    UNPROVEN = "unproven"
    """It names this shop, but is not signed by it, or not for this amount and account."""
    ANOTHER = "another"
    """Of another shop on the same account."""
    UNMARKED = "unmarked"
    """Of another program, or of this one when it did not sign yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Who bought what: `credits` in hundredths, `valid_days` of them, None for ever; or a period of the `plan` (its
    number in our books). `telegram_id`: None for a buyer
    who does not come through Telegram. Once our books are lost nothing else tells who somebody was, so that people
    have to look into such a payment."""

    payment_id: UUID
    telegram_id: int | None
    credits: int
    valid_days: int | None
    plan: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What the payment is at the provider; `account`: the shop's id there."""

    account: str
    amount: Money
    test: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSigner:
    """`shop`: the bot's id, which no new token or key changes. A mark is signed with each of the keys and true with any
    one of them: after a loss one of the secrets may be another. `tests`: whether a payment is a mere try is known as it
    is begun."""

    shop: str
    keys: tuple[bytes, ...] = field(repr=False)
    tests: bool = True

    @classmethod
    def of(cls, shop: str, *secrets: str) -> Self:
        return cls(shop=shop, keys=tuple(hmac.digest(secret.encode(), PURPOSE, "sha256") for secret in secrets))

    def sign(self, mark: Mark, paid: Paid) -> dict[str, str]:
        """What to put beside the payment's id into the provider's metadata."""
        facts = {SHOP: self.shop, BUYER: str(mark.telegram_id or NOBODY), CREDITS: to_text(mark.credits)}
        if mark.valid_days is not None:
            facts[DAYS] = str(mark.valid_days)
        if mark.plan is not None:
            facts[PLAN] = mark.plan
        return facts | {PROOF: " ".join(self._proofs(mark, paid))}

    def verify(self, remote: RemotePayment) -> tuple[Origin, Mark | None]:
        """The mark only where it is true."""
        shop = remote.mark.get(SHOP)
        if shop != self.shop:
            return (Origin.UNMARKED if shop is None else Origin.ANOTHER), None
        mark = _parse(remote)
        if mark is None or remote.shop_id is None:
            return Origin.UNPROVEN, None
        paid = Paid(account=remote.shop_id, amount=remote.amount, test=remote.test)
        given = remote.mark.get(PROOF, "").encode().split(b" ")
        true = any(hmac.compare_digest(proof.encode(), each) for proof in self._proofs(mark, paid) for each in given)
        return (Origin.OURS, mark) if true else (Origin.UNPROVEN, None)

    def _proofs(self, mark: Mark, paid: Paid) -> list[str]:
        facts = [self.shop, mark.payment_id, mark.telegram_id, mark.credits, mark.valid_days]
        facts += [] if mark.plan is None else [mark.plan]
        terms = (paid.account, paid.amount.minor, paid.amount.currency, paid.test and self.tests)
        text = "\n".join(str(each) for each in (*facts, *terms)).encode()
        return [hmac.digest(key, text, "sha256").hex() for key in self.keys]


def _parse(remote: RemotePayment) -> Mark | None:
    payment_id = parse_id(remote.our_id)
    telegram_id = _number(remote.mark.get(BUYER), MAX_TELEGRAM_ID)
    days = _number(remote.mark.get(DAYS), MAX_DAYS)
    credits_, plan = _hundredths(remote.mark), remote.mark.get(PLAN)
    if (
        payment_id is None
        or not telegram_id
        or credits_ is None
        or (not credits_ and plan is None)
        or (days is None and DAYS in remote.mark)
    ):
        return None
    return Mark(payment_id=payment_id, telegram_id=telegram_id, credits=credits_, valid_days=days, plan=plan)


def _hundredths(facts: Mapping[str, str]) -> int | None:
    try:
        return from_text(facts.get(CREDITS, ""))
    except ValueError:
        return None


def _number(text: str | None, high: int) -> int | None:
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= len(str(high))):
        return None
    return int(text) if 0 < int(text) <= high else None
