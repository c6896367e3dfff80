"""What came, against a calculation that a reader can do by hand."""

import datetime as dt
import math

import pytest

from services.forecasts.figures import Tally, figures_of, wilson
from services.forecasts.judging import judge, observe
from services.forecasts.observed import Anchor, NoSuchDay, Observed
from services.forecasts.said import StatedOutcome
from tests.support.forecasts import walk, weekdays

DAYS, CLOSES = weekdays(400), walk(400)


def _anchor(at: int, horizon: int = 21) -> Anchor:
    return Anchor(last_day=DAYS[at], horizon=horizon)


def test_what_came_is_that_of_a_plain_loop() -> None:
    found = observe(DAYS, CLOSES, [_anchor(at) for at in range(378)])
    for at, each in enumerate(found):
        after = CLOSES[at + 1 : at + 22]
        assert isinstance(each, Observed)
        assert each.worst == pytest.approx((min(after) / CLOSES[at] - 1) * 100)
        assert each.change == pytest.approx((after[-1] / CLOSES[at] - 1) * 100)
        assert each.until == DAYS[at + 21]


def test_nothing_is_told_before_the_horizon_has_passed() -> None:
    assert observe(DAYS, CLOSES, [_anchor(379), _anchor(399)]) == [None, None]
    assert isinstance(observe(DAYS, CLOSES, [_anchor(378)])[0], Observed)
    assert observe(DAYS[:5], CLOSES[:5], [_anchor(0), _anchor(0, 4)])[0] is None


def test_a_day_that_the_series_has_not_is_no_day_and_one_to_come_may_come() -> None:
    sunday = dt.date(2020, 1, 12)
    found = observe(DAYS, CLOSES, [Anchor(last_day=sunday, horizon=5), Anchor(last_day=dt.date(2030, 1, 1), horizon=5)])
    assert isinstance(found[0], NoSuchDay)
    assert found[1] is None


@pytest.mark.parametrize("factor", [0.01, 1 / 3, 5000.0])
def test_a_band_in_prices_of_before_a_split_is_judged_by_what_they_would_be_now(factor: float) -> None:
    """The band is of the closes that the model knew; the series has them divided as its exchange divides them later."""
    divided = [close * factor for close in CLOSES]
    found = observe(DAYS, divided, [_anchor(at) for at in range(0, 378, 7)])
    ended = []
    for at, each in zip(range(0, 378, 7), found, strict=True):
        low, high = CLOSES[at] * 0.97, CLOSES[at] * 1.03
        band = StatedOutcome(name="b", event="inside", output="band", measure=0.9, low=low, high=high)
        assert isinstance(each, Observed)
        ended.append(low <= CLOSES[at + 21] <= high)
        assert judge(band, CLOSES[at], each).came == ended[-1]
    assert 5 < sum(ended) < len(ended) - 5


def _observed(*, worst: float = -1.0, change: float = 0.5) -> Observed:
    return Observed(worst=worst, change=change, until=DAYS[0])


@pytest.mark.parametrize(("worst", "came"), [(-4.99, False), (-5.0, True), (-12.0, True), (2.0, False)])
def test_a_drawdown_is_scored_by_brier(worst: float, came: bool) -> None:
    said = StatedOutcome(name="d", event="drawdown", output="p", measure=0.05, stated=0.3)
    judged = judge(said, 100, _observed(worst=worst))
    assert (judged.came, judged.bin) == (came, 3)
    assert judged.score == pytest.approx((0.3 - came) ** 2)


@pytest.mark.parametrize(
    ("change", "came", "score"), [(-8.0, True, 2 * 0.95), (-6.0, False, 0.0), (4.0, False, 10 * 0.05)]
)
def test_a_quantile_is_scored_by_pinball(change: float, came: bool, score: float) -> None:
    said = StatedOutcome(name="q", event="below", output="q", measure=0.05, stated=-6.0)
    judged = judge(said, 100, _observed(change=change))
    assert (judged.came, judged.observed) == (came, change)
    assert judged.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("change", "came", "score"), [(-10.0, True, 20.0), (10.0, True, 20.0), (-13.0, False, 80.0), (11.0, False, 40.0)]
)
def test_a_band_is_scored_by_its_width_and_what_it_missed(change: float, came: bool, score: float) -> None:
    said = StatedOutcome(name="b", event="inside", output="band", measure=0.9, low=180.0, high=220.0)
    judged = judge(said, 200, _observed(change=change))
    assert judged.came == came
    assert judged.score == pytest.approx(score)


def _tally(bin_: int, count: int, came: int, stated: float) -> Tally:
    score = came * (1 - stated) ** 2 + (count - came) * stated**2
    return Tally(
        name="drawdown",
        event="drawdown",
        output="p",
        measure=0.05,
        horizon=21,
        bin=bin_,
        count=count,
        came=came,
        stated=stated * count,
        score=score,
    )


def test_figures_are_those_of_the_rows_they_sum_up() -> None:
    (figures,) = figures_of([_tally(1, 60, 6, 0.12), _tally(4, 40, 20, 0.45), _tally(1, 20, 2, 0.18)])
    assert (figures.count, figures.came, figures.is_enough) == (120, 28, True)
    assert figures.base_score == pytest.approx(28 / 120 * 92 / 120)
    brier = 6 * 0.88**2 + 54 * 0.12**2 + 20 * 0.55**2 + 20 * 0.45**2 + 2 * 0.82**2 + 18 * 0.18**2
    assert figures.score == pytest.approx(brier / 120)
    assert figures.skill == pytest.approx(1 - brier / 120 / (28 / 120 * 92 / 120))
    assert [(each.count, each.came) for each in figures.bins] == [(80, 8), (40, 20)]
    assert [each.stated for each in figures.bins] == pytest.approx([(60 * 0.12 + 20 * 0.18) / 80, 0.45])
    assert not figures_of([_tally(1, 29, 3, 0.1)])[0].is_enough


def test_wilson_is_that_of_the_books() -> None:
    assert [*wilson(8, 80)] == pytest.approx([0.0515, 0.1851], abs=1e-4)
    assert [*wilson(0, 10)] == pytest.approx([0.0, 0.2775], abs=1e-4)
    assert [*wilson(10, 10)] == pytest.approx([0.7225, 1.0], abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    assert all(math.isfinite(end) for end in wilson(1, 1))
