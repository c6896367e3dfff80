"""What a customer agrees to reads as the price beside it does."""

import pytest

from db.tables.currencies import Currency
from services.money import Money, rub
from services.plans.consent import consent_text

NB = "\u00a0"


@pytest.mark.parametrize(
    ("price", "months", "language", "begins"),
    [
        (rub(499_50), 1, "ru", f"Списывать 499,50{NB}₽ каждый месяц, пока я не отменю."),
        (rub(499_50), 1, "en", f"Charge 499.50{NB}₽ every month until I cancel."),
        (rub(1_200_00), 3, "ru", f"Списывать 1{NB}200{NB}₽ каждые 3 мес., пока я не отменю."),
        (rub(1_200_00), 3, "en", f"Charge 1{NB}200{NB}₽ every 3 months until I cancel."),
        (Money(250, Currency.XTR), 1, "ru", f"Списывать ⭐{NB}250 каждые 30 дней, пока я не отменю."),
        (rub(100_00), 1, "fr", f"Charge 100{NB}₽ every month until I cancel."),
    ],
)
def test_the_sum_and_how_often(price: Money, months: int, language: str, begins: str) -> None:
    assert consent_text(price, months, language).startswith(begins)
