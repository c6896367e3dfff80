"""A manifest as a person would write it, with remarks beside the keys that were guessed."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from services.authoring.notes import REMARKS, Entry, Note

_ORDER: Final = [
    *("name", "type", "label", "help", "min_length", "max_length", "min_count", "max_count", "min_rows", "max_rows"),
    *("min", "max", "example", "tensor"),
    *(
        "column",
        "pooling",
        "normalise",
        "label_tensor",
        "chart",
        "score_tensor",
        "class_tensor",
        "layout",
        "format",
        "normalised",
        "columns",
        "holds",
        "logits",
        "nms",
        "background",
        "labels",
        "classes",
        "options",
        "prepare",
        "shape_of",
        "dtype",
        "shape",
        "value",
    ),
]


def manifest_toml(manifest: Entry, notes: Sequence[Note]) -> str:
    return "\n".join(_lines(manifest, notes)) + "\n"


def _lines(manifest: Entry, notes: Sequence[Note]) -> Iterator[str]:
    yield from (f"# {' '.join(str(note).split())}" for note in notes)
    for key, value in manifest.items():
        if key != "runtime" and not isinstance(value, list):
            yield f"{key} = {inline(value)}"
    yield from ("", "[runtime]")
    yield from (f"{key} = {inline(value)}" for key, value in manifest["runtime"].items())
    for table in ("constants", "inputs", "outputs"):
        for entry in manifest.get(table, ()):
            yield from ("", f"[[{table}]]")
            yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    remarks = entry.get(REMARKS, {})
    for key in sorted(entry.keys() - {REMARKS}, key=_ORDER.index):
        value = inline(entry[key], lines=True)
        remark = f"  # {' '.join(remarks[key].split())}" if key in remarks else ""
        if remark and "\n" in value:
            yield remark.strip()
            remark = ""
        yield f"{key} = {value}{remark}"


def inline(value: Any, *, lines: bool = False) -> str:  # Any: whatever TOML holds
    """A TOML value; a list of tables with a line for each where `lines` is given."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        items = [inline(item) for item in value]
        if lines and value and isinstance(value[0], dict):
            return "[\n" + "".join(f"  {item},\n" for item in items) + "]"
        return "[" + ", ".join(items) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
