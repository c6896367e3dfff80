"""The graph of `model.onnx`: GARCH as one product over a year's squared returns, what followed such volatility before,
and what caps a loss. N is the batch; returns are of logarithms until the outputs; a price is a part of today's.
"""

from dataclasses import dataclass

import numpy as np
import onnx
from risk_data import FALL, HORIZON, LEVELS, WINDOW, YEAR, Array
from risk_forecasts import Shape

from models_store._training import Graph

KNOTS = 200  # of the distribution that is kept
STEPS = 8  # of Newton's, to the strike of a put
HIGHEST = 2.0  # strike, times today's price


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    weights: Array  # [252] of squared returns, the newest first
    shape: Shape


def path_shape(quantiles: Array) -> Array:
    """[21, 3]: the median moves in proportion to time, the distance from it to the root of time."""
    time = np.arange(1, HORIZON + 1)[:, None] / HORIZON
    middle = quantiles[1] * time
    shape: Array = middle + (quantiles - quantiles[1]) * np.sqrt(time)
    return shape


def build(fitted: Fitted) -> onnx.ModelProto:
    one = ("N", 1)
    g = Graph(prices=("N", WINDOW), amount=one, limit=one)
    variance, quantiles = _variance(g, fitted.weights), fitted.shape.quantiles
    unit = g("Sqrt", g("Mul", variance, float(HORIZON)))
    # A positive number times ascending constants: the quantiles cannot cross.
    returns = g("Sub", g("Exp", g("Mul", unit, quantiles[None])), 1.0)
    percent = g("Mul", returns, 100.0)
    loss = g("Max", g("Neg", g("Slice", returns, [0], [1], [1])), 0.0)
    today = g("Slice", "prices", [WINDOW - 1], [WINDOW], [1])
    path = g("Exp", g("Mul", g("Unsqueeze", unit, [2]), path_shape(quantiles)[None]))
    limit = g("Mul", "limit", 0.01)
    kept = g("Sub", 1.0, limit)
    sold = g("Max", g("Sub", 1.0, g("Div", limit, g("Max", loss, 1e-9))), 0.0)
    strike = _strike(g, kept, unit)
    middle = g("Slice", returns, [LEVELS.index(0.5)], [LEVELS.index(0.5) + 1], [1])
    return g.model(
        "investment_risk",
        p_drawdown=(_chance(g, fitted.shape, g("Div", FALL, unit)), one),
        **{name: (g("Slice", percent, [i], [i + 1], [1]), one) for i, name in enumerate(("q05", "q50", "q95"))},
        volatility=(g("Mul", g("Sqrt", g("Mul", variance, float(YEAR))), 100.0), one),
        value_at_risk=(g("Mul", "amount", loss), one),
        share_to_sell=(g("Mul", sold, 100.0), one),
        given_up=(g("Mul", "amount", g("Mul", sold, g("Max", middle, 0.0))), one),
        stop_price=(g("Mul", today, kept), one),
        p_stop=(_chance(g, fitted.shape, g("Div", g("Log", kept), unit)), one),
        put_strike=(g("Mul", today, strike), one),
        put_cost=(g("Mul", "amount", _put(g, strike, unit)[0]), one),
        band=(g("Mul", g("Unsqueeze", today, [2]), path), ("N", HORIZON, 3)),
    )


def _variance(g: Graph, weights: Array) -> str:
    """Of a day: [N, 253] closes -> [N, 1]. Held so that constant prices and the wildest ones stay finite."""
    logs = g("Log", "prices")
    later, earlier = g("Slice", logs, [1], [WINDOW], [1]), g("Slice", logs, [0], [WINDOW - 1], [1])
    returns = g("Sub", later, earlier)
    return g("Clip", g("MatMul", g("Mul", returns, returns), weights[::-1][:, None].copy()), 1e-10, 1.0)


def _chance(g: Graph, shape: Shape, at: str) -> str:
    """How often one of the closes that followed was at or below `at` volatilities: a line through `KNOTS` points of
    what was seen. Never 0 or 1, as `Shape.fall`."""
    levels = np.linspace(0, 1, KNOTS)
    knots = np.quantile(shape.lowest, levels)
    widths = np.maximum(np.diff(knots), 1e-12)
    passed = g("Max", g("Min", g("Sub", at, knots[None, :-1]), widths[None]), 0.0)
    share = g("MatMul", passed, (np.diff(levels) / widths)[:, None])
    months = len(shape.lowest) / HORIZON
    return g("Div", g("Add", g("Mul", share, months), 1.0), months + 2)


def _put(g: Graph, strike: str, unit: str) -> tuple[str, str]:
    """Black and Scholes without interest: what a put costs, and how likely it is not to be used."""
    half = g("Mul", unit, 0.5)
    distance = g("Neg", g("Div", g("Log", strike), unit))
    unused, above = _normal(g, g("Sub", distance, half)), _normal(g, g("Add", distance, half))
    price = g("Sub", g("Mul", strike, g("Sub", 1.0, unused)), g("Sub", 1.0, above))
    return g("Max", price, 0.0), unused


def _strike(g: Graph, kept: str, unit: str) -> str:
    """Of the put that leaves `kept` in the worst case, its own cost counted. The excess rises ever more slowly with the
    strike, so that Newton's steps come nearer from below."""
    strike = kept
    for _ in range(STEPS):
        cost, unused = _put(g, strike, unit)
        excess = g("Sub", g("Sub", strike, cost), kept)
        step = g("Div", excess, g("Max", unused, 0.01))
        strike = g("Clip", g("Sub", strike, step), 1e-3, HIGHEST)
    return strike


def _normal(g: Graph, x: str) -> str:
    """Its distribution function. Erf is of single precision only."""
    single = g("Cast", g("Mul", x, float(np.sqrt(0.5))), to=onnx.TensorProto.FLOAT)
    return g("Mul", g("Add", g("Cast", g("Erf", single), to=onnx.TensorProto.DOUBLE), 1.0), 0.5)
