"""Credits to give or take, as an admin types them."""

import pytest

from services.billing.credits import BadAmount
from services.users.manage import MAX_CREDITS, CannotTake, parse_change


def test_given_and_taken() -> None:
    assert parse_change("2,50", balance=0, give=True) == 250
    assert parse_change("1000000", balance=0, give=True) == MAX_CREDITS
    assert parse_change("2.50", balance=250, give=False) == -250


@pytest.mark.parametrize("typed", ["", "0", "-1", "1e2", "1000000.01", "five"])
@pytest.mark.parametrize("give", [True, False])
def test_no_such_amount(typed: str, *, give: bool) -> None:
    with pytest.raises(BadAmount):
        parse_change(typed, balance=10**12, give=give)


def test_no_more_is_taken_than_there_is() -> None:
    with pytest.raises(CannotTake) as refused:
        parse_change("2.51", balance=250, give=False)
    assert refused.value.rest == 250
