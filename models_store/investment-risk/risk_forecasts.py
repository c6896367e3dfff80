"""What each candidate says of a part, having learned from the years before it."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
from risk_data import FALL, HORIZON, LEVELS, Array, Day, Windows, pooled
from risk_volatility import decaying, features, fit_garch, garch, learned, mean_of, variance
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 1999
NORMAL: Final = NormalDist()
BASE = "base rate of the years before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    fall: Array  # [N] probability
    quantiles: Array  # [N, 3] of the return, ascending
    variance: Array | None = None  # [N] of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What followed in units of the expected volatility of the month: how often it fell so low, and how it ended."""

    lowest: Array  # [M] ascending
    quantiles: Array  # [3]

    @classmethod
    def of(cls, train: Windows, expected: Array) -> "Shape":
        unit = np.sqrt(expected * HORIZON)
        return cls(lowest=np.sort(train.lowest / unit), quantiles=np.quantile(train.final / unit, LEVELS))

    def rounded(self) -> "Shape":
        """So that the same file comes of it, however many cores made the sums."""
        return Shape(lowest=np.round(self.lowest, 6), quantiles=np.round(self.quantiles, 6))

    def fall(self, unit: Array, change: float = FALL) -> Array:
        """Never quite 0 or 1: windows that overlap count as one, and one more of each kind is added."""
        months = len(self.lowest) / HORIZON
        share = np.searchsorted(self.lowest, change / unit) / len(self.lowest)
        result: Array = (share * months + 1) / (months + 2)
        return result

    def forecast(self, expected: Array) -> Forecast:
        unit = np.sqrt(expected * HORIZON)
        return Forecast(fall=self.fall(unit), quantiles=unit[:, None] * self.quantiles, variance=expected)


def normal(expected: Array) -> Forecast:
    """A walk without drift: it touches a barrier twice as often as it ends beyond it."""
    unit = np.sqrt(expected * HORIZON)
    fall = 2 * np.array([NORMAL.cdf(distance) for distance in FALL / unit])
    levels = np.array([NORMAL.inv_cdf(level) for level in LEVELS])
    return Forecast(fall=fall, quantiles=unit[:, None] * levels, variance=expected)


def baselines(train: Windows, test: Windows, persistence: tuple[float, float]) -> dict[str, Forecast]:
    """What needs no learning, or hardly any; each volatility with two shapes."""
    count = len(test.days)
    said = {
        BASE: Forecast(
            fall=np.full(count, train.fell.mean()), quantiles=np.tile(np.quantile(train.final, LEVELS), (count, 1))
        )
    }
    ways = {
        "21 days": mean_of(21),
        "63 days": mean_of(63),
        "252 days": mean_of(252),
        "EWMA 0.94": decaying(0.94),
        "EWMA 0.97": decaying(0.97),
        "GARCH(1,1)": garch(*persistence),
    }
    for name, weights in ways.items():
        said[f"{name}, normal"] = normal(variance(test, weights))
        said[f"{name}, as it was"] = Shape.of(train, variance(train, weights)).forecast(variance(test, weights))
    return said


def models(train: Windows, test: Windows, persistence: tuple[float, float]) -> dict[str, Forecast]:
    """What learns."""
    weights = garch(*persistence)
    ways = learned(train, test, weights)
    said = {name: Shape.of(train, known).forecast(new) for name, (known, new) in ways.items()}
    known, new = ways["GARCH and ridge, mean"]
    for strength in (0.01, 1.0):
        logistic = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
        fitted = logistic.fit(np.log(known)[:, None], train.fell)
        said[f"… logistic, C = {strength:g}"] = Forecast(
            fall=fitted.predict_proba(np.log(new)[:, None])[:, 1],
            quantiles=said["GARCH and ridge, mean"].quantiles,
            variance=new,
        )
    said["gradient boosting"] = _boosted(train, test, weights)
    return said


def _boosted(train: Windows, test: Windows, weights: Array) -> Forecast:
    settings = {"max_depth": 2, "max_iter": 60, "learning_rate": 0.05, "min_samples_leaf": 200, "random_state": SEED}
    known, new = features(train, weights), features(test, weights)
    new = np.clip(new, known.min(axis=0), known.max(axis=0))
    fall = HistGradientBoostingClassifier(**settings).fit(known, train.fell).predict_proba(new)[:, 1]
    quantiles = [
        HistGradientBoostingRegressor(loss="quantile", quantile=level, **settings).fit(known, train.final).predict(new)
        for level in LEVELS
    ]
    return Forecast(fall=fall, quantiles=np.sort(np.column_stack(quantiles), axis=1))


def all_forecasts(
    learned_from: tuple[str, ...], told_of: tuple[str, ...], since: Day, until: Day
) -> tuple[Windows, dict[str, Forecast], int]:
    """The part's windows, what each candidate says of them, and how many of these are baselines (they come first)."""
    train, test = pooled(learned_from, None, since), pooled(told_of, since, until)
    persistence = fit_garch(learned_from, since)
    plain = baselines(train, test, persistence)
    return test, {**plain, **models(train, test, persistence)}, len(plain)
