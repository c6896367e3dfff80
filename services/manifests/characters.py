"""Which characters a text of a manifest may have."""

import unicodedata
from typing import Final

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
