"""What a shop sells besides predictions, as its settings and its folders say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`payments`: credits can be bought. `images`: there is a gallery of styles."""

    payments: bool
    images: bool = False
