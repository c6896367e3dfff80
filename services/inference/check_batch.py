"""Whether a model gives rows that are run at once what it gives each alone: the shop collects the rows of several
customers, and one's answer must not be made of another's row."""

import io
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.errors import ShopError
from services.inference.check_line import CheckLine
from services.inference.errors import RunTimeout
from services.inference.runtimes.base import Limit
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest
from services.values.samples import other_rows
from services.values.sounds import is_sound, samples_of

ROWS: Final = 3  # beside the example
NEAR: Final = 1e-3  # of the row's own largest number
NOISE: Final = 1e-5  # of the largest number of any row: what sums in another order come to
_FIX: Final = "Set runtime.max_batch = 1"


RunRows: TypeAlias = Callable[[Sequence[Row], Limit], Sequence[Result | ShopError]]


def batch_line(run: RunRows, manifest: Manifest, row: Row, limit: Limit) -> CheckLine | None:
    """The example `row` and different ones, each alone and then together. None where the manifest says that rows go one
    by one. A row that the model refuses tells nothing, and neither does a model that leaves its answer to chance."""
    if manifest.runtime.max_batch == 1:
        return None
    good = CheckLine(what="batch", ok=True, detail="several rows at once get what each of them gets alone")
    alone = _answered(run, [row, row, *other_rows(manifest, row, ROWS)], limit)
    if len(alone) < 2 or not _same([alone[0][1]], [alone[1][1]]):
        return good
    tried = alone[1 : 1 + manifest.runtime.max_batch]
    try:
        together = run([each for each, _ in tried], limit)
        found = [_told(answer) for answer in together]
    except RunTimeout:  # which mixes nothing
        return good
    except ShopError as error:
        return _mixed(f"several rows at once: {error.params.get('problem', error)}")
    if _same([answer for _, answer in tried], found):
        return good
    return _mixed("several rows at once get other answers than each of them alone")


def _mixed(problem: str) -> CheckLine:
    return CheckLine(what="batch", ok=False, detail=problem, fix=_FIX)


def _told(answer: Result | ShopError) -> Result:
    if isinstance(answer, ShopError):
        raise answer
    return answer


def _answered(run: RunRows, rows: Sequence[Row], limit: Limit) -> list[tuple[Row, Result]]:
    """No more are tried after one that takes too long."""
    answered = []
    for row in rows:
        try:
            answer = run([row], limit)[0]
        except RunTimeout:
            break
        except ShopError:
            continue
        if not isinstance(answer, ShopError):
            answered.append((row, answer))
    return answered


def _same(expected: Sequence[Result], found: Sequence[Result]) -> bool:
    if len(expected) != len(found):
        return False
    most = {name: max(_scale(_numbers(answer.outputs[name])) for answer in expected) for name in expected[0].outputs}
    for one, other in zip(expected, found, strict=True):
        for name, answer in one.outputs.items():
            numbers = _numbers(answer)
            bearable = NEAR * _scale(numbers) + NOISE * most[name]
            if not _near(answer, other.outputs[name], bearable):
                return False
        if one.images.keys() != other.images.keys():
            return False
        if not all(_alike(one.images[name], other.images[name]) for name in one.images):
            return False
    return True


def _near(one: Any, other: Any, bearable: float) -> bool:  # Any: JSON of an answer
    if isinstance(one, dict) and "probabilities" in one:
        shares, others = one["probabilities"], other["probabilities"]
        if shares.keys() != others.keys():
            return len(shares) > len(others) or len(others) > 0  # of very many classes the likeliest alone are kept
        tied = abs(shares[one["value"]] - shares[other["value"]]) <= bearable
        return (one["value"] == other["value"] or tied) and _near([*shares.values()], [*others.values()], bearable)
    if isinstance(one, str) or isinstance(other, str) or one is None:
        return bool(one == other)
    left, right = _numbers(one), _numbers(other)
    return left.shape == right.shape and bool((np.abs(left - right) <= bearable).all())


def _numbers(answer: Any) -> NDArray[np.float64]:  # Any: as above
    return np.array(list(_flat(answer)), np.float64)


def _flat(answer: Any) -> Iterator[float]:  # Any: as above
    """All numbers in it."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        yield from chain.from_iterable(map(_flat, answer))
    elif isinstance(answer, int | float):
        yield answer


def _scale(numbers: NDArray[np.float64]) -> float:
    return float(np.abs(numbers).max()) if numbers.size else 0.0


def _alike(one: bytes, other: bytes) -> bool:
    """Pictures of one size, whose points differ by less than the eye sees; sounds, by less than is heard."""
    if is_sound(one):
        return len(one) == len(other) and bool(np.abs(samples_of(one) - samples_of(other)).max() < NEAR)
    from PIL import Image  # for models that paint

    left, right = (np.asarray(Image.open(io.BytesIO(each)), np.int16) for each in (one, other))
    return left.shape == right.shape and bool(np.abs(left - right).mean() < 1)
