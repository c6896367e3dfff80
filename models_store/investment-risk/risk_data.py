"""Windows of daily closes with the month that followed, and what naive baselines say of them."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from risk_graph import FEATURES, HORIZON, WINDOW, YEAR, Array, features_of
from sklearn.metrics import mean_pinball_loss

DROP = 0.05
TAUS = (0.05, 0.5, 0.95)
MONTH = np.sqrt(HORIZON / YEAR)
NORMAL = NormalDist()

Day = np.datetime64


@dataclass(frozen=True, slots=True, kw_only=True)
class Closes:
    days: npt.NDArray[np.datetime64]
    values: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """One row per day and index; everything after that day is the answer."""

    prices: Array  # [N, 253]
    features: Array  # [N, F]
    path: Array  # [N, 21] log returns from that day
    fell: Array  # [N] 1.0 when one of the next 21 closes is 5 % or more below that day's
    realised: Array  # [N] annualised volatility of the next 21 days
    month: Array  # [N] number of the calendar month, for the bootstrap

    @property
    def final(self) -> Array:
        return self.path[:, -1]

    def select(self, *names: str) -> Array:
        return self.features[:, [FEATURES.index(name) for name in names]]

    def history(self, span: int) -> Array:
        """Annualised volatility of the last days: all that the baselines know."""
        result: Array = np.exp(self.select(f"log_vol{span}")[:, 0])
        return result


def windows(closes: Closes, since: Day | None, until: Day | None) -> Windows:
    """Days from `since` whose answer is known before `until`, so that no answer reaches over a border of the split."""
    days, values = closes.days, closes.values
    last = np.arange(WINDOW - 1, len(values) - HORIZON)
    if since is not None:
        last = last[days[last] >= since]
    if until is not None:
        last = last[days[last + HORIZON] < until]
    prices = values[last[:, None] + np.arange(1 - WINDOW, 1)]
    path = np.log(values[last[:, None] + np.arange(1, HORIZON + 1)] / values[last][:, None])
    steps = np.diff(path, axis=1, prepend=0.0)
    return Windows(
        prices=prices,
        features=features_of(prices),
        path=path,
        fell=(path.min(axis=1) <= np.log(1 - DROP)).astype(float),
        realised=np.sqrt((steps**2).mean(axis=1) * YEAR),
        month=days[last].astype("datetime64[M]").astype(float),
    )


def pooled(series: list[Closes], since: Day | None, until: Day | None) -> Windows:
    parts = [windows(closes, since, until) for closes in series]
    return Windows(**{key: np.concatenate([getattr(part, key) for part in parts]) for key in Windows.__slots__})


def pinball(actual: Array, quantiles: Array) -> list[float]:
    """× 100, for each of `TAUS`."""
    return [100 * float(mean_pinball_loss(actual, quantiles[:, i], alpha=tau)) for i, tau in enumerate(TAUS)]


def normal_quantiles(data: Windows, span: int) -> Array:
    result: Array = data.history(span)[:, None] * MONTH * [NORMAL.inv_cdf(tau) for tau in TAUS]
    return result


def normal_drop(data: Windows, span: int) -> Array:
    """The reflection principle: a driftless walk touches a barrier twice as often as it ends beyond it."""
    distance = np.log(1 - DROP) / (data.history(span) * MONTH)
    return 2 * np.array([NORMAL.cdf(value) for value in distance])
