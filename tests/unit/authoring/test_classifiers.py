"""Classifiers of every family of scikit-learn: the class that is sold is the estimator's own, on every row."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.authoring.check import check_folder
from services.authoring.scaffold import draft_manifest
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import ClassesOutput, Manifest, TextOutput, load_manifest

pytest.importorskip("sklearn")
pytest.importorskip("skl2onnx")

ROWS = 200
WORDS = {2: np.array(["malignant", "benign"]), 3: np.array(["setosa", "versicolor", "virginica"])}
NUMBERS = {2: np.array([-1, 1]), 3: np.array([3, 5, 8])}


def _families() -> Iterator[tuple[str, Any]]:  # Any: sklearn ships no types
    from sklearn import (
        calibration,
        discriminant_analysis,
        ensemble,
        linear_model,
        multiclass,
        naive_bayes,
        neighbors,
        neural_network,
        pipeline,
        preprocessing,
        svm,
        tree,
    )

    logistic = linear_model.LogisticRegression(max_iter=500)
    forest = ensemble.RandomForestClassifier(8, random_state=0)
    members = [("l", logistic), ("t", tree.DecisionTreeClassifier(max_depth=4, random_state=0))]
    yield "logistic", logistic
    yield "scaled logistic", pipeline.make_pipeline(preprocessing.StandardScaler(), logistic)
    yield "svc", svm.SVC(random_state=0)
    yield "svc with probabilities", svm.SVC(probability=True, random_state=0)
    yield "nu svc", svm.NuSVC(nu=0.3, random_state=0)
    yield "linear svc", svm.LinearSVC(random_state=0)
    yield "sgd", linear_model.SGDClassifier(random_state=0)
    yield "ridge", linear_model.RidgeClassifier()
    yield "perceptron", linear_model.Perceptron(random_state=0)
    yield "neighbours", neighbors.KNeighborsClassifier(5)
    yield "tree", tree.DecisionTreeClassifier(random_state=0)
    yield "forest", forest
    yield "extra trees", ensemble.ExtraTreesClassifier(8, random_state=0)
    yield "boosting", ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0)
    yield "histogram boosting", ensemble.HistGradientBoostingClassifier(max_iter=8, random_state=0)
    yield "ada boost", ensemble.AdaBoostClassifier(n_estimators=8, random_state=0)
    yield "bagging", ensemble.BaggingClassifier(logistic, n_estimators=4, random_state=0)
    yield "soft voting", ensemble.VotingClassifier(members, voting="soft", flatten_transform=False)
    yield "hard voting", ensemble.VotingClassifier(members, flatten_transform=False)
    yield "stacking", ensemble.StackingClassifier(members, final_estimator=logistic)
    yield "one against the rest", multiclass.OneVsRestClassifier(logistic)
    yield "naive bayes", naive_bayes.GaussianNB()
    yield "network", neural_network.MLPClassifier((8,), max_iter=400, random_state=0)
    yield "linear discriminant", discriminant_analysis.LinearDiscriminantAnalysis()
    yield "quadratic discriminant", discriminant_analysis.QuadraticDiscriminantAnalysis()
    yield "calibrated", calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=3)


FAMILIES = dict(_families())


def _without_zipmap() -> tuple[type, ...]:
    from sklearn import linear_model

    return (linear_model.RidgeClassifier,)


NO_ZIPMAP = _without_zipmap()


def _data(classes: int) -> tuple[Any, Any]:
    """Rows of four columns of different sizes, in overlapping clouds."""
    chance = np.random.default_rng(7)
    which = chance.integers(0, classes, ROWS)
    rows = chance.normal(0, 1, (ROWS, 4)) + which[:, np.newaxis] * np.array([1.5, -1.0, 0.5, 0.0])
    return (rows * np.array([1, 10, 0.1, 100]) + np.array([5, 0, 1, 500])).astype(np.float32), which


def _converted(estimator: Any, rows: Any, *, zipped: bool) -> bytes:
    from skl2onnx import to_onnx

    options = {} if isinstance(estimator, NO_ZIPMAP) else {id(estimator): {"zipmap": zipped}}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = to_onnx(estimator, rows[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
    except Exception as error:  # noqa: BLE001 - the converter has many ways to say that it cannot
        pytest.skip(f"skl2onnx cannot write it: {type(error).__name__}: {str(error)[:60]}")
    data: bytes = model.SerializeToString()
    return data


def _written(folder: Path, data: bytes) -> Manifest:
    (folder / "model.onnx").write_bytes(data)
    draft_manifest(folder / "model.onnx").write(folder)
    return load_manifest(folder)


def _sold(manifest: Manifest, folder: Path, rows: Any) -> list[str]:
    """The class that a customer reads, for each row."""
    runtime = OnnxRuntime(manifest, folder)
    runtime.load()
    given = [_row(manifest, values) for values in rows]
    size = manifest.runtime.max_batch
    with watched(Limit(60)) as limit:
        answers = [
            answer for start in range(0, len(given), size) for answer in runtime.run(given[start : start + size], limit)
        ]
    (shown,) = [each for each in manifest.outputs if isinstance(each, ClassesOutput | TextOutput)]
    sold = []
    for answer in answers:
        assert isinstance(answer, Result), answer
        value: Any = answer.outputs[shown.name]
        sold.append(shown.label_of(value["value"] if isinstance(value, dict) else value, "en"))
    return sold


def _row(manifest: Manifest, values: Any) -> Row:
    return Row(values={field.name: float(value) for field, value in zip(manifest.inputs, values, strict=True)})


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_class_that_is_sold_is_the_estimators_own(tmp_path: Path, family: str, classes: int) -> None:
    from sklearn.base import clone

    rows, which = _data(classes)
    labels, zipped = (WORDS, False) if (len(family) + classes) % 2 else (NUMBERS, classes == 3)
    estimator = clone(FAMILIES[family])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(rows, labels[classes][which])
    folder = tmp_path / "fresh"
    folder.mkdir()
    manifest = _written(folder, _converted(estimator, rows, zipped=zipped))
    expected = [str(label) for label in estimator.predict(rows)]
    readable = {each: each[:1].upper() + each[1:] for each in expected}
    sold = _sold(manifest, folder, rows)
    wrong = [(e, s) for e, s in zip(expected, sold, strict=True) if s not in (e, readable[e])]
    assert wrong == [], f"{len(wrong)} of {len(sold)}"
    assert [line for line in check_folder(folder) if not line.ok] == []
