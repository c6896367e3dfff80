"""What people enter, as values of the manifest's types.

A value is ready for JSON: number → float, integer → int, choice → the option's value, boolean → bool, date → ISO text,
text → str, series → list of floats, `{"values": list, "column": "Close", "rows": 500}` of a table or of more numbers
than are taken, `{"values": list, "live": origin}` of an exchange, or `{"source": "sp500"}`, table →
`{"columns": names, "rows": lists of numbers}`, image and audio → `{"file": "<hex of the stored file's uuid>"}`,
images → `{"files": [such hex texts]}`.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

from services.digits import whole_number
from services.errors import N_
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    DateInput,
    FileInput,
    ImageInput,
    ImagesInput,
    Input,
    IntegerInput,
    NumberInput,
    SeriesInput,
    SoundInput,
    TableInput,
    TextInput,
)
from services.manifests.schema import Text
from services.manifests.text_tensor import TextTensor
from services.values import errors
from services.values.errors import InvalidValue
from services.values.numerals import plain_digits
from services.values.ranges import parse_integer, parse_number, refusal, within
from services.values.series import Taken, check_taken, take_series
from services.values.table_values import TableValue, check_table, in_words, take_table

Value: TypeAlias = int | float | str | bool | Taken | TableValue | dict[str, str] | dict[str, list[str]]

_YES = {"да", "д", "ага", "yes", "y", "true", "истина", "1", "+"}
_NO = {"нет", "н", "не", "no", "n", "false", "ложь", "0", "-"}
_WHOLE = re.compile(r"(-?[0-9]+)[.,]0+")  # as pandas writes whole numbers once a column has a gap
_TIME = re.compile(
    r"(?<=\d)(?:T| +)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?$", re.ASCII
)  # as bookkeepers' exports write it
_FILE_ID = re.compile("[0-9a-f]{32}")
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff]")  # what databases and UTF-8 refuse


def parse_text(field: Input, raw: str) -> Value:
    """The value a person meant by typing `raw`; raises a leaf of InvalidValue that says what is allowed."""
    text = _UNWANTED.sub("", raw).strip()
    value: Value
    match field:
        case NumberInput():
            value = parse_number(field, text)
        case IntegerInput():
            value = parse_integer(field, text)
        case ChoiceInput():
            value = _parse_choice(field, text)
        case BooleanInput():
            value = _parse_boolean(text)
        case DateInput():
            value = _parse_date(field, text)
        case TextInput():
            value = _parse_words(field, text)
        case SeriesInput():
            source = _find(text, [(source.value, source.label) for source in field.sources])
            value = take_series(field, text) if source is None else {"source": source}
        case TableInput():
            value = _table(field, take_table, text)
        case ImageInput() | ImagesInput() | SoundInput():
            raise errors.SoundExpected() if isinstance(field, SoundInput) else errors.NotAText()
    return value


def is_sample(value: Value) -> bool:
    """Of the numbers that come with the model."""
    return isinstance(value, dict) and "source" in value


def parse_many(fields: Sequence[Input], raw: str) -> list[Value]:
    """All values of a long form at once, one for each field.

    Separators are lines, semicolons, tabs, commas or spaces, whichever give as many values as there are fields: so a
    comma can be a decimal one where something else separates. Raises WrongCount, or InvalidMember for a bad value.
    """
    text = _UNWANTED.sub("", raw).strip()
    splits = [[text]] if len(fields) == 1 else list(_splits(text))
    fitting = [parts for parts in splits if len(parts) == len(fields)]
    if not fitting:
        raise errors.WrongCount(expected=len(fields), given=len(splits[0]))
    problems = []
    for parts in fitting:
        try:
            return _parse_each(fields, parts)
        except errors.InvalidMember as problem:
            problems.append(problem)
    raise problems[0]


def check_value(field: Input, value: Any) -> Value:  # Any: it comes from a JSON column, perhaps of last year
    """A stored value against today's manifest: the same value, or a leaf of InvalidValue."""
    if isinstance(field, NumberInput | IntegerInput):
        return _checked_number(field, value)
    if isinstance(field, TableInput) and isinstance(value, dict):
        return _table(field, check_table, value)
    if isinstance(field, FileInput):
        return _checked_files(field, value)
    checked: Value | None = None
    match field, value:
        case (BooleanInput(), bool()):
            checked = value
        case (ChoiceInput(), str()) if any(option.value == value for option in field.options):
            checked = value
        case (DateInput() | TextInput(), str()):
            checked = parse_text(field, value)
        case (SeriesInput(), {"source": str(name)}) if any(source.value == name for source in field.sources):
            checked = {"source": name}
        case (SeriesInput(), list() | {"values": list()}):
            checked = check_taken(field, value)
    if checked is None:
        raise InvalidValue()
    return checked


def _checked_files(field: FileInput, value: Any) -> Value:  # Any: as above
    match field, value:
        case (ImageInput() | SoundInput(), {"file": file}) if _is_file_id(file):
            return {"file": file}
        case (ImagesInput(), {"files": [*files]}) if all(map(_is_file_id, files)):
            check_count(field, len(files))
            return {"files": files}
    raise InvalidValue()


def _is_file_id(told: Any) -> bool:  # Any: as above
    return isinstance(told, str) and _FILE_ID.fullmatch(told) is not None


def check_count(field: ImagesInput, count: int) -> None:
    """Raises TooFewPictures, TooManyPictures."""
    if count < field.min_count:
        raise errors.TooFewPictures(min=field.min_count, count=count)
    if count > field.max_count:
        raise errors.TooManyPictures(max=field.max_count)


def _checked_number(field: NumberInput | IntegerInput, value: Any) -> float:  # Any: as above
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and (isinstance(field, IntegerInput) or not isinstance(value, float)):
        raise refusal(errors.NotANumber, field)
    number = within(field, value)
    return value if isinstance(field, IntegerInput) else float(number)


def default_value(field: Input) -> Value | None:
    """What the *Default* button takes, or None where the manifest gives none."""
    return None if isinstance(field, FileInput | TableInput) else _as_value(field, field.default)


def example_value(field: Input) -> Value | None:
    """The manifest's example as a value; None where the example is a file of the folder."""
    return None if isinstance(field, FileInput | TableInput) else _as_value(field, field.example)


def _as_value(field: Input, sample: float | str | bool | dt.date | tuple[float, ...] | None) -> Value | None:
    if isinstance(field, SeriesInput) and isinstance(sample, str):
        return {"source": sample}
    if isinstance(sample, dt.date):
        return sample.isoformat()
    if isinstance(field, NumberInput) and sample is not None:
        return float(sample)  # type: ignore[arg-type]  # a number's default and example are numbers
    return list(sample) if isinstance(sample, tuple) else sample


def _table(
    field: TableInput, read: Callable[[TableInput, Any], TableValue], told: Any
) -> TableValue:  # Any: a text, JSON
    try:
        return read(field, told)
    except InvalidValue as problem:
        raise in_words(field, problem) from None


def _fold(text: str) -> str:
    return " ".join(text.casefold().replace("ё", "е").split())


def _find(text: str, choices: Sequence[tuple[str, Text]]) -> str | None:
    """The choice named by its value, by its label in any language, or by its place in the list (from 1)."""
    wanted = _fold(text)
    for value, _ in choices:
        if text == value:
            return value
    for value, label in choices:
        if wanted == _fold(value) or any(wanted == _fold(name) for name in label.all()):
            return value
    place = whole_number(wanted.rstrip(".)"), most=len(choices))
    return choices[place - 1][0] if place else None


def _parse_choice(field: ChoiceInput, text: str) -> str:
    choices = [(option.value, option.label) for option in field.options]
    found = _find(text, choices) or _find(_without_zeros(text), choices)
    if found is None:
        raise no_option(field, text)
    return found


def _without_zeros(text: str) -> str:
    """3 for 3.0; anything else as it is."""
    whole = _WHOLE.fullmatch(plain_digits(text))
    return whole[1] if whole else text


def no_option(field: ChoiceInput, text: str) -> errors.NotAnOption:
    """The error that names the first options."""
    labels = [option.label for option in field.options[:10]]
    more = ["…"] if len(field.options) > len(labels) else []
    languages = sorted({language for label in labels for language in label.root} | {"en"})
    options = {language: ", ".join([label.pick(language) for label in labels] + more) for language in languages}
    return errors.NotAnOption(options=Text.model_validate(options), given=text[:40])


def _parse_boolean(text: str) -> bool:
    word = _without_zeros(plain_digits(_fold(text)).rstrip(".!"))
    if word in _YES or word in _NO:
        return word in _YES
    raise errors.NotYesNo(given=text[:40])


_DATE_MESSAGES = {
    (True, True): N_("A date from {min} to {max} is expected, for example {example}."),
    (True, False): N_("A date from {min} on is expected, for example {example}."),
    (False, True): N_("A date up to {max} is expected, for example {example}."),
    (False, False): N_("A date is expected, for example {example}."),
}


def _parse_date(field: DateInput, text: str) -> str:
    """ISO or day, month, year, separated by points, slashes or hyphens. A time of day behind it says nothing."""
    digits = _TIME.sub("", plain_digits(text))
    day: dt.date | None = None
    if found := re.fullmatch(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})", digits, re.ASCII):
        day = _date(*map(int, found.groups()))
    elif found := re.fullmatch(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})\s*(?:г\.?)?", digits, re.ASCII):
        day = _date(*map(int, reversed(found.groups())))
    if day is not None and field.allows(day):
        return day.isoformat()
    first, last = field.span
    example = field.example or field.default or last or first or dt.date(2026, 11, 21)
    bounds = {key: bound.isoformat() for key, bound in (("min", first), ("max", last)) if bound is not None}
    leaf = errors.NotADate if day is None else errors.OutOfRange
    message = _DATE_MESSAGES[first is not None, last is not None]
    raise leaf(message, **bounds, example=example.isoformat(), given=text[:40])


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _parse_words(field: TextInput, text: str) -> str:
    if len(text) > field.max_length:
        raise errors.TextTooLong(max=field.max_length, count=len(text))
    if len(text) < field.min_length:
        raise errors.TextTooShort(min=field.min_length, count=len(text))
    if field.tensor is not None and field.tensor.alphabet:
        numbers_of_characters(field.tensor, text)
    return text


def numbers_of_characters(spec: TextTensor, text: str) -> list[int]:
    """Their places in the model's table. Raises UnknownCharacter where the table has no place for one."""
    places = _places(spec.alphabet)
    numbers = [places.get(character, spec.unknown) for character in text]
    if None in numbers:
        raise errors.UnknownCharacter(given=text[numbers.index(None)])
    return [number for number in numbers if number is not None]


@lru_cache(maxsize=32)
def _places(alphabet: tuple[str, ...]) -> dict[str, int]:
    return {character: place for place, character in enumerate(alphabet)}


def _splits(text: str) -> Iterator[list[str]]:
    """Ways to read several values, the most explicit separator first."""
    for separator in (r"[;\n]", r"[\n\t;]", r"[\n\t;]|,\s", r"[\n\t;\s]+|,\s+", r"[\n\t;,]", r"[\s;,]+"):
        parts = [part.strip() for part in re.split(separator, text)]
        while parts and not parts[-1]:
            parts.pop()
        if len(parts) > 1 or separator.endswith(",]+"):
            yield parts


def _parse_each(fields: Sequence[Input], parts: Sequence[str]) -> list[Value]:
    values: list[Value] = []
    for position, (field, part) in enumerate(zip(fields, parts, strict=True), start=1):
        try:
            values.append(parse_text(field, part))
        except InvalidValue as problem:
            raise errors.InvalidMember(position=position, label=field.label, problem=problem) from None
    return values
