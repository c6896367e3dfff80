"""Rebuilds `model.onnx` and the price files from the daily prices in `arch`. How the model was chosen: `choose.py`."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from choose import POOL, TEST
from risk_data import SOLD, Closes, closes, pooled
from risk_forecasts import Shape
from risk_graph import Fitted, build
from risk_report import report
from risk_volatility import fit_garch, garch, variance

from models_store._training import publish

FOLDER = Path(__file__).resolve().parent


def fit() -> Fitted:
    """On what was known before the test years; it is not learned anew from them."""
    persistence = fit_garch(POOL, TEST)
    print(f"GARCH(1,1): alpha {persistence[0]:.4f}, beta {persistence[1]:.4f}")
    weights, train = garch(*persistence), pooled(POOL, None, TEST)
    shape = Shape.of(train, variance(train, weights))
    return Fitted(weights=weights, shape=shape.rounded())


def write_prices(file: Path, prices: Closes) -> None:
    """The last 600 closes, which the customer can choose and the chart can show."""
    rows = [f"{day},{value:.2f}" for day, value in zip(prices.days[-600:], prices.values[-600:], strict=True)]
    file.write_text("\n".join(["date,close", *rows, ""]), encoding="utf-8")


def main() -> None:
    fitted = fit()
    publish(FOLDER, build(fitted))
    for name in SOLD:
        write_prices(FOLDER / f"{name}.csv", closes(name))
    report(FOLDER / "model.onnx", fitted.shape)


if __name__ == "__main__":
    np.seterr(all="raise", under="ignore")
    main()
