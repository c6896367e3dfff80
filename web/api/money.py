"""Money as the API shows it."""

from pydantic import BaseModel, Field

from db.tables.currencies import Currency
from services.money import Money as Sum


class Money(BaseModel):
    amount: int = Field(description="In kopecks, or whole Stars.", examples=[9900])
    currency: Currency


def money_told(found: Sum) -> Money:
    return Money(amount=found.minor, currency=Currency(found.currency))
