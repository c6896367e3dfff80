"""A table to fill in: the model's questions as columns, with an example below."""

import asyncio
import csv
import io
from typing import Any, Literal

from services.manifests.inputs import Bounded
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input
from services.models.offers import Offer
from services.scoring.answering import asked_fields
from services.values.samples import sample_value


async def template(offer: Offer, language: str, *, kind: Literal["csv", "xlsx"] = "xlsx") -> bytes:
    return await asyncio.to_thread(_workbook if kind == "xlsx" else _csv, offer, language)


def heading_of(field: Input, language: str) -> str:
    """The label, with its unit."""
    label = field.label.pick(language)
    return label if not isinstance(field, Bounded) or field.unit is None else f"{label}, {field.unit.pick(language)}"


def _workbook(offer: Offer, language: str) -> bytes:
    from services.scoring.writing import write_workbook

    file = io.BytesIO()
    write_workbook(iter(_rows(offer, language)), file)
    return file.getvalue()


def _csv(offer: Offer, language: str) -> bytes:
    """As spreadsheets open it by a click in most countries."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(_rows(offer, language))
    return text.getvalue().encode("utf-8-sig")


def _rows(offer: Offer, language: str) -> list[list[Any]]:  # Any: what cells hold
    fields = asked_fields(offer)
    return [[heading_of(field, language) for field in fields], [_example(field, language) for field in fields]]


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
