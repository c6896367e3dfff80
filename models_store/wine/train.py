"""Rebuilds `model.onnx` from scikit-learn's wine data and prints the figures of `card.md`."""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from skl2onnx import to_onnx
from sklearn.datasets import load_wine
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import LeaveOneOut, RepeatedStratifiedKFold, cross_val_predict, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models_store._training import ML_OPSET, OPSET, publish

FOLDER = Path(__file__).resolve().parent
SEED = 1986
Array = npt.NDArray[np.float64]


def pipeline() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=1000))


def report(x: Array, y: Array) -> None:
    """Ten times tenfold cross-validation: the same folds for the model and for the baselines."""
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=SEED)
    candidates = {
        "majority class": (DummyClassifier(strategy="prior"), x),
        "alcohol alone": (pipeline(), x[:, :1]),
        "all 13 measurements": (pipeline(), x),
    }
    print(f"{'':22}{'accuracy':>18}{'log loss':>18}   (mean ± deviation over 100 folds)")
    for name, (candidate, columns) in candidates.items():
        scores = cross_validate(candidate, columns, y, cv=folds, scoring=("accuracy", "neg_log_loss"))
        accuracy, loss = scores["test_accuracy"], -scores["test_neg_log_loss"]
        print(f"{name:22}{accuracy.mean():9.4f} ± {accuracy.std():.4f}{loss.mean():9.4f} ± {loss.std():.4f}")


def report_mistakes(x: Array, y: Array) -> None:
    """One leave-one-out pass: which wines are taken for another cultivar, and how sure the model was."""
    probabilities: Array = cross_val_predict(pipeline(), x, y, cv=LeaveOneOut(), method="predict_proba")
    guess = probabilities.argmax(axis=1)
    sure = probabilities.max(axis=1) >= 0.8
    print(f"leave-one-out: {(guess == y).sum()} of {len(y)} right")
    print(f"  sure (>= 80 %): {sure.sum()} wines, {(guess == y)[sure].sum()} right")
    print(f"  unsure: {(~sure).sum()} wines, {(guess == y)[~sure].sum()} right")
    for row in np.flatnonzero(guess != y):
        print(f"  row {row}: cultivar {y[row]:.0f} taken for {guess[row]} at {probabilities[row].max():.2f}")


def main() -> None:
    data = load_wine()
    x, y = data.data, data.target
    report(x, y)
    report_mistakes(x, y)
    fitted = pipeline().fit(x, y)
    model = to_onnx(
        fitted,
        x[:1].astype(np.float32),
        options={id(fitted): {"zipmap": False}},
        target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        name="wine",
    )
    publish(FOLDER, model)


if __name__ == "__main__":
    main()
