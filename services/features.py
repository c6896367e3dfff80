"""What a shop sells besides predictions, as its settings say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """`payments`: credits can be bought."""

    payments: bool
