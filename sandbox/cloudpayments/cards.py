"""CloudPayments' test cards, and what its codes of refusals mean. Any date and any code of a card will do."""

from dataclasses import dataclass
from typing import Final

TYPES: Final = {"2": "MIR", "4": "Visa", "5": "MasterCard", "6": "UnionPay"}
NO_MONEY: Final = 5051
NOT_SECURED: Final = 5207
OTHER_TERMINAL: Final = 6025
REASONS: Final = {
    5001: "ReferToCardIssuer",
    5003: "InvalidMerchant",
    5005: "DoNotHonor",
    5012: "InvalidTransaction",
    5013: "AmountError",
    5014: "InvalidCardNumber",
    5017: "CustomerCancellation",
    5030: "FormatError",
    5033: "ExpiredCardPickup",
    5034: "SuspectedFraud",
    5041: "LostCard",
    5043: "StolenCard",
    5051: "InsufficientFunds",
    5054: "ExpiredCard",
    5055: "IncorrectPin",
    5057: "TransactionNotPermitted",
    5058: "NotPermittedToTerminal",
    5059: "SuspectedFraudDecline",
    5063: "SecurityViolation",
    5065: "ExceedWithdrawalFrequency",
    5082: "IncorrectCVV",
    5091: "IssuerNotAvailable",
    5092: "UnableToRoute",
    5096: "SystemError",
    5206: "AuthenticationFailed",
    5207: "AuthenticationUnavailable",
    5300: "AntiFraud",
    6025: "RestrictedToken",
}
"""The bank's, by code. Texts are made up where the documentation's are not known."""
CHECKED: Final = {10: 3001, 11: 3002, 12: 3003, 13: 3004, 20: 3005}
"""What a payment is declined with, by the shop's answer to a Check."""
NOT_ANSWERED, NOT_UNDERSTOOD = 3008, 3006
NEVER_AGAIN: Final = frozenset((5001, 5003, 5005, 5012, 5017, 5033, 5034, 5057))
"""After such a refusal a token is refused whatever comes."""
TRIES: Final = 2
REST_SECONDS: Final = 24 * 3600.0
"""After so many tries of any other kind a token rests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    number: str
    asks_code: bool = False
    """3-D Secure."""
    declines: int = 0
    later: int = 0
    """What its token is declined with; 0 is paid."""

    @property
    def type(self) -> str:
        return TYPES.get(self.number[0], "Unknown")

    @property
    def last_four(self) -> str:
        return self.number[-4:]


TEST_CARDS: Final = (
    Card(number="4242424242424242", asks_code=True),
    Card(number="5555555555554444", asks_code=True),
    Card(number="2200000000000004", asks_code=True),
    Card(number="4000000000003055"),
    Card(number="4111111111111111", asks_code=True, later=NO_MONEY),
    Card(number="4012888888881881", asks_code=True, declines=NO_MONEY, later=NO_MONEY),
    Card(number="4000056655665556", declines=NO_MONEY, later=NO_MONEY),
)
DEFAULT_CARD: Final = "4000000000003055"


def card_of(number: str) -> Card:
    """Any other number pays without 3-D Secure."""
    return next((card for card in TEST_CARDS if card.number == number), Card(number=number))
