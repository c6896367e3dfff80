"""Values as the JSON Schema of a model's questions has them: a series is an array or the name of a source, a picture or
a sound the id of an upload or a data URL."""

import base64
import binascii
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from services.manifests.inputs import (
    ChoiceInput,
    DateInput,
    FileInput,
    ImagesInput,
    Input,
    IntegerInput,
    SeriesInput,
    TableInput,
)
from services.values import errors
from services.values.errors import InvalidValue
from services.values.parse import Value, check_count, check_value, no_option, parse_text

MAX_INLINE: Final = 1_000_000  # bytes of a data URL
_PICTURE: Final = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.ASCII)
_SOUND: Final = re.compile(r"data:audio/[a-z0-9.+-]+(?:;[a-z]+=[a-z0-9.,_-]+)?;base64,", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPaper:
    """`accept`: the last day of prices that are used although they jumped or are stale."""

    symbol: str
    provider: str | None = None
    accept: str | None = None


def paper_in(field: Input, told: Any) -> NamedPaper | None:  # Any: JSON
    """None where no paper is named."""
    match told:
        case {"symbol": str(symbol), **rest} if isinstance(field, SeriesInput) and field.live:
            provider, accept = rest.pop("provider", None), rest.pop("accept", None)
            if rest or not isinstance(provider, str | None) or not isinstance(accept, str | None):
                raise InvalidValue()
            return NamedPaper(symbol=symbol, provider=provider, accept=accept)
    return None


def from_json(field: Input, told: Any) -> Value:  # Any: JSON
    """Raises a leaf of `InvalidValue`."""
    if isinstance(field, TableInput):
        told = _table(field, told)
    if isinstance(field, FileInput):
        return check_value(field, _files(field, told))
    match field, told:
        case IntegerInput(), float() if told.is_integer():
            return check_value(field, int(told))
        case ChoiceInput(), str() if all(option.value != told for option in field.options):
            raise no_option(field, told)
        case DateInput(), str() if not _is_iso(told):
            return parse_text(field, "")  # raises what tells the form
        case SeriesInput(), str():
            return check_value(field, {"source": told})
        case SeriesInput(), list() if len(told) > field.max_length:
            raise errors.TooManyValues(max=field.max_length)
        case SeriesInput(), list():
            return check_value(field, told)
        case SeriesInput(), _:
            raise InvalidValue()
    return check_value(field, told)


def _files(field: FileInput, told: Any) -> dict[str, Any]:  # Any: JSON
    """Raises a leaf of `InvalidValue`."""
    if not isinstance(field, ImagesInput):
        return {"file": _id_in(told).hex}
    if not isinstance(told, list):
        raise InvalidValue()
    check_count(field, len(told))
    return {"files": [_id_in(each).hex for each in told]}


def _id_in(told: Any) -> UUID:  # Any: JSON
    """Raises InvalidValue for what is no text, `PictureNotKept` for what is no id."""
    if not isinstance(told, str):
        raise InvalidValue()
    return file_id_of(told)


def _table(field: TableInput, told: Any) -> dict[str, Any]:  # Any: JSON
    """Each line an object of columns. Raises a leaf of `InvalidValue`."""
    if not isinstance(told, list):
        raise InvalidValue()
    if len(told) > field.max_rows:
        raise errors.TooManyLines(max=field.max_rows, count=len(told))
    names = [column.name for column in field.columns]
    for line in told:
        if not isinstance(line, dict) or line.keys() - set(names):
            raise InvalidValue()
        if missing := [column for column in field.columns if column.name not in line]:
            raise errors.MissingColumn(column=missing[0].label)
    return {"columns": names, "rows": [[line[name] for name in names] for line in told]}


def to_json(value: Value) -> Any:  # Any: JSON
    """As `from_json` reads it; of live prices with the last day, what is odd about them, and what was sent."""
    match value:
        case {"file": str(file_id)}:
            return str(UUID(file_id))
        case {"files": [*ids]}:
            return [str(UUID(str(each))) for each in ids]
        case {"source": name}:
            return name
        case {"columns": list() as names, "rows": list() as rows}:
            return [dict(zip(names, row, strict=True)) for row in rows]
        case {"values": numbers}:
            return _numbers_told(numbers, value)
    return value


def _numbers_told(numbers: Any, value: Any) -> Any:  # Any: JSON
    match value:
        case {"live": {"provider": provider, "symbol": symbol, "last": last} as live}:
            doubts = {
                "splits": [{"day": day, "before": one, "after": other} for day, one, other in live.get("splits", ())],
                "jumps": [{"day": day, "change": change} for day, change in live.get("jumps", ())],
                "stale": live.get("stale", False),
            }
            return {"symbol": symbol, "provider": provider, "last": last, **doubts, "values": numbers}
    return numbers


def file_id_of(told: str) -> UUID:
    """Raises `PictureNotKept` for what is no id."""
    if not re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told, re.IGNORECASE):
        raise errors.PictureNotKept()
    return UUID(told)


def picture_in(told: str) -> bytes | None:
    """What a data URL holds; None for what is none. Raises `FileTooLarge`, `NotAnImage`."""
    return _inline(told, _PICTURE, errors.NotAnImage)


def sound_in(told: str) -> bytes | None:
    """The same of a sound. Raises `FileTooLarge`, `UnreadableSound`."""
    return _inline(told, _SOUND, errors.UnreadableSound)


def _inline(told: str, shape: re.Pattern[str], unreadable: type[InvalidValue]) -> bytes | None:
    found = shape.match(told)
    if found is None:
        return None
    if len(told) > MAX_INLINE * 4 // 3 + found.end() + 4:
        raise errors.FileTooLarge(megabytes=MAX_INLINE // 1_000_000)
    try:
        return base64.b64decode(told[found.end() :], validate=True)
    except binascii.Error as error:
        raise unreadable() from error


def _is_iso(text: str) -> bool:
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
