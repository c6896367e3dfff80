"""What a plan offers, and whether it can be sold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from db.tables.currencies import Currency
from services.errors import N_, ShopError
from services.manifests.characters import is_storable
from services.manifests.manifest import SLUG
from services.money import Money
from services.payments.pricing import MAX_KOPECKS, MAX_STARS, MIN_KOPECKS
from services.plans.plans import AllowanceView, PlanView

MAX_CREDITS: Final = 1_000_000_00
MAX_TITLE: Final = 60
MAX_DESCRIPTION: Final = 500
MAX_ALLOWANCES: Final = 10
MAX_ALLOWED: Final = 1_000_000_000
BOUNDS: Final = {Currency.RUB: (MIN_KOPECKS, MAX_KOPECKS), Currency.XTR: (1, MAX_STARS)}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)


class BadPlan(ShopError):
    """What an admin gave cannot be sold; `field` says what."""

    message = N_(
        "A plan has a name of small letters, titles of 1 to 60 characters in both languages, 1 to 12 months, up to "
        "1 000 000 credits, a discount of up to 90 %, a trial of up to 90 days and a price of 1 to 350 000 ₽ or 1 to "
        "10 000 Stars; a free one has allowances alone."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanOffer:
    """`name`: a word for programs; `title`, `description`: {ru, en}; `credits` in hundredths; `prices` for new
    subscribers. A free plan has none."""

    name: str
    title: dict[str, str]
    description: dict[str, str] = field(default_factory=dict)
    months: int = 1
    credits: int = 0
    discount_percent: int = 0
    trial_days: int = 0
    is_free: bool = False
    prices: Mapping[Currency, Money] = field(default_factory=dict)
    allowances: tuple[AllowanceView, ...] = ()

    @classmethod
    def of(cls, plan: PlanView) -> "PlanOffer":
        return cls(**{name: getattr(plan, name) for name in cls.__slots__})


def check(offer: PlanOffer) -> None:
    """Raises `BadPlan`."""
    titles = [offer.title.get(language, "").strip() for language in ("ru", "en")]
    priced = all(BOUNDS[currency][0] <= money.minor <= BOUNDS[currency][1] for currency, money in offer.prices.items())
    sound = {
        "name": _NAME.fullmatch(offer.name) is not None,
        "title": all(0 < len(title) <= MAX_TITLE and title.isprintable() for title in titles),
        "description": all(len(text) <= MAX_DESCRIPTION and is_storable(text) for text in offer.description.values()),
        "months": 1 <= offer.months <= 12,
        "credits": 0 <= offer.credits <= (0 if offer.is_free else MAX_CREDITS),
        "discount_percent": 0 <= offer.discount_percent <= (0 if offer.is_free else 90),
        "trial_days": 0 <= offer.trial_days <= (0 if offer.is_free else 90),
        "prices": not offer.prices if offer.is_free else bool(offer.prices) and priced,
        "allowances": len(offer.allowances) <= MAX_ALLOWANCES
        and all(0 < each.amount <= MAX_ALLOWED for each in offer.allowances)
        and all(re.fullmatch(SLUG, slug) for each in offer.allowances for slug in each.slugs),
    }
    if wrong := [name for name, good in sound.items() if not good]:
        raise BadPlan(field=wrong[0])
