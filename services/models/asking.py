"""What an offer asks, and what it answers by itself."""

from collections.abc import Mapping
from typing import Any

from services.manifests.inputs import Input
from services.manifests.manifest import Manifest
from services.models.offers import Offer
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value


def asked(offer: Offer) -> tuple[list[Input], dict[str, Value]]:
    """The questions, and what the preset answers. What fits the model no more is asked."""
    given = fitting(offer.manifest, offer.preset_inputs or {})
    return [field for field in offer.manifest.inputs if field.name not in given], given


def fitting(manifest: Manifest, answers: Mapping[str, Any]) -> dict[str, Value]:  # Any: JSON of a row
    """Those that the model would take today."""
    fields = {field.name: field for field in manifest.inputs}
    return {name: value for name, value in answers.items() if name in fields and fits(fields[name], value)}


def fits(field: Input, value: object) -> bool:
    try:
        check_value(field, value)
    except InvalidValue:
        return False
    return True
