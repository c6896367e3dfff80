"""Which candidate is sold: walks forward over 2004–2013, year by year, and looks at 2014–2018 once, if asked to.

python models_store/investment-risk/choose.py          # the choice
python models_store/investment-risk/choose.py --test   # the years that nothing was chosen by
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from risk_data import SOLD, Array, Windows
from risk_forecasts import BASE, Forecast, all_forecasts
from risk_scores import BRIER, PINBALL, interval, joint, losses, table

FIRST, TEST, END = 2004, np.datetime64("2014-01-01"), np.datetime64("2019-01-01")
POOLS = {"two indices": SOLD, "and crude oil": (*SOLD, "wti")}
MODEL, BASELINE, POOL = "GARCH and ridge, mean", "GARCH(1,1), as it was", POOLS["and crude oil"]
"""What the walk chose among those that learn and among those that hardly do."""


def walk(learned_from: tuple[str, ...]) -> tuple[dict[str, Array], int]:
    """Losses of each candidate in all folds, and how many are baselines. A fold is a calendar year of windows; it is
    learned from whatever was known before it."""
    found: dict[str, list[Array]] = {}
    for year in range(FIRST, 2014):
        since, until = np.datetime64(f"{year}-01-01"), min(np.datetime64(f"{year + 1}-02-15"), TEST)
        data, said, count = all_forecasts(learned_from, SOLD, since, until)
        here = data.days < np.datetime64(f"{year + 1}-01-01")
        for name, forecast in said.items():
            found.setdefault(name, []).append(losses(forecast, data)[here])
    return {name: np.concatenate(parts) for name, parts in found.items()}, count


def show_choice() -> None:
    for title, pool in POOLS.items():
        scores, count = walk(pool)
        print(f"\n2004–2013, year by year, learned from {title}: {len(scores[BASE])} windows")
        table(scores)
        ranked, names = joint(scores, BASE, "252 days, as it was"), list(scores)
        ranked = {name: value for name, value in ranked.items() if np.isfinite(value)}
        for kind, among in (("baselines", names[1:count]), ("models", names[count:])):
            best = sorted(ranked.keys() & set(among), key=ranked.__getitem__)[:3]
            print(f"  best {kind}: " + "; ".join(f"{name} {ranked[name]:.4f}" for name in best))


def show_test() -> None:
    data, said, count = all_forecasts(POOL, SOLD, TEST, END)
    scores = {name: losses(forecast, data) for name, forecast in said.items()}
    print(f"\n2014–2018, learned until 2013: {len(data.days)} windows, {data.fell.mean():.1%} fell")
    table(scores)
    won = [_compare(name, scores, data) for name in list(scores)[:count]]
    print(f"  the model beats {sum(won)} of {count} baselines for certain: {'it is sold' if all(won) else 'it lost'}")
    _calibration(said[MODEL if all(won) else BASELINE], data)


def _compare(name: str, scores: dict[str, Array], data: Windows) -> bool:
    """Whether the model is better than this baseline by both scores, in 90 % of the draws."""
    (low, high), (low5, high5) = (
        interval(scores[MODEL][:, score] - scores[name][:, score], data.quarters) for score in (BRIER, PINBALL)
    )
    print(f"  model − {name:32} Brier {low:+.4f} to {high:+.4f}   pinball 5 % {low5:+.4f} to {high5:+.4f}")
    return high < 0 and high5 < 0


def _calibration(forecast: Forecast, data: Windows) -> None:
    print("  what is sold: said, happened, windows, quarters")
    edges = (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
    for low, high in pairwise(edges):
        here = (forecast.fall >= low) & (forecast.fall < high)
        if here.any():
            said, came, quarters = forecast.fall[here].mean(), data.fell[here].mean(), np.unique(data.quarters[here])
            print(f"  {low:4.0%}–{high:4.0%} {said:7.1%} {came:7.1%} {here.sum():6} {len(quarters):4}")


if __name__ == "__main__":
    show_test() if "--test" in sys.argv[1:] else show_choice()
