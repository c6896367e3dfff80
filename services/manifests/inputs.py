"""The questions a manifest asks: one frozen model for each type of input."""

import datetime as dt
import math
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from services.manifests.bindings import NodeBinding
from services.manifests.live import LivePrices
from services.manifests.preparation import Prepare
from services.manifests.schema import (
    LIMITS,
    Array,
    ChoiceTensor,
    DateTensor,
    Day,
    FileName,
    ImagesTensor,
    ImageTensor,
    Name,
    Numbers,
    NumberTensor,
    SeriesTensor,
    Table,
    TensorSpec,
    Text,
    wrong,
)
from services.manifests.sound_tensor import SoundTensor
from services.manifests.text_tensor import TextTensor

MAX_SERIES = 100_000
MAX_TEXT = 4_000
MAX_SECONDS = 300
MAX_SAMPLES = 7_500_000
MAX_TABLE_ROWS = 50_000
MAX_PICTURES = 16  # of one answer
MAX_POINTS = 3 * 2048 * 2048  # channels counted, of all pictures of an answer
MAX_TABLE_COLUMNS = 200
INT64_MAX = 2**63 - 1
FEWEST_TONES = 8  # that a picture of whole numbers may have
EXACT = 2**53  # up to here a float tells every whole number
EPOCH = dt.date(1970, 1, 1)  # the day that dates are counted from


class Question(Table):
    name: Name
    label: Text
    help: Text | None = None
    tensor: TensorSpec | None = None
    node: NodeBinding | None = None


class Bounded(Question):
    unit: Text | None = None
    min: float | None = None
    max: float | None = None
    above: float | None = None
    tensor: NumberTensor | None = None

    @property
    def whole(self) -> bool:
        """Whether fractions are refused: the tensor would lose them."""
        return self.tensor is not None and self.tensor.whole

    @property
    def capacity(self) -> tuple[float, float]:
        """The least and the greatest number that can be handed to the model."""
        least, most = LIMITS["float32"] if self.tensor is None else self.tensor.limits
        return (max(least, -EXACT), min(most, EXACT)) if self.whole else (least, most)

    def narrowed(self, *, told: float) -> tuple[float | None, float | None, float | None]:
        """`min`, `above` and `max`, tightened by what the tensor's type holds where that bound is at most `told`."""
        least, most = (bound if abs(bound) <= told else None for bound in self.capacity)
        low, high = self.min, self.max
        if low is None and self.above is not None and self.whole:
            low = math.floor(self.above) + 1
        if least is not None and all(bound is None or bound < least for bound in (self.min, self.above)):
            low = least
        if most is not None and (high is None or high > most):
            high = most
        return low, self.above if low is None else None, high

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise wrong(f"min {self.min:g} is over max {self.max:g}", "Swap them", "min")
        if self.above is not None and self.max is not None and self.above >= self.max:
            raise wrong(f"above {self.above:g} leaves nothing under max {self.max:g}", "Lower above", "above")
        least, most = self.capacity
        for key, bound, empty in (
            ("min", self.min, self.min is not None and self.min > most),
            ("above", self.above, self.above is not None and self.above >= most),
            ("max", self.max, self.max is not None and self.max < least),
        ):
            if empty:
                raise wrong(f"{bound:g} leaves nothing of {_holding(self)}", "Choose another dtype or bound", key)
        low, above, high = self.narrowed(told=math.inf)
        first = low if low is not None else above
        if self.whole and first is not None and high is not None and math.ceil(first) > math.floor(high):
            raise wrong(f"no whole number lies from {first:g} to {high:g}", "Widen the bounds", "min")
        return self

    def allows(self, number: float) -> bool:
        return (
            (self.min is None or number >= self.min)
            and (self.max is None or number <= self.max)
            and (self.above is None or number > self.above)
        )

    def holds(self, number: float) -> bool:
        """Whether the number arrives in the tensor as it is."""
        least, most = self.capacity
        return least <= number <= most and (not self.whole or number == int(number))

    def bounds(self) -> str:
        """The bounds as an operator writes them."""
        parts = [f"{key} {value:g}" for key in ("min", "above", "max") if (value := getattr(self, key)) is not None]
        return ", ".join(parts)


def _check_samples(field: Bounded, **samples: float | None) -> None:
    for key, value in samples.items():
        if value is not None and not field.allows(value):
            raise wrong(f"{value:g} is outside the range ({field.bounds()})", "Choose a value inside", key)
        if value is not None and not field.holds(value):
            raise wrong(f"{value:g} is none of {_holding(field)}", "Choose a value inside, or another dtype", key)


def _holding(field: Question) -> str:
    """What its tensor's type holds, as an operator reads it."""
    return (field.tensor or TensorSpec(name="x")).holding()


class NumberInput(Bounded):
    type: Literal["number"]
    default: float | None = None
    example: float | None = None
    decimals: int = Field(default=2, ge=0, le=12)

    @model_validator(mode="after")
    def _samples(self) -> Self:
        _check_samples(self, default=self.default, example=self.example)
        return self


class IntegerInput(Bounded):
    type: Literal["integer"]
    min: int | None = Field(default=None, ge=-INT64_MAX, le=INT64_MAX)
    max: int | None = Field(default=None, ge=-INT64_MAX, le=INT64_MAX)
    above: None = None
    default: int | None = None
    example: int | None = None

    @property
    def whole(self) -> bool:
        return True

    @property
    def capacity(self) -> tuple[float, float]:
        least, most = (-INT64_MAX, INT64_MAX) if self.tensor is None else self.tensor.limits
        return max(least, -INT64_MAX), min(most, INT64_MAX)

    @model_validator(mode="after")
    def _samples(self) -> Self:
        _check_samples(self, default=self.default, example=self.example)
        return self


class Option(Table):
    value: str = Field(max_length=200)
    label: Text
    number: float | None = None


class ChoiceInput(Question):
    type: Literal["choice"]
    options: Annotated[tuple[Option, ...], Array] = Field(min_length=1, max_length=1000)
    default: str | None = None
    example: str | None = None
    tensor: ChoiceTensor | None = None

    @model_validator(mode="after")
    def _samples(self) -> Self:
        values = [option.value for option in self.options]
        if len(set(values)) < len(values):
            raise wrong("two options have the same value", "Give each its own", "options")
        for key in ("default", "example"):
            if (sample := getattr(self, key)) is not None and sample not in values:
                raise wrong(f'"{sample}" is not one of the options', f"Use one of: {', '.join(values)}", key)
        if self.tensor is not None and self.tensor.encode == "number":
            for value in values:
                if not self.tensor.holds(number := self.number_of(value)):
                    problem = f'"{value}" is {number:g}, none of {_holding(self)}'
                    raise wrong(problem, "Give it a number inside, or the tensor another dtype", "options")
        return self

    def number_of(self, value: str) -> float:
        """What a tensor gets for an option: its number, or its position."""
        for position, option in enumerate(self.options):
            if option.value == value:
                return float(position) if option.number is None else option.number
        raise KeyError(value)


class BooleanInput(Question):
    type: Literal["boolean"]
    default: bool | None = None
    example: bool | None = None
    tensor: NumberTensor | None = None


class DateInput(Question):
    type: Literal["date"]
    min: Day | None = None
    max: Day | None = None
    default: Day | None = None
    example: Day | None = None
    tensor: DateTensor | None = None

    @model_validator(mode="after")
    def _samples(self) -> Self:
        if self.min and self.max and self.min > self.max:
            raise wrong(f"min {self.min} is after max {self.max}", "Swap them", "min")
        for key in ("default", "example"):
            if (sample := getattr(self, key)) is not None and not self.allows(sample):
                raise wrong(f"{sample} is outside the range", "Choose a day inside", key)
        return self

    def allows(self, day: dt.date) -> bool:
        first, last = self.span
        return (first is None or day >= first) and (last is None or day <= last)

    @property
    def span(self) -> tuple[dt.date | None, dt.date | None]:
        """`min` and `max`, tightened by the days that the tensor's type can count."""
        least, most = (-math.inf, math.inf) if self.tensor is None else self.tensor.limits
        first = EPOCH + dt.timedelta(least) if least > (dt.date.min - EPOCH).days else None
        last = EPOCH + dt.timedelta(most) if most < (dt.date.max - EPOCH).days else None
        return (
            max((day for day in (self.min, first) if day is not None), default=None),
            min((day for day in (self.max, last) if day is not None), default=None),
        )


class TextInput(Question):
    type: Literal["text"]
    min_length: int = Field(default=1, ge=0)
    max_length: int = Field(default=MAX_TEXT, ge=1, le=MAX_TEXT)
    default: str | None = None
    example: str | None = None
    tensor: TextTensor | None = None

    @model_validator(mode="after")
    def _samples(self) -> Self:
        if self.min_length > self.max_length:
            raise wrong(f"min_length {self.min_length} is over max_length {self.max_length}", "Swap them", "min_length")
        for key in ("default", "example"):
            sample = getattr(self, key)
            if sample is not None and not self.min_length <= len(sample) <= self.max_length:
                raise wrong(f"has {len(sample)} characters", f"{self.min_length} to {self.max_length} are allowed", key)
        return self


class Source(Table):
    value: Name
    label: Text
    file: FileName


class SeriesInput(Bounded):
    type: Literal["series"]
    min_length: int = Field(default=1, ge=1, le=MAX_SERIES)
    max_length: int = Field(default=MAX_SERIES, ge=1, le=MAX_SERIES)
    sources: Annotated[tuple[Source, ...], Array] = ()
    live: Annotated[tuple[LivePrices, ...], Array] = ()
    default: str | None = None
    example: str | Numbers | None = None
    tensor: SeriesTensor | None = None

    @model_validator(mode="after")
    def _samples(self) -> Self:
        if self.min_length > self.max_length:
            raise wrong(f"min_length {self.min_length} is over max_length {self.max_length}", "Swap them", "min_length")
        values = [source.value for source in self.sources]
        if len(set(values)) < len(values):
            raise wrong("two sources have the same value", "Give each its own", "sources")
        symbols = [(source.provider, each.value) for source in self.live for each in source.symbols]
        if len(set(symbols)) < len(symbols):
            raise wrong("two files have the same symbol", "Give each paper one of its own", "live")
        for key in ("default", "example"):
            if isinstance(sample := getattr(self, key), str) and sample not in values:
                raise wrong(
                    f'"{sample}" is not one of the sources', f"Use one of: {', '.join(values) or 'none yet'}", key
                )
        if isinstance(self.example, tuple):
            self._check_example(self.example)
        return self

    def _check_example(self, example: tuple[float, ...]) -> None:
        if len(example) < self.min_length:
            raise wrong(f"has {len(example)} values", f"At least {self.min_length} are needed", "example")
        for number in example:
            _check_samples(self, example=number)


class SoundInput(Question):
    """`rate`: samples a second; `length`: so many go in, whatever was sent."""

    type: Literal["audio"]
    rate: int = Field(ge=1_000, le=192_000)
    min_seconds: float = Field(default=0, ge=0)
    max_seconds: float = Field(default=60, gt=0, le=MAX_SECONDS)
    length: int | None = Field(default=None, ge=1, le=MAX_SAMPLES)
    example: FileName | None = None
    tensor: SoundTensor | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.min_seconds > self.max_seconds:
            raise wrong(f"min_seconds {self.min_seconds:g} is over max_seconds {self.max_seconds:g}", "Swap them")
        if self.max_seconds * self.rate > MAX_SAMPLES:
            most = MAX_SAMPLES // self.rate
            raise wrong(f"{self.max_seconds:g} s are too much at that rate", f"At most {most} s fit", "max_seconds")
        if self.length is not None and self.tensor is not None and self.tensor.window is not None:
            raise wrong("goes with no window", "Remove one of the two", "length")
        return self


class TableInput(Question):
    """One answer of several lines, such as a month of prices and volumes. Its columns have the table's tensor."""

    type: Literal["table"]
    columns: Annotated[tuple[NumberInput, ...], Array] = Field(min_length=1, max_length=MAX_TABLE_COLUMNS)
    min_rows: int = Field(default=1, ge=1, le=MAX_TABLE_ROWS)
    max_rows: int = Field(default=1000, ge=1, le=MAX_TABLE_ROWS)
    example: FileName | None = None
    tensor: NumberTensor | None = None

    @model_validator(mode="before")
    @classmethod
    def _columns_of_the_tensor(cls, table: Any) -> Any:  # Any: TOML
        if not isinstance(table, dict) or not isinstance(columns := table.get("columns"), list | tuple):
            return table
        known = {"type": "number", "tensor": table.get("tensor")}
        return {**table, "columns": [known | each if isinstance(each, dict) else each for each in columns]}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names):
            raise wrong("two columns have the same name", "Give each its own", "columns")
        if self.min_rows > self.max_rows:
            raise wrong(f"min_rows {self.min_rows} is over max_rows {self.max_rows}", "Swap them", "min_rows")
        if self.max_rows * len(self.columns) > MAX_SERIES:
            most = MAX_SERIES // len(self.columns)
            raise wrong(f"{self.max_rows} lines are too many", f"At most {most} fit with these columns", "max_rows")
        return self


class Pictorial(Question):
    """Answered with pictures."""

    prepare: Prepare = Prepare(size=("free", "free"))
    tensor: ImageTensor | None = None

    @model_validator(mode="after")
    def _has_sides(self) -> Self:
        if self.tensor is not None and self.tensor.layout == "flat" and self.prepare.free:
            raise wrong("a flat tensor has no free sides", "Write the size in points", "prepare", "size")
        return self

    @model_validator(mode="after")
    def _tells_points_apart(self) -> Self:
        """A whole type rounds: a picture from 0 to 1 would be black."""
        if self.tensor is None:
            return self
        for low, high in self.prepare.spans():
            if not (self.tensor.limits[0] <= low and high <= self.tensor.limits[1]):
                problem = f"a picture from {low:g} to {high:g} leaves {_holding(self)}"
                raise wrong(problem, "Write a range inside, or no mean and std", "prepare", "range")
            if self.tensor.whole and self.tensor.dtype != "bool" and high - low < FEWEST_TONES:
                problem = f"a picture from {low:g} to {high:g} is black as {self.tensor.dtype}, which has no fractions"
                fix = f"Write range = [0, {255 if self.tensor.holds(255) else 127}]"
                raise wrong(problem, fix, "prepare", "range")
        return self


class ImageInput(Pictorial):
    type: Literal["image"]
    example: FileName | None = None


class ImagesInput(Pictorial):
    """Several pictures that go into one tensor, all of one size. One file of its examples for each picture."""

    type: Literal["images"]
    min_count: int = Field(default=2, ge=1, le=MAX_PICTURES)
    max_count: int = Field(default=MAX_PICTURES, ge=1, le=MAX_PICTURES)
    example: Annotated[tuple[FileName, ...], Array] | None = None
    tensor: ImagesTensor | None = None

    @model_validator(mode="after")
    def _counted(self) -> Self:
        low, high = self.min_count, self.max_count
        if low > high:
            raise wrong(f"min_count {low} is over max_count {high}", "Swap them", "min_count")
        if self.example is not None and not low <= len(self.example) <= high:
            raise wrong(f"has {len(self.example)} files", f"{low} to {high} are taken", "example")
        if self.tensor is None:
            return self
        if self.prepare.free:
            raise wrong("pictures of one tensor have one size", "Write the size in points", "prepare", "size")
        if high * (size := math.prod(map(int, self.prepare.size)) * self.prepare.channels) > MAX_POINTS:
            raise wrong(f"{high} pictures of that size are too much", f"At most {MAX_POINTS // size} fit", "max_count")
        return self


Input = Annotated[
    NumberInput
    | IntegerInput
    | ChoiceInput
    | BooleanInput
    | DateInput
    | TextInput
    | SeriesInput
    | ImageInput
    | ImagesInput
    | SoundInput
    | TableInput,
    Field(discriminator="type"),
]

FileInput: TypeAlias = ImageInput | ImagesInput | SoundInput
"""What is answered with files that are kept."""
