"""What a package is made of, as an admin types it: part by part, or all of it on one form."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from services.billing.credits import Amount, format_credits, parse_amount
from services.digits import whole_number
from services.money import parse_roubles, rub, to_text
from services.payments.packages import MAX_CREDITS, MAX_DAYS, MAX_TITLE, BadPackage, PackageOffer
from services.payments.pricing import MAX_KOPECKS, MIN_KOPECKS


class PackagePart(StrEnum):
    """Words that buttons and dialogs under way hold."""

    NAME_RU = "ru"
    NAME_EN = "en"
    CREDITS = "credits"
    PRICE = "price"
    DAYS = "days"


Parts = Mapping[str, Any]  # Any: a name, hundredths, kopecks, days or None for no end, by part


def parse_part(part: PackagePart, text: str) -> str | int | None:
    """Raises `BadAmount`, `AmountOutOfBounds`, `BadPackage`."""
    typed = " ".join(text.split())
    match part:
        case PackagePart.CREDITS:
            return parse_amount(typed, low=1, high=MAX_CREDITS)
        case PackagePart.PRICE:
            return parse_roubles(typed, low=MIN_KOPECKS, high=MAX_KOPECKS)
        case PackagePart.DAYS:
            days = whole_number(typed, most=MAX_DAYS)
            if days is None:
                raise BadPackage(field=part)
            return days or None
    if not 0 < len(typed) <= MAX_TITLE or not typed.isprintable():
        raise BadPackage(field=part)
    return typed


def typed_part(part: PackagePart, parts: Parts) -> str:
    """As an admin would type it."""
    value = parts[part]
    match part:
        case PackagePart.CREDITS:
            return format_credits(value)
        case PackagePart.PRICE:
            return Amount(to_text(value))
        case PackagePart.DAYS:
            return str(value or 0)
    return str(value)


def offer_of(parts: Parts) -> PackageOffer:
    return PackageOffer(
        title={"ru": parts[PackagePart.NAME_RU], "en": parts[PackagePart.NAME_EN]},
        credits=parts[PackagePart.CREDITS],
        price=rub(parts[PackagePart.PRICE]),
        valid_days=parts[PackagePart.DAYS],
    )


def parts_of(offer: PackageOffer) -> Parts:
    return {
        PackagePart.NAME_RU: offer.title.get("ru", ""),
        PackagePart.NAME_EN: offer.title.get("en", ""),
        PackagePart.CREDITS: offer.credits,
        PackagePart.PRICE: offer.price.minor,
        PackagePart.DAYS: offer.valid_days,
    }
