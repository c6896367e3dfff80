"""When two answers are the same to whoever reads them."""

from typing import Any

import pytest

from services.inference.tensors import Result
from services.manifests.manifest import ClassesOutput, NumberOutput, ProbabilityOutput, TextOutput
from services.manifests.outputs import Output
from services.models.uploads.likeness import differences

NUMBER = NumberOutput(type="number", name="y", label={"ru": "Y", "en": "Y"})
ROUNDED = NumberOutput(type="number", name="y", label={"ru": "Y", "en": "Y"}, decimals=1)
SHARE = ProbabilityOutput(type="probability", name="y", label={"ru": "Y", "en": "Y"})
TEXT = TextOutput(type="text", name="y", label={"ru": "Y", "en": "Y"})
CLASSES = ClassesOutput.model_validate(
    {
        "type": "classes",
        "name": "y",
        "label": "Y",
        "classes": [{"value": value, "label": value} for value in ("cat", "dog")],
    }
)


def apart(output: Output, was: Any, now: Any, *, drawn: tuple[bytes, bytes] | None = None) -> float:
    images = [{} if drawn is None else {"y": each} for each in drawn or (b"", b"")]
    before, after = (Result({"y": each}, None, picture) for each, picture in zip((was, now), images, strict=True))
    (difference,) = differences([output], before, after)
    return difference.apart


def cat(share: float) -> dict[str, Any]:
    return {"value": "cat" if share > 0.5 else "dog", "probabilities": {"cat": share, "dog": 1 - share}}


@pytest.mark.parametrize(
    ("output", "was", "now"),
    [
        (NUMBER, 1000.0, 1000.5),
        (NUMBER, 0.0, 0.0),
        (ROUNDED, 7.04, 6.96),
        (SHARE, 0.001, 0.004),
        (TEXT, "ok", "ok"),
        (CLASSES, cat(0.901), cat(0.904)),
    ],
)
def test_what_reads_the_same(output: Output, was: Any, now: Any) -> None:
    assert apart(output, was, now) == 0


@pytest.mark.parametrize(
    ("output", "was", "now", "far"),
    [
        (NUMBER, 10.0, 11.0, 1 / 11),
        (NUMBER, -1.0, 1.0, 2),
        (NUMBER, 0.0, 0.0001, 1),
        (ROUNDED, 7.04, 7.06, 0.02 / 7.06),
        (TEXT, "yes", "no", 2),
        (CLASSES, cat(0.9), cat(0.8), 0.1),
        (CLASSES, cat(0.51), cat(0.49), 2),
        (NUMBER, 10.0, None, 2),
    ],
)
def test_how_far_others_are_apart(output: Output, was: Any, now: Any, far: float) -> None:
    assert apart(output, was, now) == pytest.approx(far)


def test_pictures_differ_where_their_bytes_do() -> None:
    assert apart(TEXT, "ok", "ok", drawn=(b"one", b"other")) == 2
    assert apart(TEXT, "ok", "ok", drawn=(b"one", b"one")) == 0
