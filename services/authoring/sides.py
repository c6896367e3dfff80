"""Which sizes a graph with free sides runs with: nothing in the file tells, so they are tried."""

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from services.authoring.notes import REMARKS, Entry, Note, remarked
from services.authoring.pictures import DEFAULT_SIDE
from services.manifests.preparation import Prepare
from services.values.framing import Size, framed
from services.values.samples import SMALL_PHOTO

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
Run: TypeAlias = Callable[[Size], Shapes | None]

MULTIPLES: Final = (1, 2, 4, 8, 14, 16, 32, 64, 128)
FEWEST: Final = 64  # points of the shorter side that is tried
USUAL: Final = (224, 256, 299, 320, 384, 416, 448, 512, 640, 128, 96, 64, 32, 28)
LARGEST: Final = (256, 512, 1024)
QUICK: Final = 2.0  # seconds; a size of four times as many points takes less than the usual limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """`multiple` and `longest` of free sides, or the size that fixed ones get; `why` is for the manifest's reader.
    `seconds`: the longest run."""

    why: str
    multiple: int = 1
    longest: int | None = None
    fixed: int | None = None
    seconds: float = 0.0
    guessed: bool = False

    def note(self, entry: Entry) -> Note:
        sides = f"of {self.fixed} points" if self.fixed is not None else f"multiples of {self.multiple}"
        return Note(
            tensor=entry["tensor"]["name"], what=f"its free sides are {sides}", why=self.why, guessed=self.guessed
        )

    def settle(self, entry: Entry) -> Entry:
        """The picture's entry with what was found, and the remark that says how."""
        prepare = dict(entry["prepare"])
        if self.fixed is not None:
            prepare["size"] = [self.fixed if side == "free" else side for side in prepare["size"]]
        else:
            prepare |= {"multiple": self.multiple} if self.multiple > 1 else {}
            prepare |= {"longest": self.longest} if self.longest is not None else {}
        why = f"guessed: {self.why}" if self.guessed else self.why
        remarks = [remark for remark in (why, entry.get(REMARKS, {}).get("prepare")) if remark]
        return remarked({**entry, "prepare": prepare}, "prepare", "; ".join(remarks))


def is_free(entry: Entry) -> bool:
    return entry["type"] == "image" and "free" in entry["prepare"]["size"]


def sized(entries: Sequence[Entry], size: Size) -> list[Entry]:
    """The entries with free sides set to this width and height; each second one the other way round, since nobody
    sends two photos of one shape."""
    turned = itertools.cycle([size, (size[1], size[0])])
    return [_sized(entry, next(turned)) if is_free(entry) else entry for entry in entries]


def _sized(entry: Entry, size: Size) -> Entry:
    sides = [new if side == "free" else side for side, new in zip(entry["prepare"]["size"], size, strict=True)]
    return {**entry, "prepare": {**entry["prepare"], "size": sides}}


def find_sides(run: Run) -> Sides:
    """`run` tells the shapes of the outputs for a picture of that width and height; None where the graph refuses."""
    multiple, follows = _multiple(run)
    if multiple is None:
        ran = next((side for side in USUAL if run((side, side)) is not None), None)
        why = f"{ran} × {ran} ran, other shapes did not" if ran else "no size that was tried ran; write the right one"
        return Sides(fixed=ran or DEFAULT_SIDE, why=why, guessed=True)
    if not follows:
        side = max(1, round(DEFAULT_SIDE / multiple)) * multiple
        return Sides(fixed=side, why="many sizes run, and the answer is as large for each", guessed=True)
    longest, seconds = _longest(run, multiple)
    tried = f"tried: multiples of {multiple} run" if multiple > 1 else "tried: any size runs"
    return Sides(
        multiple=multiple, longest=longest, seconds=seconds, why=f"{tried}, up to {longest} in {seconds:.1f} s"
    )


def _multiple(run: Run) -> tuple[int | None, bool]:
    """The least whose sizes run and give answers in proportion, else the least whose sizes run; and whether the shape
    of an answer follows the picture's."""
    ran: list[tuple[int, bool]] = []
    for multiple in MULTIPLES:
        wide, tall = _sizes(multiple)
        small = framed(Prepare(size=("free", "free"), multiple=multiple), SMALL_PHOTO).sheet
        one, other = run(wide), run(tall)
        if one is None or other is None or run(small) is None:
            continue
        follows = any(one[name] != other[name] and len(one[name]) > 2 for name in one)
        ran.append((multiple, follows))
        if all(_in_proportion(one[name], wide, other[name], tall) for name in one):
            return multiple, follows
    return ran[0] if ran else (None, False)


def _sizes(multiple: int) -> tuple[Size, Size]:
    """A wide and a tall one, whose sides are odd numbers of times the multiple."""
    short, long = (-(-points // multiple) // 2 * 2 + 1 for points in (FEWEST, FEWEST * 3 // 2))
    long = max(long, short + 2)
    return (long * multiple, short * multiple), (short * multiple, (long + 2) * multiple)


def _in_proportion(one: tuple[int, ...], wide: Size, other: tuple[int, ...], tall: Size) -> bool:
    """Whether each side that differs is the same part, or as many times, of the picture's width or height."""
    return len(one) == len(other) and all(
        a == b or any(Fraction(a, wide[side]) == Fraction(b, tall[side]) for side in (0, 1))
        for a, b in zip(one, other, strict=True)
    )


def _longest(run: Run, multiple: int) -> tuple[int, float]:
    """The largest square that runs in little time, and how long it took."""
    found, seconds = max(_sizes(multiple)[1]), 0.0
    for side in _rounded(multiple, found):
        begun = time.perf_counter()
        if run((side, side)) is None:
            break
        found, seconds = side, time.perf_counter() - begun
        if seconds > QUICK:
            break
    return found, seconds


def _rounded(multiple: int, least: int) -> Iterator[int]:
    yield from (side for side in (points // multiple * multiple for points in LARGEST) if side > least)
