"""Classifiers of every family of scikit-learn: the class that is sold is the estimator's own, on every row."""

import inspect
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from services.authoring.check import check_folder
from services.authoring.scaffold import draft_manifest
from services.inference.errors import ModelBroken
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import ClassesOutput, Manifest, TextOutput, load_manifest

ROWS = 200
WORDS = {2: np.array(["malignant", "benign"]), 3: np.array(["setosa", "versicolor", "virginica"])}
NUMBERS = {2: np.array([-1, 1]), 3: np.array([3, 5, 8])}


CANNOT_BE_WRITTEN = {
    *("DummyClassifier", "LabelPropagation", "LabelSpreading", "NearestCentroid", "OutputCodeClassifier"),
    *("SelfTrainingClassifier", "FixedThresholdClassifier"),
}
"""skl2onnx has no converter for them."""
TWO_CLASSES_ONLY = {"TunedThresholdClassifierCV"}
WITHOUT_THRESHOLD = {"TunedThresholdClassifierCV"}
"""skl2onnx writes the estimator inside, without its threshold."""
POSITIONS_ONLY = {"OneVsOneClassifier"}
"""skl2onnx writes it rightly for the classes 0, 1, 2 alone."""
REFUSED = {"GaussianProcessClassifier"}
"""skl2onnx writes it with an operator of an extension, and for two classes alone."""
SEVERAL_ANSWERS = {"MultiOutputClassifier", "ClassifierChain"}
"""Not one class, but several at once."""
WITHOUT_ZIPMAP = {"LinearSVC", "RidgeClassifier", "RidgeClassifierCV"}
COUNTING = {"CategoricalNB", "ComplementNB", "MultinomialNB"}
"""Their columns are counts."""
SMALL: dict[str, dict[str, Any]] = {
    "AdaBoostClassifier": {"n_estimators": 8},
    "ExtraTreesClassifier": {"n_estimators": 8},
    "GradientBoostingClassifier": {"n_estimators": 8},
    "LogisticRegression": {"max_iter": 500},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2, "max_iter": 100},
    "RandomForestClassifier": {"n_estimators": 8},
    "HistGradientBoostingClassifier": {"max_iter": 8},
    "MLPClassifier": {"hidden_layer_sizes": (8,), "max_iter": 400},
    "NuSVC": {"nu": 0.3},
    "RadiusNeighborsClassifier": {"radius": 1e6},
    "VotingClassifier": {"flatten_transform": False},
}


def _named(name: str, **more: Any) -> Any:  # Any: sklearn ships no types
    """An estimator by the name of its class, with what it cannot do without."""
    from sklearn import linear_model, tree
    from sklearn.utils import all_estimators

    made = dict(all_estimators("classifier"))[name]
    known = inspect.signature(made).parameters
    logistic = linear_model.LogisticRegression(max_iter=500)
    members = [("l", logistic), ("t", tree.DecisionTreeClassifier(max_depth=4, random_state=0))]
    usual = {"estimator": logistic, "estimators": members}
    needed = {key: value for key, value in usual.items() if key in known and known[key].default is inspect._empty}
    if name == "SelfTrainingClassifier":
        needed["estimator"] = logistic
    given = {**needed, **({"random_state": 0} if "random_state" in known else {}), **SMALL.get(name, {}), **more}
    with warnings.catch_warnings():  # some are on their way out
        warnings.simplefilter("ignore")
        return made(**given)


WRITTEN = {
    "AdaBoostClassifier",
    "BaggingClassifier",
    "BernoulliNB",
    "CalibratedClassifierCV",
    "CategoricalNB",
    "ComplementNB",
    "DecisionTreeClassifier",
    "ExtraTreeClassifier",
    "ExtraTreesClassifier",
    "GaussianNB",
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "KNeighborsClassifier",
    "LinearDiscriminantAnalysis",
    "LinearSVC",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MLPClassifier",
    "MultinomialNB",
    "NuSVC",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "QuadraticDiscriminantAnalysis",
    "RadiusNeighborsClassifier",
    "RandomForestClassifier",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
    "SVC",
    "StackingClassifier",
    "TunedThresholdClassifierCV",
    "VotingClassifier",
}
"""All the others of scikit-learn."""
COMPOSED: dict[str, Callable[[], Any]] = {
    "scaled logistic": lambda: _scaled(_named("LogisticRegression")),
    "svc with probabilities": lambda: _named("SVC", probability=True),
    "bagged logistic": lambda: _named("BaggingClassifier", estimator=_named("LogisticRegression"), n_estimators=4),
    "soft voting": lambda: _named("VotingClassifier", voting="soft"),
    "calibrated": lambda: _named("CalibratedClassifierCV", estimator=_named("LinearSVC"), cv=3),
}
QUICK = {
    "DecisionTreeClassifier",
    "GaussianNB",
    "KNeighborsClassifier",
    "LinearSVC",
    "LogisticRegression",
    "calibrated",
}
"""One of each way in which a graph tells the class; `make test-all` tries them all."""


def _scaled(estimator: Any) -> Any:
    from sklearn import pipeline, preprocessing

    return pipeline.make_pipeline(preprocessing.StandardScaler(), estimator)


def _family(name: str) -> Any:
    return COMPOSED[name]() if name in COMPOSED else _named(name)


def test_no_family_is_forgotten() -> None:
    from sklearn.utils import all_estimators

    known = {name for name, _ in all_estimators("classifier")}
    assert known == WRITTEN | CANNOT_BE_WRITTEN | SEVERAL_ANSWERS | REFUSED


def _data(classes: int) -> tuple[Any, Any]:
    """Rows of four columns of different sizes, in overlapping clouds."""
    chance = np.random.default_rng(7)
    which = chance.integers(0, classes, ROWS)
    rows = chance.normal(0, 1, (ROWS, 4)) + which[:, np.newaxis] * np.array([1.5, -1.0, 0.5, 0.0])
    return (rows * np.array([1, 10, 0.1, 100]) + np.array([5, 0, 1, 500])).astype(np.float32), which


def _rows(name: str, classes: int) -> tuple[Any, Any]:
    rows, which = _data(classes)
    return (np.abs(rows).round() if name in COUNTING else rows), which


def _converted(estimator: Any, rows: Any, *, zipped: bool) -> bytes:
    from skl2onnx import to_onnx

    options = {} if type(estimator).__name__ in WITHOUT_ZIPMAP else {id(estimator): {"zipmap": zipped}}
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setattr(helper, "make_attribute", _with_whole_numbers(helper.make_attribute))
        model = to_onnx(estimator, rows[:1], options=options, target_opset={"": 17, "ai.onnx.ml": 3})
    data: bytes = model.SerializeToString()
    return data


def _with_whole_numbers(make: Any) -> Any:
    """skl2onnx writes booleans for whole numbers, which this onnx refuses."""

    def made(key: str, value: Any, *others: Any, **more: Any) -> Any:
        if isinstance(value, list) and any(isinstance(each, bool) for each in value):
            value = [int(each) for each in value]
        return make(key, value, *others, **more)

    return made


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


CASES = [
    pytest.param(name, classes, marks=[] if name in QUICK else pytest.mark.slow)
    for name in [*sorted(WRITTEN), *COMPOSED]
    for classes in (2, 3)
    if classes == 2 or name not in TWO_CLASSES_ONLY
]


@pytest.mark.parametrize(("family", "classes"), CASES)
def test_the_class_that_is_sold_is_the_estimators_own(tmp_path: Path, family: str, classes: int) -> None:
    rows, which = _rows(family, classes)
    labels, zipped = (WORDS, False) if (len(family) + classes) % 2 else (NUMBERS, classes == 3)
    names = which if family in POSITIONS_ONLY else labels[classes][which]
    estimator = _fitted(_family(family), rows, names)
    folder = tmp_path / "fresh"
    folder.mkdir()
    manifest = _written(folder, _converted(estimator, rows, zipped=zipped))
    written = estimator.estimator_ if family in WITHOUT_THRESHOLD else estimator
    expected = [str(label) for label in written.predict(rows)]
    readable = {each: each[:1].upper() + each[1:] for each in expected}
    sold = _sold(manifest, folder, rows)
    wrong = [(e, s) for e, s in zip(expected, sold, strict=True) if s not in (e, readable[e])]
    assert wrong == [], f"{len(wrong)} of {len(sold)}"
    assert [line for line in check_folder(folder) if not line.ok] == []


def _fitted(estimator: Any, rows: Any, labels: Any) -> Any:
    from sklearn.base import clone

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return clone(estimator).fit(rows, labels)


@pytest.mark.parametrize("name", sorted(CANNOT_BE_WRITTEN))
def test_what_no_converter_writes(name: str) -> None:
    """When one does, it belongs to the families."""
    from skl2onnx.common.exceptions import MissingShapeCalculator

    rows, which = _data(2)
    with pytest.raises(MissingShapeCalculator):
        _converted(_fitted(_named(name), rows, which), rows, zipped=False)


def test_a_gaussian_process_is_refused_by_name(tmp_path: Path) -> None:
    rows, which = _data(2)
    data = _converted(_fitted(_named("GaussianProcessClassifier"), rows, which), rows, zipped=False)
    with pytest.raises(ModelBroken, match=r"com.microsoft:Solve.*Export it with standard ONNX operators"):
        _written(tmp_path, data)
