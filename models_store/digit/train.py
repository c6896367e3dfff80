"""Rebuilds `model.onnx` and `example.png` from scikit-learn's digits; prints the figures of `card.md`.

The model learns from digits as it will meet them: enlarged, varied, then cut, centred and reduced the way the served
preparation does it. What is measured goes through the served preparation itself.
"""

import io
import sys
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.svm import SVC

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from models_store._training import Graph, publish
from models_store.digit.pictures import Ink, draw, enlarge, on_squares, photograph, vary
from services.manifests.preparation import Prepare
from services.values.images import prepare

FOLDER = Path(__file__).resolve().parent
SEED = 1998
VALIDATE, TEST = 1197, 1437  # rows in order: neighbours look alike, so whole stretches are kept apart
VARIANTS = 10
C, GAMMA = 10.0, 0.1
SHARPNESS = np.geomspace(0.5, 16, 31)
MANIFEST = tomllib.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))
PREPARE = Prepare.model_validate(MANIFEST["inputs"][0]["prepare"])
PAIRS = list(combinations(range(10), 2))

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def cells(ink: Ink) -> Ink:
    """[h, w] -> [64]: what the served preparation makes of a clean picture, without its search for the paper."""
    strength = np.clip(ink / np.partition(ink.ravel(), -12)[-12:].mean(), 0, 1)
    rows, columns = (np.flatnonzero((strength > PREPARE.threshold).any(axis=axis)) for axis in (1, 0))
    cut = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(cut.shape)
    corner = []
    for axis, length in enumerate(cut.shape):
        mass = cut.sum(axis=1 - axis)
        centre = float(mass @ (np.arange(length) + 0.5) / mass.sum())
        corner.append(min(max(round(side / 2 - centre), 0), side - length))
    sheet = np.zeros((side, side), np.float32)
    sheet[corner[0] : corner[0] + cut.shape[0], corner[1] : corner[1] + cut.shape[1]] = cut
    small = Image.fromarray(np.rint(sheet * 255).astype(np.uint8)).resize((8, 8), Image.Resampling.BOX)
    return np.asarray(small, np.float32).ravel() / 255


def learnable(raw: Array, labels: Labels, rng: np.random.Generator) -> tuple[Array, Labels]:
    """Each digit as it stands in the data, as the preparation gives it back, and varied; the darkest cell is 1."""
    rows = []
    for digit in raw:
        ink = enlarge(digit)
        rows += [digit / 16, cells(ink), *(cells(vary(ink, rng)) for _ in range(VARIANTS))]
    table = np.array(rows, np.float64)
    return table / table.max(axis=1, keepdims=True), np.repeat(labels, VARIANTS + 2)


def pair_matrix(svc: SVC) -> Array:
    """[S, 45]: weights of the support vectors in the decision between each two digits (libsvm keeps them folded)."""
    owner = np.repeat(np.arange(10), svc.n_support_)
    matrix = np.zeros((len(owner), len(PAIRS)))
    for column, (first, second) in enumerate(PAIRS):
        matrix[owner == first, column] = svc.dual_coef_[second - 1, owner == first]
        matrix[owner == second, column] = svc.dual_coef_[first, owner == second]
    return matrix


def against() -> tuple[Array, Array]:
    """[45, 10] twice: whom a decision between two digits speaks against when it is positive, and when negative."""
    positive, negative = np.zeros((2, len(PAIRS), 10))
    for row, (first, second) in enumerate(PAIRS):
        positive[row, second] = negative[row, first] = 1
    return positive, negative


def build(svc: SVC, sharpness: float) -> onnx.ModelProto:
    """Probabilities are a softmax of minus everything that the 45 decisions say against a digit."""
    g = Graph(np.float32, image=("N", 1, 8, 8))
    flat = g("Reshape", "image", [-1, 64])
    x = g("Div", flat, g("Max", g("ReduceMax", flat, [1], keepdims=1), 1e-3))
    vectors = svc.support_vectors_
    own = g("ReduceSumSquare", x, [1], keepdims=1)
    cross = g("MatMul", x, -2.0 * vectors.T)
    distance = g("Max", g("Add", g("Add", own, (vectors**2).sum(axis=1)[None]), cross), 0.0)
    kernel = g("Exp", g("Mul", distance, -GAMMA))
    decisions = g("Add", g("MatMul", kernel, pair_matrix(svc)), svc.intercept_[None])
    positive, negative = against()
    said = g("MatMul", g("Relu", decisions), -sharpness * positive)
    opposed = g("MatMul", g("Relu", g("Neg", decisions)), -sharpness * negative)
    return g.model("digit", probabilities=(g("Softmax", g("Add", said, opposed), axis=1), ("N", 10)))


def probabilities(model: onnx.ModelProto, x: npt.ArrayLike) -> Array:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    result = session.run(None, {"image": np.asarray(x, np.float32).reshape(-1, 1, 8, 8)})[0].astype(np.float64)
    return normalised(result)


def normalised(table: Array) -> Array:
    result: Array = table / table.sum(axis=1, keepdims=True)
    return result


def fit(x: Array, y: Labels) -> SVC:
    return SVC(C=C, gamma=GAMMA, decision_function_shape="ovo").fit(x, y)


def choose_sharpness(x: Array, y: Labels) -> float:
    """The temperature of the softmax, by the log loss on the validation rows."""
    border = VALIDATE * (VARIANTS + 2)
    svc = fit(x[:border], y[:border])
    logarithms = np.log(np.maximum(probabilities(build(svc, 1.0), x[border:]), 1e-30))
    losses = [log_loss(y[border:], normalised(np.exp(logarithms * sharpness))) for sharpness in SHARPNESS]
    best = float(SHARPNESS[int(np.argmin(losses))])
    print(f"validation: sharpness {best:.2f}, log loss {min(losses):.4f}")
    return best


def show(title: str, p: Array, y: Labels) -> None:
    right, sure = p.argmax(axis=1) == y, p.max(axis=1) >= 0.6
    loss = log_loss(y, p, labels=range(10))
    tail = f"sure {sure.mean():6.1%}, of these right {right[sure].mean():6.1%}"
    print(f"  {title:44}{right.mean():6.1%}  log loss {loss:.3f}  {tail}  ({right.sum()} of {len(y)})")


def report(model: onnx.ModelProto, raw: Array, labels: Labels) -> None:
    rng = np.random.default_rng(SEED + 1)
    photos = [prepare(photograph(enlarge(digit), rng), PREPARE) for digit in raw[TEST:]]
    served = np.array(photos, np.float64).reshape(-1, 64)
    print(f"test: rows {TEST}–{len(raw) - 1}")
    for baseline in (DummyClassifier(), LogisticRegression(max_iter=2000), SVC(C=C, gamma=GAMMA)):
        name = type(baseline).__name__
        fitted = baseline.fit(raw[:TEST] / 16, labels[:TEST])
        as_is, as_photo = (fitted.score(table, labels[TEST:]) for table in (raw[TEST:] / 16, served))
        print(f"  {name + ' learned from the data as it is':44}{as_is:6.1%}, on photos {as_photo:.1%}")
    show("the data as it is", probabilities(model, raw[TEST:] / 16), labels[TEST:])
    show("photos of it through the preparation", probabilities(model, served), labels[TEST:])
    difference = np.abs(np.array([cells(enlarge(digit)) for digit in raw[TEST:]]) - served).mean()
    print(f"  mean difference of a cell, preparation in training to the served one: {difference:.3f}")
    drawn = np.arange(100) % 10
    for title, pens, lines in (
        ("drawn with a thick pen", (0.09, 0.14), 0.0),
        ("drawn with a thin pen", (0.03, 0.06), 0.0),
        ("drawn with a thick pen on squared paper", (0.09, 0.14), 0.25),
    ):
        heights = rng.integers(30, 140, len(drawn))
        inks = [draw(int(d), rng, height=int(h), pen=rng.uniform(*pens)) for d, h in zip(drawn, heights, strict=True)]
        taken = [prepare(photograph(on_squares(ink, lines), rng), PREPARE) for ink in inks]
        show(title, probabilities(model, taken), drawn)


def write_example(raw: Array) -> None:
    """A digit of the test rows as a photo."""
    photo = photograph(enlarge(raw[TEST + 1], 96), np.random.default_rng(SEED), quality=90)
    stream = io.BytesIO()
    Image.open(io.BytesIO(photo)).quantize(64).save(stream, "PNG", optimize=True)
    (FOLDER / "example.png").write_bytes(stream.getvalue())


def main() -> None:
    data = load_digits()
    raw, labels = data.data, data.target.astype(np.int64)
    x, y = learnable(raw[:TEST], labels[:TEST], np.random.default_rng(SEED))
    print(f"{len(raw)} digits; {TEST} to learn from, {len(x)} rows with the varied ones")
    sharpness = choose_sharpness(x, y)
    svc = fit(x, y)
    model = build(svc, sharpness)
    print(f"{len(svc.support_)} support vectors")
    publish(FOLDER, model)
    write_example(raw)
    report(model, raw, labels)


if __name__ == "__main__":
    main()
