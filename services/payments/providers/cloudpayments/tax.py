"""What receipts (54-FZ) say of the shop's taxes, as CloudPayments numbers them."""

import re
from dataclasses import dataclass
from typing import Final

VATS: Final = {"none": None, **{str(rate): rate for rate in (0, 5, 7, 10, 20, 22, 105, 107, 110, 120, 122)}}
SYSTEMS: Final = range(6)
WRONG: Final = (
    "is VAT and system of taxation such as vat:none taxation:1 (vat: none, 0, 5, 7, 10, 20, 22, 105, 107, 110, 120 or"
    " 122; taxation: 0 general, 1 simplified on income, 2 simplified on income less costs, 4 farmers', 5 patent)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTax:
    """`vat`: per cent, None is without; over 100 it is part of the price."""

    vat: int | None
    system: int


def parse_tax(text: str) -> ReceiptTax:
    """`vat:none taxation:1`, in any order. Raises ValueError, without a value in it."""
    words = dict(re.findall(r"(\w+):(\w+)", text.lower()))
    said = re.sub(r"\w+:\w+|[\s,;]", "", text)
    vat, system = words.get("vat", ""), words.get("taxation", "")
    if said or set(words) != {"vat", "taxation"} or vat not in VATS or system not in map(str, SYSTEMS):
        raise ValueError(WRONG)
    return ReceiptTax(vat=VATS[vat], system=int(system))
