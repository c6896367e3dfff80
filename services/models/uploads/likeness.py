"""How far two answers to one question are apart."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from db.base import JsonObject
from services.inference.tensors import Result
from services.manifests.manifest import ClassesOutput, Manifest, NumberOutput, Output

ALIKE: Final = 1e-3  # of the number itself: what is less nobody reads
ALIKE_SHARE: Final = 0.005  # of a share from 0 to 1: answers show whole percents
OTHER: Final = 2.0  # farther apart than any two numbers
_CLASSES: Final = frozenset({"value", "probabilities"})


class Difference(NamedTuple):
    """`apart`: 0 for what reads the same; `before`, `after`: the answers of the output of that name."""

    apart: float
    output: str
    before: Any  # Any: JSON of a result
    after: Any

    def dump(self) -> JsonObject:
        return {"output": self.output, "before": _short(self.before), "after": _short(self.after)}


def shared_outputs(old: Manifest, new: Manifest) -> list[Output]:
    """Of the new one: those that the old one had, too."""
    known = {output.name: output.type for output in old.outputs}
    return [output for output in new.outputs if known.get(output.name) == output.type]


def differences(outputs: Sequence[Output], before: Result, after: Result) -> Iterator[Difference]:
    for output in outputs:
        was, now = before.outputs.get(output.name), after.outputs.get(output.name)
        apart = OTHER if before.images.get(output.name) != after.images.get(output.name) else _apart(output, was, now)
        yield Difference(apart, output.name, was, now)


def _apart(output: Output, was: Any, now: Any) -> float:
    if isinstance(output, NumberOutput) and output.decimals is not None and _are_numbers(was, now):
        return 0.0 if round(was, output.decimals) == round(now, output.decimals) else _of_numbers(was, now, 0.0)
    if isinstance(output, ClassesOutput):
        return _of_classes(was, now)
    return _of_values(was, now, ALIKE_SHARE if output.type in {"probability", "boxes", "mask"} else 0.0)


def _of_classes(was: Any, now: Any) -> float:
    """Another class is always farther than another share of the same."""
    match was, now:
        case {"value": one, "probabilities": dict(shares)}, {"value": other, "probabilities": dict(others)}:
            if one != other:
                return OTHER
            change = abs(shares.get(one, 0.0) - others.get(one, 0.0))
            return change if change > ALIKE_SHARE else 0.0
    return 0.0 if was == now else OTHER


def _of_values(was: Any, now: Any, slack: float) -> float:
    match was, now:
        case dict(), dict() if was.keys() == now.keys():
            return max((_of_values(was[key], now[key], slack) for key in was), default=0.0)
        case list(), list() if len(was) == len(now):
            return max((_of_values(one, other, slack) for one, other in zip(was, now, strict=True)), default=0.0)
    if _are_numbers(was, now):
        return _of_numbers(was, now, slack)
    return 0.0 if was == now else OTHER


def _of_numbers(was: float, now: float, slack: float) -> float:
    """As a share of the larger one, at most 2."""
    if math.isclose(was, now, rel_tol=ALIKE, abs_tol=max(slack, 1e-12)):
        return 0.0
    return min(OTHER, abs(was - now) / max(abs(was), abs(now)))


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _short(answer: Any) -> Any:
    """Of a thousand classes the one that is told."""
    if isinstance(answer, Mapping) and answer.keys() >= _CLASSES:
        value = answer["value"]
        return {"value": value, "probabilities": {value: answer["probabilities"].get(value, 0.0)}}
    return answer if isinstance(answer, int | float | str) else None
