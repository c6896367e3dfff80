"""An answer in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`aside`: how sure the model is of a class; `others`: the classes that come next; `written`: a text of the
    model's own, as long as it may be."""

    label: str
    value: str
    aside: str = ""
    others: str = ""
    written: bool = False
