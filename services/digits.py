"""Digits of any script: a full-width １２ or an Arabic-Indic ٣ is a digit wherever a number is typed."""

import re
import unicodedata

MAX_DIGITS = 20
_OTHERS = re.compile(r"(?![0-9])\d")
_MARKS = str.maketrans({"．": ".", "，": ",", "٫": "."})  # the decimal marks that come with them


def ascii_digits(text: str) -> str:
    """The same with ASCII digits and decimal marks. What only looks like a digit, such as ², stays."""
    if text.isascii():
        return text
    return _OTHERS.sub(lambda digit: str(unicodedata.decimal(digit[0])), text.translate(_MARKS))


def whole_number(text: str, *, most: int) -> int | None:
    """From 0 to `most`; None for anything else."""
    digits = ascii_digits(text.strip())
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        return None
    number = int(digits)
    return number if number <= most else None
