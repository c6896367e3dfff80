"""Numbers within a field's bounds, and the sentences that tell the bounds."""

import math
from decimal import Decimal

from services.errors import N_
from services.manifests.inputs import Bounded, IntegerInput, NumberInput
from services.values.errors import InvalidValue, NotANumber, NotWhole, OutOfRange, WrongUnit
from services.values.numerals import Numeral, read_numeral, same_unit

TELLABLE = 1e12  # a wider bound of a type is told as "too large"

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
    digits = _read(field, raw).digits
    return float(_whole(field, digits, raw)) if field.whole else within(field, float(digits), raw)


def parse_integer(field: IntegerInput, raw: str) -> int:
    return _whole(field, _read(field, raw).digits, raw)


def _whole(field: Bounded, digits: str, raw: str) -> int:
    number = Decimal(digits)
    if number.adjusted() > 20:
        raise _outside(field, math.copysign(math.inf, number), raw)
    if number != number.to_integral_value():
        raise refusal(NotWhole, field, raw)
    within(field, int(number), raw)
    return int(number)


def within(field: Bounded, number: float, raw: str = "") -> float:
    """The number itself, where the field allows it and its tensor can hold it."""
    if not (_fits(field, number) and field.allows(number)):
        raise _outside(field, number, raw)
    if not field.holds(number):
        raise refusal(NotWhole, field, raw)
    return number


def refusal(leaf: type[InvalidValue], field: Bounded, raw: str = "", *, message: str | None = None) -> InvalidValue:
    """The leaf with the sentence that tells what the field allows."""
    bounds = zip(("min", "above", "max"), field.narrowed(told=TELLABLE), strict=True)
    told = {name: plain(bound) for name, bound in bounds if bound is not None}
    sentences = _INTEGER if field.whole else _NUMBER
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
    least, most = field.capacity
    return plain(min(max(_amid(field), least), most))


def _amid(field: Bounded) -> float:
    """A number inside the manifest's bounds."""
    low = field.min if field.min is not None else field.above
    if low is not None and field.max is not None:
        middle = (low + min(field.max, field.capacity[1])) / 2
        if not field.whole and field.max - low < 2:
            return middle
        return math.floor(middle) if field.allows(math.floor(middle)) else math.ceil(middle)
    low, high = (math.ceil(low), field.max) if field.whole and low is not None else (low, field.max)
    if low is not None:
        return low + 1
    return 1 if high is None else math.floor(high) if field.whole else high


def shorten(raw: str) -> str:
    return raw if len(raw) <= 40 else raw[:39] + "…"


def _fits(field: Bounded, number: float) -> bool:
    least, most = field.capacity
    return least <= number <= most


def _outside(field: Bounded, number: float, raw: str) -> InvalidValue:
    """The sentence names the bounds that were missed; a bound that nobody counts to is told as too large."""
    low, above, high = field.narrowed(told=TELLABLE)
    missed = high if number > 0 else low if above is None else above
    beyond = not _fits(field, number) and missed is None
    return refusal(OutOfRange, field, raw, message=_TOO_LARGE if beyond else None)


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
