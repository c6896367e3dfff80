"""What a graph gives for many rows."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np

from services.inference.check_batch import NEAR as BEARABLE
from services.inference.check_batch import NOISE
from services.inference.closeness import close
from services.inference.errors import BadInput, BadOutput, RunFailed
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.tensor_feeds import Array, Feeder
from services.inference.runtimes.tensor_results import answers_each
from services.inference.tensors import Row
from services.manifests.manifest import Manifest, SeriesInput
from services.values.errors import InvalidValue
from services.values.samples import example_row

SECONDS: Final = 30.0  # for one run
PATIENCE: Final = 6.0  # seconds for all of many runs
MAX_KEPT_BYTES: Final = 200_000_000  # of what the graph gave: a few large pictures tell as much as many
TOGETHER: Final = 5  # different rows at once: one of each scale
LENGTHS: Final = (7, 12)  # two series: a side that follows theirs is a series too


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """`one`: what the graph gave for the first row, by output; None where it refused, and `refusal` says why. `rows`:
    what it gave for each of many, in arrays of one row. `several`: it takes more than one row at once. `moving`:
    outputs as long as a series that goes in. `example`: a row that it answered; `usual`: the one that the shop
    makes up. `seconds`: the longest run."""

    one: Mapping[str, Any] | None
    rows: Sequence[Mapping[str, Any]]
    several: bool
    moving: frozenset[str]
    seconds: float
    example: Row | None = None
    usual: bool = True
    refusal: str = ""


RunModel: TypeAlias = Callable[[Sequence[str], dict[str, Array], Limit], dict[str, Any]]
"""The outputs of these names for arrays by the input's name. Raises RunTimeout, RunFailed, BadOutput."""


class Bench:
    """A model with a draft of its manifest. `outputs`: all that are looked at; `most` rows are tried at once."""

    def __init__(
        self,
        run: RunModel,
        outputs: Sequence[str],
        draft: Manifest,
        feeder: Feeder,
        folder: Path,
        *,
        most: int = TOGETHER,
    ) -> None:
        self.draft, self._most = draft, most
        self._run, self._feeder, self._folder = run, feeder, folder
        self._names = list(outputs)
        self._slowest = 0.0
        self._refusal = ""

    def run(self, rows: Sequence[Row]) -> dict[str, Any] | None:
        """The outputs; None where the graph refuses the rows. Raises RunTimeout."""
        begun = time.perf_counter()
        with watched(Limit(SECONDS)) as limit:
            try:
                return self._run(self._names, self._feeder.feeds(rows), limit)
            except (RunFailed, BadInput, BadOutput, InvalidValue) as error:
                self._refusal = str(error.params.get("problem", error))
                return None
            finally:
                self._slowest = max(self._slowest, time.perf_counter() - begun)

    def shapes(self) -> dict[str, tuple[int, ...]] | None:
        """Of the outputs for the example; None where the graph refuses it. Raises RunTimeout."""
        given = self.run([example_row(self.draft, self._folder)])
        return None if given is None else {name: np.shape(v) for name, v in given.items() if not isinstance(v, list)}

    def try_out(self, rows: Sequence[Row]) -> Trial:
        """Run the example, two at once, two lengths, then the rows while there is time. Raises RunTimeout."""
        until = time.monotonic() + PATIENCE
        first = example_row(self.draft, self._folder)
        one, refusal = self.run([first]), self._refusal
        answered = [] if one is None else [(first, one)]
        room = MAX_KEPT_BYTES - _size(one)
        for row in rows:
            if time.monotonic() > until or room <= 0:
                break
            if (given := self.run([row])) is not None:
                answered.append((row, given))
                room -= _size(given)
        finite = (pair for pair in answered if _is_finite(pair[1]))
        example, one = next(finite, answered[0] if answered else (None, None))
        quick = self._most > 1 and self._feeder.several and self._slowest < PATIENCE  # what takes so long is run alone
        several = one is not None and example is not None and quick and self._keeps_apart(answered, example, one)
        return Trial(
            one=one,
            rows=[given for _, given in answered],
            several=several,
            moving=frozenset(self._moving(example)) if example is not None else frozenset(),
            seconds=self._slowest,
            example=example,
            usual=example is first,
            refusal="" if example is not None else refusal,
        )

    def _keeps_apart(
        self, answered: Sequence[tuple[Row, Mapping[str, Any]]], example: Row, one: Mapping[str, Any]
    ) -> bool:
        """Whether two equal rows, and then a few different ones, get at once what each gets alone."""
        two = self.run([example] * 2)
        if two is None or not all(_is_twice(two[name], one[name]) for name in one):
            return False
        rows = [row for row, _ in answered[: 2 * TOGETHER]]
        group = max(self._feeder.groups(rows, self._feeder.frames(rows)), key=len)[: min(self._most, TOGETHER)]
        together = self.run([rows[place] for place in group])
        if together is None:
            return False
        alone = [answered[place][1] for place in group]
        return all(_each_its_own(together[name], [given[name] for given in alone]) for name in one)

    def _moving(self, example: Row) -> Iterator[str]:
        """Outputs whose size follows the length of a series."""
        series = [f for f in self.draft.inputs if isinstance(f, SeriesInput) and f.min_length < f.max_length]
        if not series:
            return
        sizes = []
        for length in LENGTHS:
            values = {**example.values, **{field.name: [0.5] * length for field in series}}
            given = self.run([Row(values=values, files=example.files)])
            if given is None:
                return
            sizes.append({name: np.size(value) for name, value in given.items() if not isinstance(value, list)})
        yield from (name for name, size in sizes[0].items() if size != sizes[1].get(name))


def _is_twice(two: Any, one: Any) -> bool:  # Any: arrays, and lists of maps
    """Whether two equal rows got twice what one row gets."""
    if not (answers_each(two, 2) and isinstance(one, list) == isinstance(two, list)):
        return False
    if isinstance(one, list):
        return len(one) == 1 and close(two, one + one)
    if np.shape(one)[:1] != (1,) or np.shape(two)[1:] != np.shape(one)[1:]:
        return False
    return close(np.asarray(two), np.concatenate([one, one]))


def _is_finite(given: Mapping[str, Any]) -> bool:
    """Whether a customer would get an answer for it."""
    numbers = [value for value in given.values() if isinstance(value, np.ndarray) and value.dtype.kind == "f"]
    return all(bool(np.isfinite(value).all()) for value in numbers)


def _each_its_own(together: Any, alone: Sequence[Any]) -> bool:  # Any: as above
    """Whether each of several rows got what it gets alone."""
    if isinstance(together, list):
        return together == [each for given in alone for each in given] or all(
            _near_maps(found, given[0]) for found, given in zip(together, alone, strict=True)
        )
    if len(together) != len(alone) or len({np.shape(given)[1:] for given in alone}) > 1:
        return False
    if np.asarray(together).dtype.kind not in "fiu":
        return all(bool(np.all(together[at] == given[0])) for at, given in enumerate(alone))
    most = max(float(np.abs(np.nan_to_num(np.asarray(given, np.float64))).max(initial=0)) for given in alone)
    for at, given in enumerate(alone):
        own = np.asarray(given[0], np.float64)
        bearable = BEARABLE * float(np.abs(np.nan_to_num(own)).max(initial=0)) + NOISE * most
        if not np.allclose(np.asarray(together[at], np.float64), own, rtol=0, atol=bearable, equal_nan=True):
            return False
    return True


def _near_maps(found: Mapping[Any, float], given: Mapping[Any, float]) -> bool:  # Any: a label's type
    return found.keys() == given.keys() and all(abs(found[key] - given[key]) <= BEARABLE for key in given)


def _size(given: Mapping[str, Any] | None) -> int:
    return sum(value.nbytes for value in (given or {}).values() if isinstance(value, np.ndarray))
