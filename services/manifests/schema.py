"""What the parts of a manifest share: strict frozen tables, texts in languages, tensors, errors that tell the fix."""

import datetime as dt
import math
from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, RootModel, model_validator
from pydantic_core import PydanticCustomError

from services.manifests.characters import is_storable, is_visible


def wrong(problem: str, fix: str, *key: str | int) -> PydanticCustomError:
    """A validation error that tells the fix; `key` is the path below the table that is being validated."""
    return PydanticCustomError("manifest", "{problem}", {"problem": problem, "fix": fix, "key": key})


MOST_NESTED: Final = 16  # tables and lists inside one another
MOST_INTEGER: Final = 2**63 - 1  # either way: more is neither an element's nor a column's
MOST_NAME_BYTES: Final = 255  # of a file, on every file system


def check_values(value: Any) -> None:  # Any: whatever TOML holds
    """Refuse what neither the database nor numpy could take, wherever in a manifest it stands."""
    waiting: list[tuple[Any, tuple[str | int, ...]]] = [(value, ())]
    while waiting:
        item, key = waiting.pop()
        if len(key) > MOST_NESTED:
            raise wrong("is nested too deep", f"At most {MOST_NESTED} levels are allowed", *key[:2])
        if isinstance(item, int) and abs(item) > MOST_INTEGER:
            raise wrong("is too large a number", f"At most {MOST_INTEGER} is allowed", *key)
        if isinstance(item, str) and not is_storable(item):
            raise wrong("has a character that cannot be stored", "Remove control characters such as \\u0000", *key)
        waiting += [(inner, (*key, step)) for step, inner in _parts(item)]


def _parts(value: Any) -> Iterator[tuple[str | int, Any]]:  # Any: as above
    if isinstance(value, dict):
        yield from value.items()
        yield from (("", key) for key in value)
    elif isinstance(value, list):
        yield from enumerate(value)


class Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Text(RootModel[dict[str, str]]):
    """A string, or a string for each language."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _languages(cls, value: Any) -> Any:  # Any: whatever TOML holds
        if isinstance(value, str):
            value = {"en": value}
        if not isinstance(value, dict) or not value or not all(isinstance(v, str) for v in value.values()):
            raise wrong("is not a text", 'Write "…" or { ru = "…", en = "…" }')
        if not all(map(is_visible, value.values())):
            raise wrong("is empty", "Write the text or remove the key")
        if not all(len(k) in {2, 3} and k.isascii() and k.isalpha() and k.islower() for k in value):
            raise wrong("has a key that is not a language", 'Use codes of two letters: { ru = "…", en = "…" }')
        return value

    def pick(self, language: str) -> str:
        """The text in this language, else in English, else in whatever there is."""
        texts = self.root
        base = language.replace("_", "-").split("-")[0].lower()
        return texts.get(base) or texts.get("en") or next(iter(texts.values()))

    def __str__(self) -> str:
        return self.pick("en")

    def all(self) -> tuple[str, ...]:
        return tuple(self.root.values())


def shorter(limit: int) -> AfterValidator:
    """Refuses a text of more characters in any language."""

    def check(text: Text) -> Text:
        if (longest := max(map(len, text.all()))) > limit:
            raise wrong(f"has {longest} characters", f"At most {limit} are allowed")
        return text

    return AfterValidator(check)


def _check_name_at_server(name: str) -> str:
    if not is_visible(name) or any(c in name for c in "\n\r\t") or name != name.strip():
        raise wrong("is not a name in one line", "Write it as the server lists it")
    return name


def _as_tuple(value: Any) -> Any:  # TOML's arrays are lists, ours do not change
    return tuple(value) if isinstance(value, list) else value


def _as_date(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise wrong(f'"{value}" is not a date', 'Write it as "2026-11-21"') from None
    if isinstance(value, dt.datetime):
        return value.date()
    return value


def _check_file_name(name: str) -> str:
    if (size := len(name.encode())) > MOST_NAME_BYTES:
        raise wrong(f"has {size} bytes", f"A file's name has at most {MOST_NAME_BYTES}")
    return name


Array = BeforeValidator(_as_tuple)
Day = Annotated[dt.date, BeforeValidator(_as_date)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
FileName = Annotated[str, Field(pattern=r"^\w[\w. -]*$", max_length=128), AfterValidator(_check_file_name)]
r"""No path: it is looked up in the model's folder. A repetition of \w with a bound in the pattern takes 12 MB."""
Sha256 = Annotated[str, Field(pattern="^[0-9a-fA-F]{64}$"), AfterValidator(str.lower)]
Package = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)]
PackagedName = Annotated[str, Field(pattern=r"^\w[\w. -]*(/\w[\w. -]*)*$", max_length=255)]
"""A file of the folder, or of an installed package, as that lists it."""
NameAtServer = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_check_name_at_server)]
Figure = bool | int | float
"""As TOML has it: a whole number is not made a float, which knows but 53 bits of it."""
Numbers = Annotated[tuple[float, ...], Array]
NumericDtype = Literal[
    "float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint32", "uint16", "uint8", "bool"
]
Dtype = NumericDtype | Literal["string"]

LIMITS: Final[dict[str, tuple[float, float]]] = {
    "float64": (-1.7e308, 1.7e308),
    "float32": (-3.4e38, 3.4e38),
    "float16": (-65504, 65504),
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32)},
    "bool": (0, 1),
}
"""The least and the greatest number that an element of each type holds."""


class TensorSpec(Table):
    name: str = Field(min_length=1)
    dtype: Dtype = "float32"

    @property
    def limits(self) -> tuple[float, float]:
        return LIMITS.get(self.dtype, (-math.inf, math.inf))

    @property
    def whole(self) -> bool:
        """Whether its elements have no fractions."""
        return self.dtype.startswith(("int", "uint", "bool"))

    def holds(self, number: float) -> bool:
        low, high = self.limits
        return low <= number <= high and (not self.whole or number == int(number))

    def holding(self) -> str:
        """What it holds, as an operator reads it."""
        low, high = (f"{bound:d}" if isinstance(bound, int) else f"{bound:g}" for bound in self.limits)
        return f"the {'whole numbers' if self.whole else 'numbers'} from {low} to {high} that {self.dtype} holds"


class EncodedTensor(TensorSpec):
    @model_validator(mode="before")
    @classmethod
    def _text(cls, table: Any) -> Any:
        if not isinstance(table, dict):
            return table
        as_text = table.get("encode") == "value"
        if as_text and "dtype" not in table:
            return {**table, "dtype": "string"}
        if as_text != (table.get("dtype") == "string"):
            raise wrong('dtype "string" and encode "value" go together', "Set both, or neither", "encode")
        return table


class ChoiceTensor(EncodedTensor):
    encode: Literal["number", "one_hot", "value"] = "number"


class DateTensor(EncodedTensor):
    encode: Literal["days", "value"] = "days"


class NumberTensor(TensorSpec):
    dtype: NumericDtype = "float32"


class SeriesTensor(NumberTensor):
    layout: Literal["row", "column"] = "row"


class ImageTensor(NumberTensor):
    layout: Literal["NCHW", "NHWC", "flat"] = "NCHW"


class ImagesTensor(ImageTensor):
    """`stack`: the pictures are one row, `[N, n, C, H, W]`, or the graph's whole batch, `[n, C, H, W]`."""

    layout: Literal["NCHW", "NHWC"] = "NCHW"
    stack: Literal["row", "batch"] = "row"
