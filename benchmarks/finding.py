"""What a benchmark found."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the results. `ours` and `limit` are figures of the same unit with that unit; `met` is None where a
    figure is told for information only."""

    name: str
    ours: str
    limit: str
    result: str
    target: str
    met: bool | None


def ratio_finding(
    name: str,
    ours: Sequence[float],
    limit: Sequence[float],
    *,
    unit: str,
    target: float,
    counts: bool = True,
    decimals: int = 0,
) -> Finding:
    """`ours` and `limit` were measured in turns; what counts is the median of the rounds' ratios. Without `counts` it
    is told and not judged."""
    ratio = statistics.median(a / b for a, b in zip(ours, limit, strict=True))
    return Finding(
        name=name,
        ours=f"{statistics.median(ours):,.{decimals}f} {unit}",
        limit=f"{statistics.median(limit):,.{decimals}f} {unit}",
        result=f"{ratio:.2f}",
        target=f"≥ {target}" if counts else "—",
        met=ratio >= target if counts else None,
    )


def rounds(*measures: Callable[[], float], count: int = ROUNDS) -> list[list[float]]:
    """Each measure's figures over some rounds, taken in turns so that a busy minute hits all of them."""
    figures = [[measure() for measure in measures] for _ in range(count)]
    return [list(column) for column in zip(*figures, strict=True)]
