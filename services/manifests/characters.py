"""Which characters a text of a manifest, or a stranger's, may have."""

import unicodedata
from typing import Any, Final

_BROKEN: Final = frozenset({"Cc", "Cs"})
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})


def is_storable(text: str) -> bool:
    """Whether a database and a message can hold it: no NUL, control character or half of a pair."""
    return not any(unicodedata.category(c) in _BROKEN and c not in "\n\r\t" for c in text)


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of it."""
    return not all(unicodedata.category(c) in _UNSEEN for c in text)


def cleaned(text: str) -> str:
    """The same without what could not be stored."""
    return text if is_storable(text) else "".join(filter(is_storable, text))


def all_cleaned(value: Any) -> Any:  # Any: JSON
    """Every text in it `cleaned`."""
    match value:
        case str():
            return cleaned(value)
        case dict():
            return {all_cleaned(key): all_cleaned(each) for key, each in value.items()}
        case list():
            return [all_cleaned(each) for each in value]
    return value
