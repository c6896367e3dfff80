"""Daily variance of the coming month, from the squared returns of the year before.

Each way but the learned ones is a weighted mean: 252 weights, the newest day first, that add up to one. So it knows no
currency and no asset, and a graph can hold it as one product.
"""

import numpy as np
from arch import arch_model
from risk_data import HORIZON, Array, Day, Windows, closes, default_spread
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

DAYS = np.arange(252)
LEAST = 1e-10  # of a variance: constant prices stay finite


def mean_of(days: int) -> Array:
    return np.where(days > DAYS, 1 / days, 0.0)


def decaying(factor: float) -> Array:
    """EWMA; what lies before the year counts as the year's mean."""
    return (1 - factor) * factor**DAYS + factor**252 * mean_of(252)


def garch(alpha: float, beta: float) -> Array:
    """GARCH(1,1) around the year's own variance: the mean of its next 21 steps."""
    both = alpha + beta
    tomorrow = alpha * beta**DAYS + ((1 - both) * (1 - beta**252) / (1 - beta) + beta**252) * mean_of(252)
    share = (1 - both**HORIZON) / (HORIZON * (1 - both))
    return mean_of(252) + (tomorrow - mean_of(252)) * share


def fit_garch(names: tuple[str, ...], until: Day) -> tuple[float, float]:
    """`alpha` and `beta` with Student's t, as means of the assets' own. Four decimals: further ones depend on how many
    cores the sums were made with, and nothing else does."""
    found = []
    for name in names:
        known = closes(name).days < until
        percent = 100 * np.diff(np.log(closes(name).values[known]))
        fitted = arch_model(percent, mean="Zero", vol="GARCH", p=1, q=1, dist="t").fit(disp="off").params
        found.append((fitted["alpha[1]"], fitted["beta[1]"]))
    alpha, beta = np.mean(found, axis=0)
    return round(float(alpha), 4), round(float(beta), 4)


def variance(data: Windows, weights: Array) -> Array:
    result: Array = np.maximum(data.returns**2 @ weights, LEAST)
    return result


def features(data: Windows, weights: Array) -> Array:
    """[N, 12]: logarithms of volatilities by several ways, the last by `weights`; then signs of a fall: distance from
    the year's peak, share of falling days."""
    squares, falls = data.returns**2, np.minimum(data.returns, 0) ** 2
    ways = [mean_of(5), mean_of(21), mean_of(63), mean_of(252), *map(decaying, (0.94, 0.97, 0.985)), weights]
    columns = [0.5 * np.log(variance(data, way)) for way in ways]
    columns.append(data.prices[:, -1] / data.prices.max(axis=1) - 1)
    for days in (5, 21, 63):
        both = np.maximum(squares[:, :days].mean(axis=1), LEAST)
        columns.append(np.sqrt(np.clip(falls[:, :days].mean(axis=1) / both, 0, 1)))
    return np.column_stack(columns)


LEARNED = {
    "ridge, four windows": [0, 1, 2, 3],
    "ridge, four windows and falls": [0, 1, 2, 3, 8, 9, 10, 11],
    "ridge, all volatilities": [0, 1, 2, 3, 4, 5, 6, 7],
    "ridge, all and falls": list(range(12)),
}


def regress(train: Array, target: Array, test: Array) -> tuple[Array, Array]:
    """Logarithms of volatility in both parts. Features of the test stay within those of the training."""
    fitted: Pipeline = make_pipeline(StandardScaler(), Ridge(300.0)).fit(train, target)
    held = np.clip(test, train.min(axis=0), train.max(axis=0))
    return fitted.predict(train), fitted.predict(held)


def learned(train: Windows, test: Windows, weights: Array) -> dict[str, tuple[Array, Array]]:
    """Variances by each of the learned ways in both parts; the last two are means of two logarithms, and one that also
    knows the spread of bonds, which no customer sends."""
    target = 0.5 * np.log(train.variance)
    known, new = features(train, weights), features(test, weights)
    logs = {name: regress(known[:, columns], target, new[:, columns]) for name, columns in LEARNED.items()}
    last = logs["ridge, all and falls"]
    logs["GARCH and ridge, mean"] = ((last[0] + known[:, 7]) / 2, (last[1] + new[:, 7]) / 2)
    logs["… and the spread of bonds"] = regress(
        np.column_stack([known, default_spread(train.days)]), target, np.column_stack([new, default_spread(test.days)])
    )
    return {name: (np.exp(2 * one), np.exp(2 * other)) for name, (one, other) in logs.items()}
