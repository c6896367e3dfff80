"""A table to fill in: the model's questions as columns, with an example below; in a workbook also what is allowed."""

import asyncio
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.manifests.inputs import Bounded
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input
from services.models.offers import Offer
from services.scoring.answering import asked_fields
from services.values.samples import sample_value

Kind = Literal["csv", "xlsx"]
_NO_NAME: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')  # of a file, on one system or another
_FIGURE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """A sheet that is no data."""

    title: str
    rows: Sequence[Sequence[str]]


async def template(offer: Offer, language: str, notes: Notes, *, kind: Kind = "xlsx") -> bytes:
    if kind == "csv":
        return await asyncio.to_thread(_csv, offer, language)
    return await asyncio.to_thread(_workbook, offer, language, notes)


def template_name(title: str, kind: Kind = "xlsx") -> str:
    """Of the file, by what the model is called."""
    stem = " ".join(_NO_NAME.sub(" ", title).split()).strip(".")
    return f"{stem[:60] or 'table'}.{kind}"


def heading_of(field: Input, language: str) -> str:
    """The label, with its unit."""
    label = field.label.pick(language)
    return label if not isinstance(field, Bounded) or field.unit is None else f"{label}, {field.unit.pick(language)}"


def _workbook(offer: Offer, language: str, notes: Notes) -> bytes:
    from services.scoring.writing import write_workbook

    file = io.BytesIO()
    write_workbook(iter(_rows(offer, language)), file, notes={notes.title: notes.rows})
    return file.getvalue()


def _csv(offer: Offer, language: str) -> bytes:
    """As spreadsheets open it by a click in most countries."""
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(_rows(offer, language))
    return text.getvalue().encode("utf-8-sig")


def _rows(offer: Offer, language: str) -> list[list[Any]]:  # Any: what cells hold
    fields = asked_fields(offer)
    return [[heading_of(field, language) for field in fields], [example_cell(field, language) for field in fields]]


def example_cell(field: Input, language: str) -> Any:  # Any: what a cell holds
    """An option that is called by a number is one."""
    value = sample_value(field)
    match field, value:
        case ChoiceInput(), str():
            label = next(option.label.pick(language) for option in field.options if option.value == value)
            return float(label) if _FIGURE.fullmatch(label) else label
        case BooleanInput(), bool():
            return "yes" if value else "no"
        case DateInput(), str():
            return value
    return value
