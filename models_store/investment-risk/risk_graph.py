"""The graph of `model.onnx`: features of closing prices and the linear models on top of them.

Returns are of logarithms until the outputs; N is the batch, F the number of features.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from models_store._training import Graph

WINDOW, HORIZON, YEAR = 253, 21, 252  # closes that come in, days ahead, trading days
SPANS = (5, 10, 21, 63, 252)
FEATURES = (
    *(f"log_vol{span}" for span in SPANS),
    *("drawdown", "down21", "down63", "momentum21", "momentum63", "momentum252"),
)

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    low: Array  # [F] bounds of the features
    high: Array
    volatility: Array  # [1 + F] intercept and weights: logarithm of the volatility
    smearing: float  # mean of realised / exp(predicted logarithm)
    drop: Array  # [2 + F] intercept, weight of that logarithm, weights
    quantiles: Array  # [3] of return / (volatility * sqrt(horizon)), ascending


def features_of(prices: Array) -> Array:
    """[N, 253] -> [N, F], computed by the very nodes that the served graph has."""
    g = Graph(prices=("N", WINDOW))
    model = g.model("features", features=(_add_features(g), ("N", len(FEATURES))))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    features: Array = session.run(None, {"prices": prices})[0]
    return features


def path_shape(quantiles: Array) -> Array:
    """[21, 3]: the median moves in proportion to time, the distance from it to the root of time."""
    time = np.arange(1, HORIZON + 1)[:, None] / HORIZON
    middle = quantiles[1] * time
    shape: Array = middle + (quantiles - quantiles[1]) * np.sqrt(time)
    return shape


def build(fitted: Fitted) -> onnx.ModelProto:
    g = Graph(prices=("N", WINDOW), amount=("N", 1))
    features = g("Max", g("Min", _add_features(g), fitted.high), fitted.low)

    def linear(weights: Array, intercept: float) -> str:
        return g("Add", g("MatMul", features, weights[:, None]), float(intercept))

    log_volatility = linear(fitted.volatility[1:], fitted.volatility[0])
    level = g("Mul", log_volatility, float(fitted.drop[1]))
    probability = g("Sigmoid", g("Add", level, linear(fitted.drop[2:], fitted.drop[0])))
    volatility = g("Exp", log_volatility)
    month = g("Mul", volatility, float(np.sqrt(HORIZON / YEAR)))
    # A positive number times ascending constants: the quantiles cannot cross.
    returns = g("Sub", g("Exp", g("Mul", month, fitted.quantiles[None])), 1.0)
    percent = g("Mul", returns, 100.0)
    loss = g("Max", g("Neg", g("Slice", returns, [0], [1], [1])), 0.0)
    path = g("Exp", g("Mul", g("Unsqueeze", month, [2]), path_shape(fitted.quantiles)[None]))
    today = g("Unsqueeze", g("Slice", "prices", [WINDOW - 1], [WINDOW], [1]), [2])
    one = ("N", 1)
    return g.model(
        "investment_risk",
        p_drawdown=(probability, one),
        **{name: (g("Slice", percent, [i], [i + 1], [1]), one) for i, name in enumerate(("q05", "q50", "q95"))},
        volatility=(g("Mul", volatility, 100 * fitted.smearing), one),
        value_at_risk=(g("Mul", "amount", loss), one),
        band=(g("Mul", today, path), ("N", HORIZON, 3)),
    )


def _add_features(g: Graph) -> str:
    """[N, 253] closes -> [N, F]. Volatilities are held in 0.1–1000 % a year, so that constant prices stay finite."""

    def part(x: str, start: int, end: int) -> str:
        return g("Slice", x, [start], [end], [1])

    def mean_of_last(x: str, count: int) -> str:
        return g("Mul", g("ReduceMean", part(x, WINDOW - 1 - count, WINDOW - 1), [1], keepdims=1), float(YEAR))

    logs = g("Log", "prices")
    returns = g("Sub", part(logs, 1, WINDOW), part(logs, 0, WINDOW - 1))
    squares, falls = g("Mul", returns, returns), g("Min", returns, 0.0)
    falls = g("Mul", falls, falls)
    variance = {span: g("Clip", mean_of_last(squares, span), 1e-6, 100.0) for span in SPANS}
    columns = [g("Mul", g("Log", variance[span]), 0.5) for span in SPANS]
    today = part(logs, WINDOW - 1, WINDOW)
    columns.append(g("Sub", g("Exp", g("Sub", today, g("ReduceMax", logs, [1], keepdims=1))), 1.0))
    for span in (21, 63):
        share = g("Div", mean_of_last(falls, span), variance[span])
        columns.append(g("Sqrt", g("Clip", share, 0.0, 1.0)))
    for span in (21, 63, 252):
        change = g("Sub", today, part(logs, WINDOW - 1 - span, WINDOW - span))
        columns.append(g("Div", change, g("Mul", g("Sqrt", variance[252]), float(np.sqrt(span / YEAR)))))
    return g("Concat", *columns, axis=1)
