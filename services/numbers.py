"""Numbers that no row of decimals shows: very large, very small, or none at all."""

import math
from typing import Final

HUGE: Final = 1e15  # a float knows no more decimals there
MOST_DIGITS: Final = 20  # of a whole number that is written out, such as the largest of 64 bits
DUST: Final = 1e-10  # twelve decimals show no three figures of less
FIGURES: Final = 6
_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def is_plain(value: float, decimals: int) -> bool:
    """Whether so many decimals show the number. Where they are fewer than twelve, nothing is a fair answer for dust."""
    if isinstance(value, int):
        return abs(value) < 10**MOST_DIGITS
    small = decimals >= 12 and 0 < abs(value) < DUST
    return math.isfinite(value) and abs(value) < HUGE and not small


def in_powers(value: float, point: str) -> str:
    """`1.5·10³⁰`, `5·10⁻²¹`, `10⁶`; of what is not finite `∞`, `-∞` or `?`."""
    if isinstance(value, float) and not math.isfinite(value):
        return "?" if math.isnan(value) else "-∞" if value < 0 else "∞"
    mantissa, exponent = f"{_scaled(value)}".split("e")
    figures = mantissa.rstrip("0").rstrip(".").replace(".", point)
    power = f"10{str(int(exponent)).translate(_RAISED)}"
    return power if figures == "1" else f"-{power}" if figures == "-1" else f"{figures}·{power}"


def _scaled(value: float) -> str:
    """`1.50000e+30`, also of whole numbers that no float holds."""
    if isinstance(value, int):
        digits = str(abs(value))
        rounded = f"{float(f'{digits[0]}.{digits[1:20]}'):.{FIGURES - 1}f}"
        return f"{'-' if value < 0 else ''}{rounded}e{len(digits) - 1}"
    return f"{value:.{FIGURES - 1}e}"
