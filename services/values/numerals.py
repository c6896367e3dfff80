"""Numbers as people type them.

Decimal commas and points, spaces (also no-break and thin ones) and apostrophes between thousands, a typographic minus,
a minus behind the number, a unit or a currency sign beside it, an exponent. A lone comma is a decimal comma: `1,234` is
1.234; a comma beside a point separates thousands: `1,234.5` is 1234.5. Any decimal digits of Unicode are read
(Arabic-Indic `٣` is 3, with their own separators `٫` and `٬`), since they are unambiguous; superscripts and
fractions are refused.
"""

import re
from typing import NamedTuple

from services.digits import ascii_digits

MAX_CHARS = 100

_TRANSLATED = str.maketrans(
    {
        "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "﹣": "-", "－": "-", "＋": "+",
        "٬": "'", "’": "'", "％": "%", "٪": "%",
        "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u2002": " ", "\u2003": " ", "\t": " ",
        "\u200b": "", "\u200e": "", "\u200f": "", "\ufeff": "", "\u2060": "",
    }
)  # fmt: skip
_NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s*(?P<digits>[0-9][0-9 .,']*[0-9.,]|[0-9]|[.,][0-9]+)(?:[eEеЕ](?P<exponent>[+-]?[0-9]{1,6}))?"
)
_SYNONYMS = (
    {"%", "pct", "percent", "процент", "процента", "процентов"},
    {"$", "usd", "us$", "доллар", "доллара", "долларов", "долл", "долл."},
    {"€", "eur", "euro", "евро"},
    {"₽", "rub", "rur", "р", "р.", "руб", "руб.", "рубль", "рубля", "рублей"},
    {"£", "gbp"},
    {"¥", "jpy", "cny"},
)


class Numeral(NamedTuple):
    """A decimal number as `float` reads it, and whatever stood before or after it."""

    digits: str
    unit: str


def read_numeral(raw: str) -> Numeral | None:
    """The number in the text with what is around it, or None where there is not exactly one number."""
    text = plain_digits(raw).strip() if len(raw) <= 10 * MAX_CHARS else raw
    if len(text) > MAX_CHARS or (found := _NUMBER.search(text)) is None:
        return None
    before, after = text[: found.start()].strip(), text[found.end() :].strip()
    if any(c.isdigit() for c in before + after) or (before and after):
        return None
    sign = found["sign"].replace("+", "")
    if after == "-" and text[found.end()] == "-" and not found["sign"]:  # as bookkeepers write it
        sign, after = "-", ""
    if (before and text[found.start() - 1].isalpha()) or before.endswith(("-", "+")):
        return None
    digits = _ungroup(found["digits"])
    if digits is None:
        return None
    exponent = found["exponent"]
    return Numeral(f"{sign}{digits}e{exponent}" if exponent else f"{sign}{digits}", before or after)


def grouped_by(raw: str) -> str | None:
    """The sign, a comma or a point, that can only stand between thousands here."""
    found = _NUMBER.search(plain_digits(raw))
    digits = found["digits"] if found is not None else ""
    points, commas = digits.count("."), digits.count(",")
    if points + commas < 2 or _ungroup(digits) is None:
        return None
    if points and commas:
        return min(".", ",", key=digits.rfind)
    return "." if points > 1 else "," if commas > 1 else None


def ungrouped(raw: str, sign: str) -> str | None:
    """The text without that sign between thousands; None where it stands for something else."""
    text = plain_digits(raw)
    found = _NUMBER.search(text)
    if found is None or sign not in found["digits"]:
        return text
    whole, *decimals = found["digits"].split("." if sign == "," else ",")
    first, *groups = whole.split(sign)
    if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups) or sign in "".join(decimals):
        return None
    start, end = found.span("digits")
    return text[:start] + found["digits"].replace(sign, "") + text[end:]


def plain_digits(raw: str) -> str:
    """Digits of any script as ASCII, typographic minuses and spaces as plain ones."""
    return ascii_digits(raw.translate(_TRANSLATED))


def same_unit(given: str, declared: tuple[str, ...]) -> bool:
    """Whether a sign beside the number is the declared unit, or, where none is declared, a common one."""
    given = given.casefold()
    names = {unit.casefold().strip() for unit in declared}
    if given in names:
        return True
    groups = [group for group in _SYNONYMS if given in group]
    return bool(groups) and (not names or any(group & names for group in groups))


def _ungroup(text: str) -> str | None:
    """`1 234,5`, `1,234.5`, `1'234` → `1234.5`; None where the separators make no sense."""
    points, commas = text.count("."), text.count(",")
    decimal = ""
    if points and commas:
        decimal = max(".", ",", key=text.rfind)
    elif points + commas == 1:
        decimal = "." if points else ","
    if decimal and text.count(decimal) > 1:
        return None
    whole, _, part = text.partition(decimal) if decimal else (text, "", "")
    groups = re.split(r"[ .,']", whole)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    separators = set(whole) - set("0123456789")
    if len(separators) > 1 or (part and not part.isdigit()):
        return None
    return f"{whole_digits}.{part}" if (whole_digits := "".join(groups)) or part else None
