"""Which columns may be chosen for what is unclear."""

from collections.abc import Mapping

from services.errors import N_, ShopError
from services.models.offers import Offer
from services.scoring.answering import asked_fields
from services.scoring.queries import ScoringView
from services.values.parse import default_value


class BadColumns(ShopError):
    message = N_("Name each unclear input once, with a column that there is and that nothing else takes.")


class NoDefault(BadColumns):
    message = N_("“{name}” has no default: it needs a column.")


def unanswered(view: ScoringView, offer: Offer) -> list[str]:
    """Inputs of which it is to be asked which column they are."""
    return [field.name for field in asked_fields(offer) if field.name not in view.columns]


def check_choice(columns: Mapping[str, int | None], view: ScoringView, offer: Offer) -> None:
    """Only what is unclear, columns that there are, each for one input, and a default only where there is one. Raises
    `BadColumns`, `NoDefault`."""
    chosen = [column for column in columns.values() if column is not None]
    before = [column for column in view.columns.values() if column is not None]
    alone = len({*chosen, *before}) == len(chosen) + len(before)
    there = all(0 <= column < len(view.source.headings) for column in chosen)
    known = set() if view.is_ordered else set(unanswered(view, offer))
    if not columns.keys() <= known or not alone or not there:
        raise BadColumns()
    for name, column in columns.items():
        if column is None and default_value(offer.manifest.input(name)) is None:
            raise NoDefault(name=name)
