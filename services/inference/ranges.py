"""Numbers within a field's bounds, and the sentences that tell the bounds."""

import math
from decimal import Decimal

from services.errors import N_
from services.inference.errors import InvalidValue, NotANumber, NotWhole, OutOfRange, WrongUnit
from services.inference.fields import INT64_MAX, Bounded, IntegerInput, NumberInput
from services.inference.numerals import Numeral, read_numeral, same_unit

FLOAT32_MAX = 3.4e38

_NUMBER = {
    "min max": N_("A number from {min} to {max} is expected, for example {example}."),
    "min": N_("A number of at least {min} is expected, for example {example}."),
    "above max": N_("A number above {above} and up to {max} is expected, for example {example}."),
    "above": N_("A number above {above} is expected, for example {example}."),
    "max": N_("A number up to {max} is expected, for example {example}."),
    "": N_("A number is expected, for example {example}."),
}
_INTEGER = {
    "min max": N_("A whole number from {min} to {max} is expected, for example {example}."),
    "min": N_("A whole number of at least {min} is expected, for example {example}."),
    "max": N_("A whole number up to {max} is expected, for example {example}."),
    "": N_("A whole number is expected, for example {example}."),
}
_TOO_LARGE = N_("This number is too large. A number like {example} is expected.")
_WRONG_UNIT = N_("A number in {unit} is expected, without “{given}”, for example {example}.")
_NO_UNIT = N_("A number alone is expected, without “{given}”, for example {example}.")


def parse_number(field: Bounded, raw: str) -> float:
    """A finite number within the field's bounds, or NotANumber, WrongUnit, OutOfRange."""
    return within(field, float(_read(field, raw).digits), raw)


def parse_integer(field: IntegerInput, raw: str) -> int:
    number = Decimal(_read(field, raw).digits)
    if number.adjusted() > 20:
        raise refusal(OutOfRange, field, raw, message=_TOO_LARGE if field.max is None else None)
    if number != number.to_integral_value():
        raise refusal(NotWhole, field, raw)
    within(field, int(number), raw)
    return int(number)


def within(field: Bounded, number: float, raw: str = "") -> float:
    """The number itself, where the field allows it and its tensor can hold it."""
    too_large = abs(number) > _capacity(field)
    if not too_large and math.isfinite(number) and field.allows(number):
        return number
    told = field.allows(number) or (too_large and number > 0 and field.max is None)
    raise refusal(OutOfRange, field, raw, message=_TOO_LARGE if told else None)


def refusal(leaf: type[InvalidValue], field: Bounded, raw: str = "", *, message: str | None = None) -> InvalidValue:
    """The leaf with the sentence that tells what the field allows."""
    bounds = {"min": field.min, "above": field.above if field.min is None else None, "max": field.max}
    told = {name: plain(bound) for name, bound in bounds.items() if bound is not None}
    sentences = _INTEGER if isinstance(field, IntegerInput) else _NUMBER
    return leaf(message or sentences[" ".join(told)], **told, example=number_example(field), given=shorten(raw))


def plain(number: float) -> str:
    """The shortest decimal writing: 10, 0.25, 1000000."""
    if isinstance(number, int) or (number.is_integer() and abs(number) < 1e15):
        return str(int(number))
    return f"{number:.12g}"


def number_example(field: Bounded) -> str:
    """A number that fits: the manifest's example or default, else one inside the range."""
    if isinstance(field, NumberInput | IntegerInput):
        for sample in (field.example, field.default):
            if sample is not None:
                return plain(sample)
    low = field.min if field.min is not None else field.above
    if low is not None and field.max is not None:
        middle = (low + field.max) / 2
        return plain(math.floor(middle) if isinstance(field, IntegerInput) or field.max - low >= 2 else middle)
    if low is not None:
        return plain(low + 1)
    return plain(field.max if field.max is not None else 1)


def shorten(raw: str) -> str:
    return raw if len(raw) <= 40 else raw[:39] + "…"


def _capacity(field: Bounded) -> float:
    if isinstance(field, IntegerInput):
        return 2**31 - 1 if field.tensor is not None and field.tensor.dtype == "int32" else INT64_MAX
    return FLOAT32_MAX if field.tensor is None or field.tensor.dtype == "float32" else 1.7e308


def _read(field: Bounded, raw: str) -> Numeral:
    numeral = read_numeral(raw)
    if numeral is None:
        raise refusal(NotANumber, field, raw)
    units = field.unit.all() if field.unit is not None else ()
    if numeral.unit and not same_unit(numeral.unit, units):
        if not any(c.isalpha() for c in numeral.unit) and not same_unit(numeral.unit, ()):
            raise refusal(NotANumber, field, raw)
        params = {"unit": field.unit, "given": shorten(numeral.unit), "example": number_example(field)}
        raise WrongUnit(_WRONG_UNIT if field.unit is not None else _NO_UNIT, **params)
    return numeral
