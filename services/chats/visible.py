"""Whether a text shows anything: spaces and invisible signs are no message, and no answer."""

import html
import unicodedata
from typing import Final

_BLANK: Final = frozenset(  # letters and marks that have no shape
    chr(code)
    for codes in (
        (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        range(0x180B, 0x1810),
        range(0xFE00, 0xFE10),
        range(0xE0100, 0xE01F0),
    )
    for code in codes
)


def is_visible(text: str) -> bool:
    """Signs written as HTML's entities (`&#8203;`) count as what they show."""
    shown = html.unescape(text) if "&" in text else text
    return any(unicodedata.category(sign)[0] not in "ZC" and sign not in _BLANK for sign in shown)
