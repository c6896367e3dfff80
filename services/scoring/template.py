"""A workbook to fill in: the model's questions as columns, with an example below."""

import asyncio
import io
from typing import Any

from services.manifests.inputs import Bounded
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input
from services.models.offers import Offer
from services.scoring.answering import asked_fields
from services.values.samples import sample_value


async def template(offer: Offer, language: str) -> bytes:
    return await asyncio.to_thread(_write, offer, language)


def heading_of(field: Input, language: str) -> str:
    """The label, with its unit."""
    label = field.label.pick(language)
    return label if not isinstance(field, Bounded) or field.unit is None else f"{label}, {field.unit.pick(language)}"


def _write(offer: Offer, language: str) -> bytes:
    from services.scoring.writing import write_workbook

    fields, file = asked_fields(offer), io.BytesIO()
    rows = ([heading_of(field, language) for field in fields], [_example(field, language) for field in fields])
    write_workbook(iter(rows), file)
    return file.getvalue()


def _example(field: Input, language: str) -> Any:  # Any: what a cell holds
    value = sample_value(field)
    match field, value:
        case ChoiceInput(), str():
            return next(option.label.pick(language) for option in field.options if option.value == value)
        case BooleanInput(), bool():
            return "yes" if value else "no"
        case DateInput(), str():
            return value
    return value
