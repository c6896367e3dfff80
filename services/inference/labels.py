"""A file of the model's folder that names the classes, one for each column."""

import csv
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 10_000_000
_VALUE: Final = 200  # characters
_LANGUAGE = re.compile("[a-z]{2,3}")

Label = str | dict[str, str]


class LabelsUnreadable(Exception):
    """`str(error)` says what is wrong, `fix` what to do."""

    def __init__(self, problem: str, fix: str = "Write one class a line, or a JSON list or map") -> None:
        super().__init__(problem)
        self.fix = fix


def read_labels(file: Path) -> list[dict[str, Label]]:
    """The `classes` of a manifest. Of lines and of a JSON list the value is the label itself, equal ones numbered; of a
    JSON map it is the key. Lines may have a column for each language under a head such as `en;ru`."""
    if file.stat().st_size > MAX_BYTES:
        raise LabelsUnreadable(f"is over {MAX_BYTES // 1_000_000} MB")
    try:
        text = file.read_text(encoding="utf-8-sig").strip()
    except UnicodeDecodeError:
        raise LabelsUnreadable("is not UTF-8", "Save it as UTF-8") from None
    return _of_json(text) if text.startswith(("[", "{")) else _of_lines(text.splitlines())


def _of_json(text: str) -> list[dict[str, Label]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LabelsUnreadable(f"is not JSON: {error}") from None
    if isinstance(found, list):
        return _numbered([_label(item) for item in found])
    keys = sorted(found, key=int) if all(key.isascii() and key.isdigit() for key in found) else list(found)
    return [{"value": key, "label": _label(found[key])} for key in keys]


def _of_lines(lines: Sequence[str]) -> list[dict[str, Label]]:
    head = re.split("[;,\t]", lines[0].strip()) if lines else []
    if len(head) > 1 and all(_LANGUAGE.fullmatch(cell) for cell in head):
        rows = list(csv.reader(lines[1:], delimiter=lines[0].strip()[len(head[0])]))
        if uneven := next((n for n, row in enumerate(rows, start=2) if len(row) != len(head)), None):
            raise LabelsUnreadable(f"line {uneven} has not {len(head)} columns", "Give each language its column")
        return _numbered([dict(zip(head, (cell.strip() for cell in row), strict=True)) for row in rows])
    if blank := next((n for n, line in enumerate(lines, start=1) if not line.strip()), None):
        raise LabelsUnreadable(f"line {blank} is empty", "Name that class, or remove the line")
    return _numbered([line.strip() for line in lines])


def _label(item: Any) -> Label:  # Any: JSON
    if isinstance(item, dict) and item and all(isinstance(text, str) for text in item.values()):
        return item
    if isinstance(item, str | int) and not isinstance(item, bool) and str(item).strip():
        return str(item).strip()
    raise LabelsUnreadable(f"has {str(item)[:40]!r} for a label", 'Write "…", or {"en": "…", "ru": "…"}')


def _numbered(labels: Sequence[Label]) -> list[dict[str, Label]]:
    seen: Counter[str] = Counter()
    classes: list[dict[str, Label]] = []
    for label in labels:
        value = _english(label)[:_VALUE]
        seen[value] += 1
        count = f" ({seen[value]})" if seen[value] > 1 else ""
        classes.append({"value": f"{value[: _VALUE - len(count)]}{count}", "label": _counted(label, count)})
    return classes


def _english(label: Label) -> str:
    return label if isinstance(label, str) else label.get("en") or next(iter(label.values()))


def _counted(label: Label, count: str) -> Label:
    if isinstance(label, Mapping):
        return {language: text + count for language, text in label.items()}
    return label + count
