"""What an admin types of a package, whichever edge it comes from."""

import pytest

from services.billing.credits import BadAmount
from services.errors import ShopError
from services.money import AmountOutOfBounds, rub
from services.payments.package_parts import PackagePart, offer_of, parse_part, parts_of
from services.payments.packages import MAX_DAYS, MAX_TITLE, BadPackage, PackageOffer

HUNDRED = PackageOffer(title={"ru": "Сто", "en": "Hundred"}, credits=10000, price=rub(90000), valid_days=None)


@pytest.mark.parametrize(
    ("part", "typed", "value"),
    [
        (PackagePart.NAME_RU, "  Сто \n кредитов ", "Сто кредитов"),
        (PackagePart.CREDITS, "2,50", 250),
        (PackagePart.PRICE, "900 ₽", 90000),
        (PackagePart.DAYS, "90", 90),
        (PackagePart.DAYS, "0", None),
    ],
)
def test_parts(part: PackagePart, typed: str, value: object) -> None:
    assert parse_part(part, typed) == value


@pytest.mark.parametrize(
    ("part", "typed", "error"),
    [
        (PackagePart.NAME_EN, " ", BadPackage),
        (PackagePart.NAME_EN, "x" * (MAX_TITLE + 1), BadPackage),
        (PackagePart.NAME_EN, "a\u202eb", BadPackage),
        (PackagePart.CREDITS, "0", BadAmount),
        (PackagePart.CREDITS, "1000000.01", BadAmount),
        (PackagePart.PRICE, "0.99", AmountOutOfBounds),
        (PackagePart.PRICE, "350000.01", AmountOutOfBounds),
        (PackagePart.DAYS, "-1", BadPackage),
        (PackagePart.DAYS, str(MAX_DAYS + 1), BadPackage),
    ],
)
def test_what_is_no_such_part(part: PackagePart, typed: str, error: type[ShopError]) -> None:
    with pytest.raises(error):
        parse_part(part, typed)


def test_an_offer_in_parts_and_whole_again() -> None:
    parts = parts_of(HUNDRED)
    assert set(parts) == set(PackagePart)
    assert offer_of(parts) == HUNDRED
