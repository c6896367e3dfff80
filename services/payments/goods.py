"""What a top-up buys, and how it is called where it is paid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.currencies import Currency
from db.tables.users import User
from services.billing.credits import format_credits
from services.money import Money
from services.payments.packages import package_on_sale
from services.payments.payment_row import Description
from services.payments.pricing import CurrencyNotTaken, DiscountOf, Pricing, price_in

_users = table_of(User)
AMOUNT: Final = {"ru": "Кредиты для предсказаний: {credits}", "en": "Credits for predictions: {credits}"}
PACKAGE: Final = {"ru": "{title}: {credits} кредитов", "en": "{title}: {credits} credits"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtCredits:
    """What is paid and what it brings. `title`: of a package, by language."""

    amount: Money
    credits: int
    valid_days: int | None = None
    title: Mapping[str, str] | None = None


def package_goods(
    session: Session,
    package_id: int,
    user_id: int,
    *,
    pricing: Pricing,
    currency: Currency,
    discount_of: DiscountOf,
    now: datetime,
) -> BoughtCredits:
    """At that customer's price. Raises `PackageGone`, `CurrencyNotTaken`, `AmountOutOfBounds`."""
    package = package_on_sale(session, package_id, user_id, now, discount_of)
    price = price_in(package.price, currency, pricing)
    return BoughtCredits(amount=price, credits=package.credits, valid_days=package.valid_days, title=package.title)


def amount_goods(amount: Money | None, pricing: Pricing, currency: Currency) -> BoughtCredits:
    """Raises `CurrencyNotTaken`, `AmountOutOfBounds`."""
    if (rate := pricing.get(currency)) is None:
        raise CurrencyNotTaken(given=currency)
    amount = rate.low.of(0) if amount is None else amount
    rate.check(amount)
    return BoughtCredits(amount=amount, credits=rate.credits_for(amount))


def described(session: Session, goods: BoughtCredits, user_id: int) -> Description:
    """What it is for: in Russian for the receipt, as the law wants it, and in the customer's language for the page
    where they pay."""
    language = session.scalars(select(_users.c.language).where(_users.c.id == user_id)).one()

    def fill(sentence: str, language: str) -> str:
        title = "" if goods.title is None else goods.title.get(language, "")
        return sentence.format(title=title, credits=format_credits(goods.credits))

    return Description.of(AMOUNT if goods.title is None else PACKAGE, language, fill)
