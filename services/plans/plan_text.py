"""A plan as owners type it in the chat: a line for each part, all of it in one message."""

from collections.abc import Mapping
from typing import Any, Final

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from services.billing.credits import format_credits, parse_amount
from services.errors import N_, ShopError
from services.money import Money, parse_money, rub
from services.payments.pricing import MAX_KOPECKS, MAX_STARS, MIN_KOPECKS
from services.plans.plan_offer import MAX_ALLOWED, MAX_CREDITS, PlanOffer
from services.plans.plans import AllowanceView

EXAMPLE: Final = """name: pro
ru: Профи
en: Pro
roubles: 490
stars: 300
months: 1
credits: 100
discount: 10
trial: 7
requests: 50 wine, digit
tokens: 100000"""
NUMBERS: Final = {"months": "months", "discount": "discount_percent", "trial": "trial_days"}
UNITS: Final = {"requests": AllowanceUnit.REQUESTS, "tokens": AllowanceUnit.TOKENS}


class BadPlanLine(ShopError):
    message = N_("This line of the plan cannot be read: “{line}”. Please write it as in the example.")


class PlanNameMissing(ShopError):
    message = N_("A plan needs the lines “name”, “ru” and “en”.")


def parse_plan(text: str) -> PlanOffer:
    """Without a price it is free. Raises `BadPlanLine`, `PlanNameMissing`, and what is wrong with an amount."""
    parts: dict[str, Any] = {"title": {}, "description": {}, "prices": {}, "allowances": ()}  # Any: of each its own
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, value = (each.strip() for each in line.partition(":"))
        if not colon or not value:
            raise BadPlanLine(line=line[:60])
        _read(parts, name.lower(), value, line)
    if "name" not in parts or set(parts["title"]) != {"ru", "en"}:
        raise PlanNameMissing()
    return PlanOffer(**parts, is_free=not parts["prices"])


def plan_text(offer: PlanOffer) -> str:
    """As `parse_plan` reads it."""
    lines = [f"name: {offer.name}", *(f"{language}: {offer.title[language]}" for language in ("ru", "en"))]
    lines += [f"about {language}: {text}" for language, text in sorted(offer.description.items()) if text]
    if Currency.RUB in offer.prices:
        lines.append(f"roubles: {offer.prices[Currency.RUB].text}")
    if Currency.XTR in offer.prices:
        lines.append(f"stars: {offer.prices[Currency.XTR].minor}")
    lines.append(f"months: {offer.months}")
    lines += [f"credits: {format_credits(offer.credits)}"] if offer.credits else []
    lines += [f"discount: {offer.discount_percent}"] if offer.discount_percent else []
    lines += [f"trial: {offer.trial_days}"] if offer.trial_days else []
    lines += [f"{each.unit}: {each.amount} {', '.join(each.slugs)}".rstrip() for each in offer.allowances]
    return "\n".join(lines)


def _read(parts: dict[str, Any], name: str, value: str, line: str) -> None:  # Any: as above
    match name:
        case "name":
            parts["name"] = value
        case "ru" | "en":
            parts["title"][name] = value
        case "about ru" | "about en":
            parts["description"][name[-2:]] = value
        case "roubles":
            parts["prices"][Currency.RUB] = parse_money(value, low=rub(MIN_KOPECKS), high=rub(MAX_KOPECKS))
        case "stars":
            one, most = (Money(number, Currency.XTR) for number in (1, MAX_STARS))
            parts["prices"][Currency.XTR] = parse_money(value, low=one, high=most)
        case "credits":
            parts["credits"] = parse_amount(value, low=1, high=MAX_CREDITS)
        case _ if name in NUMBERS:
            parts[NUMBERS[name]] = _number(value, line, most=1000)
        case _ if name in UNITS:
            parts["allowances"] += (_allowance(UNITS, name, value, line),)
        case _:
            raise BadPlanLine(line=line[:60])


def _allowance(units: Mapping[str, AllowanceUnit], name: str, value: str, line: str) -> AllowanceView:
    amount, _, slugs = value.partition(" ")
    named = tuple(dict.fromkeys(each.strip() for each in slugs.split(",") if each.strip()))
    return AllowanceView(unit=units[name], amount=_number(amount, line, most=MAX_ALLOWED), slugs=named)


def _number(text: str, line: str, *, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) <= most):
        raise BadPlanLine(line=line[:60])
    return int(text)
