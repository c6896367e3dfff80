"""What an owner gives as a plan and cannot be sold."""

from dataclasses import replace
from typing import Any

import pytest

from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit
from services.errors import ShopError
from services.money import Money, rub
from services.payments.pricing import MAX_KOPECKS, MAX_STARS, MIN_KOPECKS
from services.plans.plan_offer import BadPlan, PlanOffer, check
from services.plans.plan_text import parse_plan
from services.plans.plans import AllowanceView

PLUS = PlanOffer(name="plus", title={"ru": "Плюс", "en": "Plus"}, prices={Currency.RUB: rub(490_00)})
NOTHING = AllowanceView(unit=AllowanceUnit.REQUESTS, amount=0, slugs=())


def stars(count: int) -> Money:
    return Money(count, Currency.XTR)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"prices": {}}, "prices"),
        ({"prices": {Currency.RUB: rub(0)}}, "prices"),
        ({"prices": {Currency.RUB: rub(-490_00)}}, "prices"),
        ({"prices": {Currency.RUB: rub(MIN_KOPECKS - 1)}}, "prices"),
        ({"prices": {Currency.RUB: rub(MAX_KOPECKS + 1)}}, "prices"),
        ({"prices": {Currency.XTR: stars(0)}}, "prices"),
        ({"prices": {Currency.RUB: rub(490_00), Currency.XTR: stars(MAX_STARS + 1)}}, "prices"),
        ({"is_free": True}, "prices"),
        ({"is_free": True, "prices": {}, "credits": 1}, "credits"),
        ({"is_free": True, "prices": {}, "credits": 0, "discount_percent": 1}, "discount_percent"),
        ({"name": "Plus plan"}, "name"),
        ({"title": {"ru": "Плюс", "en": " "}}, "title"),
        ({"months": 13}, "months"),
        ({"credits": -1}, "credits"),
        ({"discount_percent": 91}, "discount_percent"),
        ({"trial_days": 91}, "trial_days"),
        ({"allowances": (NOTHING,)}, "allowances"),
        ({"allowances": (replace(NOTHING, amount=1, slugs=("wine", "x" * 33)),)}, "allowances"),
        ({"allowances": (replace(NOTHING, amount=1, slugs=("Вино",)),)}, "allowances"),
    ],
)
def test_it_is_named(change: dict[str, Any], field: str) -> None:  # Any: the offer's fields
    with pytest.raises(BadPlan) as caught:
        check(replace(PLUS, **change))
    assert caught.value.params["field"] == field


@pytest.mark.parametrize(
    "prices",
    [{Currency.RUB: rub(MIN_KOPECKS)}, {Currency.RUB: rub(MAX_KOPECKS)}, {Currency.XTR: stars(MAX_STARS)}],
)
def test_the_bounds_are_sold(prices: dict[Currency, Money]) -> None:
    check(replace(PLUS, prices=prices))


@pytest.mark.parametrize(
    "price", ["roubles: 0", "roubles: -490", "roubles: 350001", "stars: 0", "stars: -1", "stars: 10001", "stars: 1.5"]
)
def test_a_typed_price_that_no_provider_takes(price: str) -> None:
    typed = f"name: plus\nru: Плюс\nen: Plus\n{price}"
    with pytest.raises(ShopError):
        parse_plan(typed)
    assert parse_plan(typed.replace(price, "stars: 10000")).prices == {Currency.XTR: stars(MAX_STARS)}
