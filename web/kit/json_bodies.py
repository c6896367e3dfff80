"""JSON of strangers: what readers would understand differently, or not be able to keep, is refused."""

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from services.errors import N_, ShopError

EXACT: Final = 2**53  # so far each whole number is a float of its own
DEEPEST: Final = 32  # lists and objects within one another
_PARTS: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{]|[\]}]', re.DOTALL)
_RARE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # escapes of what cannot be kept, or halves of a pair


class BadJson(ShopError):
    message = N_("The body is not JSON that can be read.")


class DuplicateKey(BadJson):
    message = N_("A field stands twice in the body.")


class TooDeep(BadJson):
    message = N_("The body has too many levels.")


def parse_json(body: bytes) -> Any:  # Any: JSON
    """Raises `BadJson`: also for a field that stands twice, too many levels, numbers that are none, and characters
    that no database keeps."""
    try:
        text = body.decode()
        _require_flat(text)
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_number)
    except (ValueError, RecursionError) as error:
        raise BadJson() from error
    if _RARE.search(text) and not all(map(_can_be_kept, _texts(found))):
        raise BadJson()
    return found


def _require_flat(text: str) -> None:
    """Before anything is built."""
    level = 0
    for found in _PARTS.finditer(text):
        sign = found[0][0]
        level += (sign in "[{") - (sign in "]}")
        if level > DEEPEST:
            raise TooDeep()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON
    found = dict(pairs)
    if len(found) < len(pairs):
        raise DuplicateKey()
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)


def _number(digits: str) -> int | float:
    """`100.0` is 100: JSON has one kind of number, and some programs write it so."""
    if not math.isfinite(number := float(digits)):
        raise ValueError(digits[:32])
    whole = number.is_integer() and abs(number) <= EXACT and Decimal(digits) == number
    return int(number) if whole else number


def _texts(value: Any) -> Iterator[str]:  # Any: JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)


def _can_be_kept(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
