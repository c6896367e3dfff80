"""Cells of a CSV that somebody opens in a spreadsheet."""

from typing import Final

FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def calm_cell(text: str) -> str:
    """One that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULAS) else text
