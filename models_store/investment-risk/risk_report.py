"""What the published graph does on years it has not seen, against baselines on the same days."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime as ort
from risk_data import TAUS, Windows, normal_drop, normal_quantiles, pinball
from risk_graph import Array
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

SEED = 1999
SPANS = (21, 63, 252)


def answer(file: Path, data: Windows) -> dict[str, Array]:
    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(
        zip(names, session.run(names, {"prices": data.prices, "amount": np.ones((len(data.prices), 1))}), strict=True)
    )


def report(title: str, file: Path, train: Windows, test: Windows) -> None:
    answers = answer(file, test)
    months = len(np.unique(test.month))
    print(f"\n=== {title}: {len(test.fell)} windows, {months} calendar months, {test.fell.mean():.1%} fell")
    report_drop(answers["p_drawdown"][:, 0], train, test)
    report_quantiles(np.log1p(np.hstack([answers[name] for name in ("q05", "q50", "q95")]) / 100), train, test)
    report_volatility(answers["volatility"][:, 0] / 100, test)
    ratio = np.log(answers["band"] / test.prices[:, -1:, None])
    for day in (5, 10, 21):
        inside = (test.path[:, day - 1] >= ratio[:, day - 1, 0]) & (test.path[:, day - 1] <= ratio[:, day - 1, 2])
        print(f"  day {day:2} of the path is inside the 90 % band in {inside.mean():.1%}")


def report_drop(probability: Array, train: Windows, test: Windows) -> None:
    print("a fall of 5 %:                        AUC    Brier   log loss  mean")
    base = np.full(len(test.fell), train.fell.mean())
    rows = {"base rate of 1999–2010": base}
    rows |= {f"driftless normal, the last {span} days": normal_drop(test, span) for span in SPANS}
    rows["the model"] = probability
    for name, p in rows.items():
        auc = f"{roc_auc_score(test.fell, p):.3f}" if np.ptp(p) else "  –  "
        brier, loss = brier_score_loss(test.fell, p), log_loss(test.fell, np.clip(p, 1e-4, 1 - 1e-4))
        print(f"  {name:36}{auc}  {brier:.4f}  {loss:.4f}   {p.mean():.3f}")
    for name, p in rows.items():
        if name != "the model":
            bootstrap(name, probability, p, test)
    print("  calibration: said, happened, windows, months")
    edges = (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1)
    for low, high in pairwise(edges):
        here = (probability >= low) & (probability < high)
        if here.any():
            counts = f"{here.sum():6}{len(np.unique(test.month[here])):6}"
            print(f"  {low:4.0%}–{high:4.0%}: {probability[here].mean():6.1%} {test.fell[here].mean():6.1%}{counts}")


def bootstrap(name: str, probability: Array, baseline: Array, test: Windows) -> None:
    """Quarters are drawn with repetition: windows of one quarter, and both indices in it, say nearly the same."""
    quarter = test.month // 3
    rows = [np.flatnonzero(quarter == q) for q in np.unique(quarter)]
    rng = np.random.default_rng(SEED)
    differences = []
    for _ in range(500):
        drawn = np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))])
        fell = test.fell[drawn]
        auc = [roc_auc_score(fell, p[drawn]) if np.ptp(p) else 0.5 for p in (probability, baseline)]
        brier = [np.mean((p[drawn] - fell) ** 2) for p in (probability, baseline)]
        differences.append((auc[0] - auc[1], brier[0] - brier[1]))
    (auc_low, brier_low), (auc_high, brier_high) = np.quantile(differences, (0.05, 0.95), axis=0)
    print(
        f"    model − {name}: AUC {auc_low:+.3f} to {auc_high:+.3f}, Brier {brier_low:+.4f} to {brier_high:+.4f} (90 %)"
    )


def report_quantiles(quantiles: Array, train: Windows, test: Windows) -> None:
    print("return over 21 days, pinball loss × 100 and share of returns below:  5 %   50 %   95 %")
    rows = {"quantiles of 1999–2010": np.tile(np.quantile(train.final, TAUS), (len(test.final), 1))}
    rows |= {f"normal, the last {span} days": normal_quantiles(test, span) for span in SPANS}
    rows["the model"] = quantiles
    for name, columns in rows.items():
        losses = "  ".join(f"{loss:.4f}" for loss in pinball(test.final, columns))
        print(f"  {name:36}{losses}    " + "  ".join(f"{(test.final < c).mean():.1%}" for c in columns.T))


def report_volatility(volatility: Array, test: Windows) -> None:
    print("volatility of the next 21 days: RMSE in points, squared error of the logarithm, correlation")
    rows = {f"the last {span} days": test.history(span) for span in SPANS} | {"the model": volatility}
    for name, guess in rows.items():
        rmse = 100 * np.sqrt(np.mean((guess - test.realised) ** 2))
        log_error = np.mean(np.log(guess / test.realised) ** 2)
        print(f"  {name:36}{rmse:.2f}  {log_error:.4f}  {np.corrcoef(guess, test.realised)[0, 1]:.3f}")
