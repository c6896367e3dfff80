"""Vectors and tables in words: what a message has room for; a file has all of it. Plain text."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from i18n.outputs import Answer, amount, decimals_of
from i18n.told import Told
from i18n.translator import Translator
from services.manifests.manifest import EmbeddingOutput, TableOutput
from services.manifests.outputs import TableColumn
from services.predictions.enclosures import fits_a_line

SHOWN_ROWS: Final = 8
SHOWN_WIDTH: Final = 32  # characters that a telephone shows beside each other


def embedding_words(output: EmbeddingOutput, answer: list[float], tr: Translator) -> Told:
    """How many numbers and how long the vector is; the numbers themselves where a line takes them."""
    label, norm = tr.pick(output.label), math.hypot(*answer)
    if fits_a_line(answer):
        decimals = decimals_of(None, answer)
        return Told(label=label, value=" · ".join(amount(value, decimals, None, tr) for value in answer))
    value = tr.ngettext(
        "a vector of {count} number, norm {norm}",
        "a vector of {count} numbers, norm {norm}",
        len(answer),
        count=len(answer),
        norm=amount(norm, decimals_of(None, [norm]), None, tr),
    )
    return Told(label=label, value=value)


def table_words(output: TableOutput, answer: Mapping[str, Answer], tr: Translator) -> Told:
    """How many lines; all of a small table."""
    lines = answer["rows"]
    value = tr.ngettext("{count} line", "{count} lines", len(lines), count=len(lines))
    columns = known_columns(output, answer["columns"])
    written = [tuple(tr.pick(column.label) for column in columns)]
    written += [tuple(_cell(*pair, tr) for pair in zip(line, columns, strict=True)) for line in lines[:SHOWN_ROWS]]
    widths = [max(map(len, cells)) for cells in zip(*written, strict=True)]
    small = bool(lines) and len(lines) <= SHOWN_ROWS and sum(widths) + 2 * len(widths) <= SHOWN_WIDTH
    return Told(label=tr.pick(output.label), value=value, table=tuple(written) if small else ())


def known_columns(output: TableOutput, names: Iterable[str]) -> list[TableColumn]:
    """Those of an answer, which may be older than the manifest."""
    known = {column.name: column for column in output.columns}
    return [known.get(name) or TableColumn.model_validate({"name": name, "label": name}) for name in names]


def _cell(value: Answer, column: TableColumn, tr: Translator) -> str:
    return value if isinstance(value, str) else amount(value, decimals_of(column.decimals, [value]), column.unit, tr)
