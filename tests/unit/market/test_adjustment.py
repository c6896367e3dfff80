"""Splits are divided out, and what they do not explain is a jump."""

import datetime as dt
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.market.adjustment import adjust, find_jumps
from services.market.prices import StockSplit

FIRST = dt.date(2026, 1, 5)
Priced = tuple[dt.date, float]


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def series(*closes: float) -> list[Priced]:
    return [(day(number), close) for number, close in enumerate(closes)]


def split(number: int, before: int, after: int) -> StockSplit:
    return StockSplit(day=day(number), before=before, after=after)


def values(closes: list[Priced]) -> list[float]:
    return [close for _, close in closes]


def test_a_split_divides_what_was_before() -> None:
    adjusted, splits = adjust(series(10_000, 10_100, 102, 103), [split(2, 1, 100)])
    assert values(adjusted) == [100, 101, 102, 103]
    assert splits == [split(2, 1, 100)]
    assert find_jumps(adjusted) == []


def test_a_consolidation_multiplies_it() -> None:
    adjusted, _ = adjust(series(0.02, 0.0202, 102), [split(2, 5000, 1)])
    assert values(adjusted) == pytest.approx([100, 101, 102])


def test_a_split_that_the_provider_has_divided_out_is_not_divided_again() -> None:
    told = series(100, 101, 102, 103)
    assert adjust(told, [split(2, 1, 100)]) == (told, [])


def test_a_split_is_found_where_the_price_changed_not_where_the_table_says() -> None:
    adjusted, splits = adjust(series(1000, 1010, 1020, 1030, 104, 105), [split(1, 1, 10)])
    assert values(adjusted) == [100, 101, 102, 103, 104, 105]
    assert [each.day for each in splits] == [day(4)]


def test_a_small_split_is_believed_on_its_very_day_alone() -> None:
    fallen = series(100, 101, 96, 97)  # 5 % a day after 10:11, which the provider has divided out
    assert adjust(fallen, [split(1, 10, 11)]) == (fallen, [])
    assert adjust(series(110, 110, 100), [split(2, 10, 11)])[1] == [split(2, 10, 11)]


def test_two_splits_multiply() -> None:
    adjusted, splits = adjust(series(1000, 101, 1010, 102), [split(1, 1, 10), split(2, 10, 1)])
    assert values(adjusted) == pytest.approx([1000, 1010, 1010, 102])
    assert len(splits) == 2


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 0), (-1, 5), (3, 3)])
def test_what_is_no_split_changes_nothing(before: int, after: int) -> None:
    told = series(100, 20, 21)
    assert adjust(told, [split(1, before, after)]) == (told, [])


def test_a_fall_that_no_split_explains_is_a_jump() -> None:
    adjusted, splits = adjust(series(100, 40, 41), [split(1, 1, 100)])
    assert splits == []
    (jump,) = find_jumps(adjusted)
    assert (jump.day, round(jump.change, 6)) == (day(1), -0.6)


@pytest.mark.parametrize(("closes", "jumps"), [((100, 50), 0), ((100, 49.9), 1), ((100, 200), 0), ((100, 200.1), 1)])
def test_more_than_half_or_double_is_a_jump(closes: tuple[float, float], jumps: int) -> None:
    assert len(find_jumps(series(*closes))) == jumps


def test_nothing_has_neither_splits_nor_jumps() -> None:
    assert adjust([], [split(1, 1, 10)]) == ([], [])
    assert find_jumps([]) == []
    assert adjust(series(5.0), [split(0, 1, 10)]) == (series(5.0), [])


RATIOS = st.sampled_from([(1, 2), (1, 10), (1, 100), (2, 1), (100, 1), (5000, 1), (1, 5000), (2, 5)])
CHANGES = st.lists(st.floats(-0.08, 0.08), min_size=40, max_size=80)


@given(changes=CHANGES, ratios=st.lists(RATIOS, max_size=2), start=st.floats(0.01, 1e6))
def test_a_paper_with_splits_has_the_changes_of_one_without(
    changes: list[float], ratios: list[tuple[int, int]], start: float
) -> None:
    true = [start]
    for change in changes:
        true.append(true[-1] * math.exp(change))
    splits = [split(12 + 14 * number, *ratio) for number, ratio in enumerate(ratios)]
    told = []
    for number, close in enumerate(true):
        factor = math.prod(each.before / each.after for each in splits if day(number) >= each.day)
        told.append((day(number), close * factor))
    adjusted, believed = adjust(told, splits)
    assert believed == splits
    assert adjusted[-1:] == told[-1:]
    for (one, other), (before, after) in zip(pairwise(true), pairwise(values(adjusted)), strict=True):
        assert after / before == pytest.approx(other / one, rel=1e-9)


@given(closes=st.lists(st.floats(1e-9, 1e12), max_size=30), ratio=RATIOS, number=st.integers(-5, 35))
def test_whatever_the_table_says_closes_stay_positive_and_days_stay(
    closes: list[float], ratio: tuple[int, int], number: int
) -> None:
    adjusted, _ = adjust(series(*closes), [split(number, *ratio)])
    assert [each for each, _ in adjusted] == [each for each, _ in series(*closes)]
    assert all(0 < close < math.inf for close in values(adjusted))
    assert values(adjusted)[-1:] == closes[-1:]
