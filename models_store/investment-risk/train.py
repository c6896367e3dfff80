"""Rebuilds `model.onnx` and the price files from the daily indices in `arch`; prints the figures of `card.md`."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from arch.data import nasdaq, sp500, wti
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from risk_data import MONTH, TAUS, Closes, Windows, normal_drop, normal_quantiles, pinball, pooled
from risk_graph import FEATURES, Array, Fitted, build
from risk_report import report

from models_store._training import publish

FOLDER = Path(__file__).resolve().parent
SEED = 1999
VALIDATE, TEST = np.datetime64("2011-01-01"), np.datetime64("2014-01-01")
HAR = ("log_vol5", "log_vol21", "log_vol63", "log_vol252")
VOLATILITY_CANDIDATES = {
    "four windows": HAR,
    "four windows, drawdown": (*HAR, "drawdown"),
    "five windows, drawdown, downside": (*FEATURES[:5], "drawdown", "down21", "down63"),
    "everything": FEATURES,
}
DROP_CANDIDATES: dict[str, tuple[str, ...]] = {
    "expected volatility": (),
    "… and drawdown": ("drawdown",),
    "… and momentum": ("momentum21", "momentum63", "momentum252"),
    "… drawdown and downside": ("drawdown", "down21", "down63"),
    "… and everything": FEATURES,
}


def as_weights(fitted: Pipeline, names: tuple[str, ...], leading: int = 0) -> Array:
    """A standardised linear model: an intercept, the leading weights, one weight per feature."""
    scaler, linear = fitted[0], fitted[-1]
    scaled = np.ravel(linear.coef_) / scaler.scale_
    result = np.zeros(1 + leading + len(FEATURES))
    result[0] = np.ravel(linear.intercept_)[0] - scaled @ scaler.mean_
    result[1 : 1 + leading] = scaled[:leading]
    result[[1 + leading + FEATURES.index(name) for name in names]] = scaled[leading:]
    return result


def choose_volatility(train: Windows, validate: Windows) -> Array:
    """Ridge regression of the logarithm; the least squared error on the validation years wins."""
    print("\n2011–2013, volatility: squared error of the logarithm")
    target = np.log(validate.realised)
    for span in (21, 63, 252):
        print(
            f"  {f'the last {span} days as they are':44}{np.mean((target - np.log(validate.history(span))) ** 2):.4f}"
        )
    found = []
    for title, names in VOLATILITY_CANDIDATES.items():
        for alpha in (10.0, 300.0):
            fitted = make_pipeline(StandardScaler(), Ridge(alpha)).fit(train.select(*names), np.log(train.realised))
            error = np.mean((target - fitted.predict(validate.select(*names))) ** 2)
            print(f"  {f'{title}, ridge {alpha:g}':44}{error:.4f}")
            found.append((error, as_weights(fitted, names)))
    return min(found, key=lambda pair: pair[0])[1]


def log_volatility(weights: Array, data: Windows) -> Array:
    result: Array = weights[0] + data.features @ weights[1:]
    return result


def choose_drop(train: Windows, validate: Windows, volatility: Array) -> Array:
    """Logistic regression; the least log loss on the validation years wins. Trees are there to be compared with."""
    print("\n2011–2013, a fall of 5 %: log loss, Brier score, AUC")

    def show(title: str, probability: Array) -> float:
        loss = float(log_loss(validate.fell, probability))
        brier, auc = brier_score_loss(validate.fell, probability), roc_auc_score(validate.fell, probability)
        print(f"  {title:44}{loss:.4f}  {brier:.4f}  {auc:.3f}")
        return loss

    show("base rate of the training years", np.full(len(validate.fell), train.fell.mean()))
    show("driftless normal, the last 21 days", normal_drop(validate, 21))
    found = []
    for title, names in DROP_CANDIDATES.items():
        inputs = [np.column_stack([log_volatility(volatility, d), d.select(*names)]) for d in (train, validate)]
        for c in (0.01, 1.0):
            logistic = LogisticRegression(C=c, max_iter=2000)
            fitted = make_pipeline(StandardScaler(), logistic).fit(inputs[0], train.fell)
            loss = show(f"{title}, C = {c:g}", fitted.predict_proba(inputs[1])[:, 1])
            found.append((loss, as_weights(fitted, names, leading=1)))
    for depth, count in ((2, 30), (2, 80), (3, 50)):
        trees = HistGradientBoostingClassifier(
            max_depth=depth, max_iter=count, learning_rate=0.05, min_samples_leaf=200, random_state=SEED
        ).fit(train.features, train.fell)
        show(f"{count} boosted trees of depth {depth}", trees.predict_proba(validate.features)[:, 1])
    return min(found, key=lambda pair: pair[0])[1]


def choose_quantiles(train: Windows, validate: Windows, volatility: Array) -> Array:
    """Quantiles of the return divided by the expected volatility, as constants; the others are compared with them."""
    print("\n2011–2013, return over 21 days: pinball loss × 100 at 5, 50, 95 %")

    def show(title: str, quantiles: Array) -> None:
        print(f"  {title:44}{'  '.join(f'{loss:.4f}' for loss in pinball(validate.final, quantiles))}")

    unit_train, unit = (np.exp(log_volatility(volatility, d)) * MONTH for d in (train, validate))
    score = train.final / unit_train
    show("quantiles of the training years", np.tile(np.quantile(train.final, TAUS), (len(unit), 1)))
    for span in (21, 63, 252):
        show(f"normal, the last {span} days", normal_quantiles(validate, span))
    for names in (("drawdown",), ("momentum21", "momentum63", "momentum252"), ("down21", "down63")):
        x, x_validate = train.select(*names)[::5], validate.select(*names)  # every fifth day: neighbours say the same
        lines = [make_pipeline(StandardScaler(), QuantileRegressor(quantile=t, alpha=1e-3)) for t in TAUS]
        columns = [line.fit(x, score[::5]).predict(x_validate) * unit for line in lines]
        show("expected volatility × linear in " + names[0].rstrip("0123456789"), np.column_stack(columns))
    trees = [
        HistGradientBoostingRegressor(
            loss="quantile", quantile=t, max_depth=2, max_iter=50, min_samples_leaf=200, random_state=SEED
        ).fit(train.features, train.final)
        for t in TAUS
    ]
    show("50 boosted trees of depth 2", np.column_stack([tree.predict(validate.features) for tree in trees]))
    chosen: Array = np.quantile(score, TAUS)
    show("expected volatility × constants (served)", unit[:, None] * chosen)
    return chosen


def fit(train: Windows, validate: Windows) -> Fitted:
    volatility = choose_volatility(train, validate)
    drop = choose_drop(train, validate, volatility)
    unbounded = np.array([name.startswith("log_vol") for name in FEATURES])  # the graph bounds these by itself
    return Fitted(
        low=np.where(unbounded, -np.inf, train.features.min(axis=0)),
        high=np.where(unbounded, np.inf, train.features.max(axis=0)),
        volatility=volatility,
        smearing=float(np.mean(train.realised / np.exp(log_volatility(volatility, train)))),
        drop=drop,
        quantiles=choose_quantiles(train, validate, volatility),
    )


def write_prices(file: Path, closes: Closes) -> None:
    """The last 600 closes, which the customer can choose and the chart can show."""
    rows = [f"{day},{value:.2f}" for day, value in zip(closes.days[-600:], closes.values[-600:], strict=True)]
    file.write_text("\n".join(["date,close", *rows, ""]), encoding="utf-8")


def closes_of(frame: Any, column: str) -> Closes:  # Any: a DataFrame; pandas comes without types
    prices = frame[column].dropna()
    return Closes(days=prices.index.to_numpy().astype("datetime64[D]"), values=prices.to_numpy(float))


def main() -> None:
    indices = {"sp500": closes_of(sp500.load(), "Close"), "nasdaq": closes_of(nasdaq.load(), "Close")}
    series = list(indices.values())
    train, validate, test = pooled(series, None, VALIDATE), pooled(series, VALIDATE, TEST), pooled(series, TEST, None)
    for title, part in (("train", train), ("validate", validate), ("test", test)):
        print(f"{title:9}{len(part.fell):5} windows, {part.fell.mean():.1%} fell by 5 % within 21 days")
    publish(FOLDER, build(fit(train, validate)))
    for name, closes in indices.items():
        write_prices(FOLDER / f"{name}.csv", closes)
    model = FOLDER / "model.onnx"
    report("2014–2018, both indices", model, train, test)
    oil = closes_of(wti.load(), "DCOILWTICO")
    report("2014–2018, crude oil (never trained on)", model, train, pooled([oil], TEST, np.datetime64("2019-01-01")))


if __name__ == "__main__":
    main()
