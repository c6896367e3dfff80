"""A plan as an owner types it, on one form."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from services.billing.credits import format_credits, parse_amount
from services.digits import whole_number
from services.errors import N_, ShopError
from services.money import Money, parse_money
from services.plans.plan_offer import BOUNDS, MAX_ALLOWED, MAX_CREDITS, PlanOffer
from services.plans.plans import AllowanceView, PlanView

_LINE: Final = re.compile(r"([\d ]+?) ?(requests|tokens) ?(?:: ?([\w ,-]*))?", re.ASCII | re.IGNORECASE)


class NotWholeNumber(ShopError):
    message = N_("A whole number from {low} to {high} is expected.")


class BadAllowance(ShopError):
    message = N_("“{line}” is not understood: write “100 requests” or “500000 tokens: oracle”, a line each.")


class PlanChanged(ShopError):
    message = N_("Meanwhile somebody else has changed this plan. Here it is as it is now; please change it once more.")


class PlanForm(BaseModel):
    """`was`: of the plan as it was when the form was shown; `seen`: a new one has been seen as customers see it."""

    name: str = ""
    ru: str = ""
    en: str = ""
    about_ru: str = ""
    about_en: str = ""
    months: str = ""
    credits: str = ""
    discount: str = ""
    trial: str = ""
    free: str = ""
    rub: str = ""
    stars: str = ""
    allowances: str = ""
    was: str = ""
    seen: str = ""
    nonce: str = ""


Errors = dict[str, ShopError]


def parse(typed: PlanForm) -> tuple[PlanOffer | None, Errors]:
    """Or what is wrong, by field."""
    errors: Errors = {}

    def read(name: str, parser: Callable[[str], Any], otherwise: Any) -> Any:  # Any: whatever the parser makes
        text = str(getattr(typed, name)).strip()
        try:
            return parser(text) if text else otherwise
        except ShopError as error:
            errors[name] = error
            return otherwise

    prices = {
        Currency.RUB: read("rub", lambda text: _price(text, Currency.RUB), None),
        Currency.XTR: read("stars", lambda text: _price(text, Currency.XTR), None),
    }
    descriptions = {"ru": _line(typed.about_ru), "en": _line(typed.about_en)}
    offer = PlanOffer(
        name=typed.name.strip(),
        title={"ru": _line(typed.ru), "en": _line(typed.en)},
        description={language: text for language, text in descriptions.items() if text},
        months=read("months", lambda text: _whole(text, 1, 12), 1),
        credits=read("credits", lambda text: parse_amount(text, low=0, high=MAX_CREDITS), 0),
        discount_percent=read("discount", lambda text: _whole(text, 0, 90), 0),
        trial_days=read("trial", lambda text: _whole(text, 0, 90), 0),
        is_free=typed.free != "",
        prices={currency: price for currency, price in prices.items() if price is not None},
        allowances=read("allowances", _allowances, ()),
    )
    return (None if errors else offer), errors


def as_typed(plan: PlanView) -> PlanForm:
    sold = {currency: price.text for currency, price in plan.prices.items()}
    form = PlanForm(
        name=plan.name,
        ru=plan.title.get("ru", ""),
        en=plan.title.get("en", ""),
        about_ru=plan.description.get("ru", ""),
        about_en=plan.description.get("en", ""),
        months=str(plan.months),
        credits=format_credits(plan.credits),
        discount=str(plan.discount_percent),
        trial=str(plan.trial_days),
        free="yes" if plan.is_free else "",
        rub=sold.get(Currency.RUB, ""),
        stars=sold.get(Currency.XTR, ""),
        allowances="\n".join(map(_written, plan.allowances)),
    )
    form.was = hashlib.sha256(form.model_dump_json().encode()).hexdigest()[:16]
    return form


FIELDS: Final = {"title": "ru", "description": "about_ru", "prices": "rub", "discount_percent": "discount"} | {
    "trial_days": "trial"
}
"""What the form calls what the service does."""


def _written(allowance: AllowanceView) -> str:
    of = f": {', '.join(allowance.slugs)}" if allowance.slugs else ""
    return f"{allowance.amount} {allowance.unit}{of}"


def _allowances(text: str) -> tuple[AllowanceView, ...]:
    return tuple(_allowance(line.strip()) for line in text.splitlines() if line.strip())


def _allowance(line: str) -> AllowanceView:
    found = _LINE.fullmatch(" ".join(line.split()))
    amount = None if found is None else whole_number("".join(found[1].split()), most=MAX_ALLOWED)
    if found is None or not amount:
        raise BadAllowance(line=line[:64])
    slugs = tuple(slug.strip() for slug in (found[3] or "").split(",") if slug.strip())
    return AllowanceView(unit=AllowanceUnit(found[2].lower()), amount=amount, slugs=slugs)


def _price(text: str, currency: Currency) -> Money:
    low, high = BOUNDS[currency]
    return parse_money(text, low=Money(low, currency), high=Money(high, currency))


def _whole(text: str, low: int, high: int) -> int:
    number = whole_number(text, most=high)
    if number is None or number < low:
        raise NotWholeNumber(low=low, high=high)
    return number


def _line(text: str) -> str:
    return " ".join(text.split())
