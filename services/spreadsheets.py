"""Texts in a CSV that somebody opens in a spreadsheet."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMERIC: Final = frozenset("0123456789.,;-+eE% \u00a0")


def harmless(text: str) -> str:
    """A spreadsheet runs nothing of it: what begins like a formula, and is no number, gets an apostrophe in front."""
    is_formula = text.lstrip(" \u00a0").startswith(_FORMULA) and not _NUMERIC.issuperset(text)
    return f"'{text}" if is_formula else text
