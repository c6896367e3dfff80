"""Whose closes a customer's answer was made of."""

import pytest
from pydantic import ValidationError

from services.manifests.inputs import SeriesInput
from services.manifests.live import ListedSymbol, LivePrices, source_of
from services.manifests.schema import Text


def file(name: str, *symbols: str) -> LivePrices:
    listed = tuple(ListedSymbol(value=each, label=Text({"en": each})) for each in symbols)
    return LivePrices(provider="csv", url=f"https://{name}.example/{{symbol}}.csv", symbols=listed)


def prices(*live: LivePrices) -> SeriesInput:
    return SeriesInput(name="prices", type="series", label=Text({"en": "Prices"}), live=live)


def test_a_paper_belongs_to_the_file_that_lists_it_and_to_no_other() -> None:
    live = (LivePrices(provider="moex"), file("one", "gold"), file("other", "oil"))
    assert source_of(live, provider="csv", symbol="oil") == live[2]
    assert source_of(live, provider="moex", symbol="SBER") == live[0]
    assert source_of(live, provider="csv", symbol="silver") is None


def test_a_symbol_stands_in_one_file_alone() -> None:
    with pytest.raises(ValidationError):
        prices(file("one", "gold"), file("other", "gold"))
    assert prices(file("one", "gold"), file("other", "oil"))


def test_a_paper_stays_with_the_address_it_came_from() -> None:
    one, other = file("one", "gold"), file("other", "gold")
    assert source_of([other], provider="csv", symbol="gold", address=one.address) is None
    assert source_of([one, other], provider="csv", symbol="gold", address=other.address) == other
    assert source_of([other], provider="csv", symbol="gold") == other  # answers of before do not say
