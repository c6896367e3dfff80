"""Series, vectors and tables as files that spreadsheets open."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Literal

from i18n.many import known_columns
from i18n.translator import Translator
from services.manifests.manifest import EmbeddingOutput, Manifest, NumberInput, SeriesOutput, TableInput, TableOutput
from services.manifests.outputs import TableColumn
from services.predictions.enclosures import fits_a_line
from services.values.samples import sample_value
from services.values.table_values import load_table, rows_of

BOM: Final = "utf-8-sig"  # without it spreadsheets take Cyrillic for something else

Column = tuple[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTable:
    """`output`: whose it is, empty for all series together; `kind`: the ending of its file."""

    output: str
    label: str
    content: bytes
    kind: Literal["csv", "xlsx"] = "csv"


def answer_tables(manifest: Manifest, outputs: Mapping[str, Any], tr: Translator) -> list[AnswerTable]:
    """What a message has no room for, each as a file. Any: JSON of a result."""
    tables: list[AnswerTable] = []
    kind: Literal["csv", "xlsx"]
    series = [outputs.get(output.name) for output in manifest.outputs if isinstance(output, SeriesOutput)]
    if any(isinstance(answer, list) and not fits_a_line(answer) for answer in series):
        content = series_table(manifest, outputs, tr)
        tables.append(AnswerTable(output="", label=tr.gettext("All numbers"), content=content))
    for output in manifest.outputs:
        match output, outputs.get(output.name):
            case EmbeddingOutput(), list() as answer if not fits_a_line(answer):
                lines = [[str(place), exact(value)] for place, value in enumerate(answer, start=1)]
                content, kind = _csv([["", tr.pick(output.label)], *lines]), "csv"
            case TableOutput(), {"columns": list() as names, "rows": list() as rows}:
                head = [_heading(column, tr) for column in known_columns(output, names)]
                content, kind = _workbook([head, *rows]), "xlsx"
            case _:
                continue
        tables.append(AnswerTable(output=output.name, label=tr.pick(output.label), content=content, kind=kind))
    return tables


def series_table(manifest: Manifest, outputs: Mapping[str, Any], tr: Translator) -> bytes:
    """CSV with a header; a row for each step, counted from 1. Numbers are as exact as the model's own,
    with a dot. Any: JSON of a result."""
    columns = [column for output in manifest.outputs for column in _columns(output, outputs.get(output.name), tr)]
    lines = [
        [str(step), *("" if value is None else exact(value) for value in row)]
        for step, row in enumerate(zip_longest(*(values for _, values in columns)), start=1)
    ]
    return _csv([[tr.gettext("step"), *(name for name, _ in columns)], *lines])


def _csv(lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue().encode(BOM)


def exact(value: float) -> str:
    """The shortest text that is this number: of a model's single precision where it came from that."""
    if isinstance(value, int):
        return str(value)
    import numpy as np  # a table of numbers brings it

    with np.errstate(over="ignore"):
        single = np.float32(value)
    return str(single) if float(single) == value else repr(float(value))


def _columns(output: Any, answer: Any, tr: Translator) -> Iterator[Column]:  # Any: outputs of all types, JSON
    if not isinstance(output, SeriesOutput) or not isinstance(answer, list) or not answer:
        return
    name = _heading(output, tr)
    if not isinstance(answer[0], list):
        yield name, answer
        return
    for position, part in enumerate((tr.gettext("low"), tr.gettext("middle"), tr.gettext("high"))):
        yield f"{name}: {part}", [row[position] for row in answer]


def _heading(column: SeriesOutput | TableColumn | NumberInput, tr: Translator) -> str:
    label = tr.pick(column.label)
    return label if column.unit is None else f"{label}, {tr.pick(column.unit)}"


def table_template(field: TableInput, folder: Path, tr: Translator) -> bytes:
    """A workbook that may be filled in and sent: the columns in this language, and lines of the model's example."""
    value = load_table(folder, field) if field.example is not None else sample_value(field)
    return _workbook([[_heading(column, tr) for column in field.columns], *(rows_of(value) or [])])


def _workbook(lines: Iterable[Sequence[Any]]) -> bytes:  # Any: what cells hold
    from services.scoring.writing import write_workbook  # for tables

    file = io.BytesIO()
    write_workbook(iter(lines), file)
    return file.getvalue()
