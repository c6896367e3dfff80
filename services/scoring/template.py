"""A table to fill in: the model's questions as columns, with an example below; in a workbook also what is allowed."""

import asyncio
import datetime as dt
import io
import re
from typing import Any, Final, Literal

from services.manifests.inputs import Bounded
from services.manifests.manifest import BooleanInput, ChoiceInput, DateInput, Input
from services.scoring.guide import Guide
from services.values.samples import sample_value
from services.values.sheets import csv_delimiter

Kind = Literal["csv", "xlsx"]
_NO_NAME: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]+')  # of a file, on one system or another
_FIGURE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?")


async def template(guide: Guide, *, decimal: str, kind: Kind = "xlsx") -> bytes:
    """`decimal`: the sign between a number and its decimals, in the customer's language."""
    return await asyncio.to_thread(_template, guide, decimal, kind)


def template_name(title: str, kind: Kind = "xlsx") -> str:
    """Of the file, by what the model is called."""
    stem = " ".join(_NO_NAME.sub(" ", title).split()).strip(".")
    return f"{stem[:60] or 'table'}.{kind}"


def heading_of(field: Input, language: str) -> str:
    """The label, with its unit."""
    label = field.label.pick(language)
    return label if not isinstance(field, Bounded) or field.unit is None else f"{label}, {field.unit.pick(language)}"


def _template(guide: Guide, decimal: str, kind: Kind) -> bytes:
    from services.scoring.writing import write_csv, write_workbook

    file = io.BytesIO()
    rows = iter([[each.heading for each in guide.columns], [each.example for each in guide.columns]])
    if kind == "csv":
        write_csv(rows, file, delimiter=csv_delimiter(decimal), decimal_comma=decimal == ",")
    else:
        write_workbook(rows, file, guide=guide)
    return file.getvalue()


def example_cell(field: Input, language: str, *, yes: str, no: str) -> Any:  # Any: what a cell holds
    """An option that is called by a number is one."""
    value = sample_value(field)
    match field, value:
        case ChoiceInput(), str():
            label = next(option.label.pick(language) for option in field.options if option.value == value)
            return float(label) if _FIGURE.fullmatch(label) else label
        case BooleanInput(), bool():
            return yes if value else no
        case DateInput(), str():
            return dt.date.fromisoformat(value)
    return value
