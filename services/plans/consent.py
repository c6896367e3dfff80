"""To what a customer agrees who lets a way of paying be charged again: shown beside the tick, and kept word by word."""

from datetime import datetime
from typing import Final

from db.base import JsonObject
from services.money import Money

CONSENT: Final = {
    "ru": "Списывать {price} {every}, пока я не отменю. Отменить можно в любой момент.",
    "en": "Charge {price} {every} until I cancel. I can cancel at any time.",
}
EVERY_MONTH: Final = {"ru": "каждый месяц", "en": "every month"}
EVERY: Final = {"ru": "каждые {months} мес.", "en": "every {months} months"}
EVERY_30_DAYS: Final = {"ru": "каждые 30 дней", "en": "every 30 days"}
SIGNS: Final = {"RUB": "{words}\u00a0₽", "XTR": "⭐\u00a0{words}"}


def consent_text(price: Money, months: int, language: str) -> str:
    """`language`: ru or en, else English."""
    language = language if language in CONSENT else "en"
    by_telegram = price.currency == "XTR"  # Telegram's own months
    every = (EVERY_30_DAYS if by_telegram else EVERY_MONTH if months == 1 else EVERY)[language].format(months=months)
    words = price.words.replace(".", ",") if language == "ru" else price.words
    sum_ = SIGNS.get(price.currency, "{words}").format(words=words)
    return CONSENT[language].format(price=sum_, every=every)


def consent_row(price: Money, months: int, language: str, now: datetime) -> JsonObject:
    return {
        "text": consent_text(price, months, language),
        "language": language,
        "amount": price.minor,
        "currency": price.currency,
        "months": months,
        "at": now.isoformat(),
    }


def in_place_of(before: JsonObject, consent: JsonObject) -> JsonObject:
    """What was agreed before stays beside it."""
    last = {name: value for name, value in before.items() if name != "earlier"}
    return consent | {"earlier": [*before.get("earlier", []), last]}
