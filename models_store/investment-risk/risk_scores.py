"""How good a forecast was, and how sure that is."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from risk_data import LEVELS, Array, Windows
from risk_forecasts import Forecast

SEED, DRAWS = 1999, 2000
COLUMNS = ("Brier", "log loss", "pinball 5 %", "50 %", "95 %", "below 5 %", "QLIKE")
BRIER, PINBALL, QLIKE = 0, 2, 6


def losses(forecast: Forecast, data: Windows) -> Array:
    """[N, 7] by `COLUMNS`: of each window; pinball × 100; less is better. QLIKE is NaN where no variance is said."""
    fall = np.clip(forecast.fall, 1e-4, 1 - 1e-4)
    fell = data.fell
    pinballs = []
    for level, quantile in zip(LEVELS, forecast.quantiles.T, strict=True):
        miss = data.final - quantile
        pinballs.append(100 * np.where(miss >= 0, level * miss, (level - 1) * miss))
    qlike = np.full(len(fell), np.nan)
    if forecast.variance is not None:
        ratio = np.maximum(data.variance, 1e-10) / forecast.variance
        qlike = ratio - np.log(ratio) - 1
    below = (data.final < forecast.quantiles[:, 0]).astype(float)
    logs = -(fell * np.log(fall) + (1 - fell) * np.log(1 - fall))
    return np.column_stack([(fall - fell) ** 2, logs, *pinballs, below, qlike])


def interval(difference: Array, quarters: npt.NDArray[np.int64]) -> tuple[float, float]:
    """90 %, of a mean of windows: whole quarters are drawn with repetition, for windows of one quarter and both indices
    in it say nearly the same."""
    groups = [difference[quarters == each] for each in np.unique(quarters)]
    sums, counts = np.array([group.sum() for group in groups]), np.array([len(group) for group in groups])
    drawn = np.random.default_rng(SEED).integers(len(groups), size=(DRAWS, len(groups)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.05, 0.95))
    return float(low), float(high)


def table(scores: Mapping[str, Array]) -> None:
    print(f"  {'':36}" + "".join(f"{name:>12}" for name in COLUMNS))
    for name, rows in scores.items():
        print(f"  {name:36}" + "".join(f"{value:12.4f}" for value in rows.mean(axis=0)))


def joint(scores: Mapping[str, Array], base: str, plain: str) -> dict[str, float]:
    """What the choice goes by, one part for each thing that is sold: Brier and pinball at 5 % as parts of those of
    `base`, QLIKE as a part of that of `plain`. Less is better; NaN where no variance is said."""
    by, qlike = scores[base].mean(axis=0), scores[plain][:, QLIKE].mean()
    return {
        name: float(
            rows[:, BRIER].mean() / by[BRIER] + rows[:, PINBALL].mean() / by[PINBALL] + rows[:, QLIKE].mean() / qlike
        )
        for name, rows in scores.items()
    }
