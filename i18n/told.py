"""An answer in words."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`aside`: how sure the model is of a class; `others`: the classes that come next; `written`: a text of the
    model's own, as long as it may be; `table`: a head and lines of a small one."""

    label: str
    value: str
    aside: str = ""
    others: str = ""
    written: bool = False
    table: tuple[tuple[str, ...], ...] = ()
