"""Characters of strangers' texts that PostgreSQL, or UTF-8, has no place for: zero, and halves of pairs."""

import re
from typing import Any, Final

_UNKEPT: Final = re.compile("[\x00\ud800-\udfff]")
_MAYBE: Final = re.compile(r"\\u(?:0000|d[89a-f])").search


def may_have_unkept(json: str) -> bool:
    """`json`: of ASCII. Also where it has characters beyond 16 bits."""
    return _MAYBE(json) is not None


def without_unkept(value: Any) -> Any:  # Any: JSON
    """The same without them."""
    match value:
        case str():
            return _UNKEPT.sub("", value)
        case dict():
            return {without_unkept(key): without_unkept(each) for key, each in value.items()}
        case list() | tuple():
            return [without_unkept(each) for each in value]
    return value
