"""What the published file says of years and assets that it has not seen, and whether fear in the markets knows more."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
from arch.data import vix
from choose import END, TEST
from risk_data import LEVELS, SOLD, Array, Windows, pooled
from risk_forecasts import Forecast, Shape
from risk_scores import interval, losses, table


def answers(file: Path, data: Windows) -> dict[str, Array]:
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    given = {"amount": np.ones((len(data.days), 1)), "limit": np.full((len(data.days), 1), 10.0)}
    return dict(zip(names, session.run(names, {"prices": data.prices} | given), strict=True))


def report(file: Path, shape: Shape) -> None:
    for title, names in (("both indices", SOLD), ("crude oil", ("wti",))):
        data = pooled(names, TEST, END)
        told = answers(file, data)
        said = _forecast(told)
        print(f"\nmodel.onnx, {title}, 2014–2018: {len(data.days)} windows, {data.fell.mean():.1%} fell")
        table({"model.onnx": losses(said, data)})
        band = np.log(told["band"] / data.prices[:, -1:, None])
        for day in (5, 10, 21):
            here = data.path[:, day - 1]
            inside = (here >= band[:, day - 1, 0]) & (here <= band[:, day - 1, 2])
            print(f"  close of day {day:2} inside the 90 % band: {inside.mean():.1%}")
        assert said.variance is not None
        assert np.abs(said.fall - shape.forecast(said.variance).fall).max() < 0.01  # the line through the knots
    _fear(file)


def _forecast(told: dict[str, Array]) -> Forecast:
    quantiles = np.log1p(np.hstack([told[name] for name in ("q05", "q50", "q95")]) / 100)
    assert quantiles.shape[1] == len(LEVELS)
    return Forecast(
        fall=told["p_drawdown"][:, 0], quantiles=quantiles, variance=(told["volatility"][:, 0] / 100) ** 2 / 252
    )


def _fear(file: Path) -> None:
    """The VIX begins in 2014 in the package, so nothing could be learned from it before the test years. Looked at
    afterwards: squared errors of the logarithm of the S&P's volatility, by the model and by the VIX."""
    data = pooled(("sp500",), TEST, END)
    frame = vix.load()["vix"].dropna()
    days = frame.index.to_numpy().astype("datetime64[D]")
    known = np.isin(data.days, days)
    fear = np.log(frame.to_numpy(float)[np.searchsorted(days, data.days[known])] / 100)
    said = np.log(answers(file, data)["volatility"][known, 0] / 100)
    came = 0.5 * np.log(data.variance[known] * 252)
    errors = {
        "the model": (said - came) ** 2,
        "the VIX": (fear - came) ** 2,
        "their mean": ((said + fear) / 2 - came) ** 2,
    }
    print(
        "\nlogarithm of the S&P 500's volatility, squared error: "
        + ", ".join(f"{k} {v.mean():.4f}" for k, v in errors.items())
    )
    low, high = interval(errors["their mean"] - errors["the model"], data.quarters[known])
    print(f"  mean of both − the model: {low:+.4f} to {high:+.4f}")
