"""Series as a table that spreadsheets open."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from i18n.translator import Translator
from services.manifests.manifest import Manifest, SeriesOutput

BOM: Final = "utf-8-sig"  # without it spreadsheets take Cyrillic for something else

Column = tuple[str, list[float]]


def series_table(manifest: Manifest, outputs: Mapping[str, Any], tr: Translator) -> bytes:
    """CSV with a header; a row for each step, counted from 1. Numbers are as exact as the model's own,
    with a dot. Any: JSON of a result."""
    columns = [column for output in manifest.outputs for column in _columns(output, outputs.get(output.name), tr)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([tr.gettext("step"), *(name for name, _ in columns)])
    for step, row in enumerate(zip_longest(*(values for _, values in columns)), start=1):
        writer.writerow([step, *("" if value is None else exact(value) for value in row)])
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
    name = tr.pick(output.label) if output.unit is None else f"{tr.pick(output.label)}, {tr.pick(output.unit)}"
    if not isinstance(answer[0], list):
        yield name, answer
        return
    for position, part in enumerate((tr.gettext("low"), tr.gettext("middle"), tr.gettext("high"))):
        yield f"{name}: {part}", [row[position] for row in answer]
