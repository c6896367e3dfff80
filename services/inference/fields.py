"""The questions a manifest asks: one frozen model for each type of input."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.inference.schema import (
    Array,
    ChoiceTensor,
    DateTensor,
    Day,
    FileName,
    ImageTensor,
    Name,
    Numbers,
    NumberTensor,
    SeriesTensor,
    Table,
    TensorSpec,
    Text,
    TextTensor,
    wrong,
)

MAX_SERIES = 100_000
MAX_TEXT = 4_000
INT64_MAX = 2**63 - 1


class Question(Table):
    name: Name
    label: Text
    help: Text | None = None
    tensor: TensorSpec | None = None


class Bounded(Question):
    unit: Text | None = None
    min: float | None = None
    max: float | None = None
    above: float | None = None
    tensor: NumberTensor | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise wrong(f"min {self.min:g} is over max {self.max:g}", "Swap them", "min")
        if self.above is not None and self.max is not None and self.above >= self.max:
            raise wrong(f"above {self.above:g} leaves nothing under max {self.max:g}", "Lower above", "above")
        return self

    def allows(self, number: float) -> bool:
        return (
            (self.min is None or number >= self.min)
            and (self.max is None or number <= self.max)
            and (self.above is None or number > self.above)
        )

    def bounds(self) -> str:
        """The bounds as an operator writes them."""
        parts = [f"{key} {value:g}" for key in ("min", "above", "max") if (value := getattr(self, key)) is not None]
        return ", ".join(parts)


def _check_samples(field: Bounded, **samples: float | None) -> None:
    for key, value in samples.items():
        if value is not None and not field.allows(value):
            raise wrong(f"{value:g} is outside the range ({field.bounds()})", "Choose a value inside", key)


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

    @model_validator(mode="after")
    def _samples(self) -> Self:
        _check_samples(self, default=self.default, example=self.example)
        return self


class Option(Table):
    value: str = Field(min_length=1, max_length=200)
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
        return (self.min is None or day >= self.min) and (self.max is None or day <= self.max)


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


class Prepare(Table):
    """How a picture becomes numbers, in the order of these keys; the result is `[C, H, W]`."""

    mode: Literal["grayscale", "rgb"] = "rgb"
    invert: Literal["never", "always", "light-background"] = "never"
    crop: Literal["none", "ink", "square"] = "none"
    threshold: float = Field(default=0.2, gt=0, lt=1)
    centre: bool = False
    padding: float = Field(default=0.0, ge=0, le=4)
    size: Annotated[tuple[int, int], Array]
    range: Annotated[tuple[float, float], Array] = (0.0, 1.0)
    mean: Numbers | None = None
    std: Numbers | None = None

    @property
    def channels(self) -> int:
        return 1 if self.mode == "grayscale" else 3

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not all(1 <= side <= 2048 for side in self.size):
            raise wrong("a side is outside 1–2048", "Write [width, height] in points", "size")
        for key in ("mean", "std"):
            if (values := getattr(self, key)) is not None and len(values) != self.channels:
                raise wrong(f"has {len(values)} values", f"One for each of {self.channels} channels is needed", key)
        if self.std is not None and 0 in self.std:
            raise wrong("has a zero", "Nothing can be divided by it", "std")
        return self


class ImageInput(Question):
    type: Literal["image"]
    prepare: Prepare
    example: FileName | None = None
    tensor: ImageTensor | None = None


Input = Annotated[
    NumberInput | IntegerInput | ChoiceInput | BooleanInput | DateInput | TextInput | SeriesInput | ImageInput,
    Field(discriminator="type"),
]
