"""What of an offer the columns of a table answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.manifests.manifest import Input
from services.models.offers import Offer
from services.values.parse import default_value


def asked_fields(offer: Offer) -> Sequence[Input]:
    """All but what a preset answers by itself."""
    given = offer.preset_inputs or {}
    return [field for field in offer.manifest.inputs if field.name not in given]


def constants_of(offer: Offer, columns: Mapping[str, int | None]) -> dict[str, Any]:  # Any: values, as JSON has them
    """What is the same in every row: of the preset, and defaults in the place of columns."""
    given = offer.preset_inputs or {}
    preset = {field.name: given[field.name] for field in offer.manifest.inputs if field.name in given}
    defaults = {field.name: default_value(field) for field in asked_fields(offer) if columns.get(field.name, 0) is None}
    return {**preset, **defaults}
