"""The names of classes, one for each column of an answer: as a file or a text lists them, and as a file is written."""

import ast
import csv
import io
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 10_000_000
NAMELESS: Final = "(none)"
MAX_VALUE: Final = 200  # characters
_LANGUAGE = re.compile("[a-z]{2,3}")

Label = str | dict[str, str]
Class = dict[str, Label]
"""`value` and `label`, as the `classes` of a manifest have them."""


class LabelsUnreadable(Exception):
    """`str(error)` says what is wrong, `fix` what to do."""

    def __init__(self, problem: str, fix: str = "Write one class a line, or a JSON list or map") -> None:
        super().__init__(problem)
        self.fix = fix


def read_labels(file: Path) -> list[Class]:
    """The classes that a file names. Raises LabelsUnreadable, OSError."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)  # not as much as it says it has: a device says nothing
    if len(content) > MAX_BYTES:
        raise LabelsUnreadable(f"is over {MAX_BYTES // 1_000_000} MB")
    try:
        return parse_labels(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise LabelsUnreadable("is not UTF-8", "Save it as UTF-8") from None


def parse_labels(text: str) -> list[Class]:
    """Of lines and of a list (JSON, or Python's) the value is the label itself, equal ones numbered; of a map it is the
    key, and a map of names to positions is a list. Lines may have a column for each language under a head such as
    `en;ru`. Raises LabelsUnreadable, whatever the text is."""
    text = text.strip()
    try:
        classes = _of_literal(text) if text.startswith(("[", "{", "(")) else _of_lines(text.splitlines())
        json.dumps(classes, ensure_ascii=False).encode()  # JSON can escape half a character, which no text can hold
    except (ValueError, RecursionError, MemoryError, csv.Error) as error:  # numbers, cells and nests of any size
        raise LabelsUnreadable(f"cannot be read: {_in_short(error)}") from None
    return classes


def write_labels(classes: Sequence[Class]) -> str | None:
    """A text that `parse_labels` reads as these classes; None where no text is."""
    return next((text for text in _written(classes) if _reads_as(text, classes)), None)


def numbered(labels: Sequence[Label]) -> list[Class]:
    """Classes whose values are their labels: equal ones numbered, an empty one called so."""
    seen: Counter[str] = Counter()
    classes: dict[str, Class] = {}
    for given in labels:
        label, count = _named(given), ""
        plain = english(label)[:MAX_VALUE]
        while (value := f"{plain[: MAX_VALUE - len(count)]}{count}") in classes:
            seen[plain] += 1
            count = f" ({seen[plain] + 1})"
        classes[value] = {"value": value, "label": _counted(label, count)}
    return list(classes.values())


def english(label: Label) -> str:
    return label if isinstance(label, str) else label.get("en") or next(iter(label.values()))


def _of_literal(text: str) -> list[Class]:
    found = _literal(text)
    if isinstance(found, list | tuple):
        return numbered([_label(item) for item in found])
    keys = list(map(str, found))
    if (longest := max(map(len, keys), default=0)) > MAX_VALUE:
        raise LabelsUnreadable(f"has a key of {longest} characters", f"At most {MAX_VALUE} are allowed")
    if all(key.isascii() and key.isdigit() for key in keys):
        return [{"value": str(key), "label": _named(_label(found[key]))} for key in sorted(found, key=int)]
    if sorted(map(str, found.values())) == sorted(map(str, range(len(found)))):  # label2id
        return numbered([_label(key) for key in sorted(found, key=lambda key: int(found[key]))])
    return [{"value": str(key), "label": _named(_label(found[key]))} for key in found]


def _literal(text: str) -> Any:  # Any: a list or a map of whatever was written there
    complaint = ""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError) as error:
            complaint = complaint or _in_short(error)
            continue
        if isinstance(found, list | tuple | dict):
            return found
    raise LabelsUnreadable(f"is not JSON: {complaint}")


def _of_lines(lines: Sequence[str]) -> list[Class]:
    head = re.split("[;,\t]", lines[0].strip()) if lines else []
    if len(head) > 1 and all(_LANGUAGE.fullmatch(cell) for cell in head):
        rows = list(csv.reader(lines[1:], delimiter=lines[0].strip()[len(head[0])]))
        if uneven := next((n for n, row in enumerate(rows, start=2) if len(row) != len(head)), None):
            raise LabelsUnreadable(f"line {uneven} has not {len(head)} columns", "Give each language its column")
        return numbered([dict(zip(head, (cell.strip() for cell in row), strict=True)) for row in rows])
    if blank := next((n for n, line in enumerate(lines, start=1) if not line.strip()), None):
        raise LabelsUnreadable(f"line {blank} is empty", "Name that class, or remove the line")
    return numbered([line.strip() for line in lines])


def _in_short(error: Exception) -> str:
    """Without Python's advice to its programmer."""
    return str(error).partition(";")[0] or type(error).__name__


def _label(item: Any) -> Label:  # Any: JSON
    if isinstance(item, dict) and item and all(isinstance(text, str) for text in item.values()):
        return item
    if isinstance(item, str | int) and not isinstance(item, bool):
        return str(item)
    raise LabelsUnreadable(f"has {str(item)[:40]!r} for a label", 'Write "…", or {"en": "…", "ru": "…"}')


def readable_label(text: str) -> str:
    """Without control characters, which no chat shows; `(none)` where nothing is left."""
    kept = "".join(" " if unicodedata.category(c) == "Cc" or c == "\ufffd" else c for c in text)
    return " ".join(kept.split()) or NAMELESS if kept != text else text.strip() or NAMELESS


def _named(label: Label) -> Label:
    if isinstance(label, str):
        return readable_label(label)
    return {language: readable_label(text) for language, text in label.items()}


def _counted(label: Label, count: str) -> Label:
    if isinstance(label, Mapping):
        return {language: text + count for language, text in label.items()}
    return label + count


def _written(classes: Sequence[Class]) -> Iterator[str]:
    """The same classes in each form, the plainest first."""
    labels = [each["label"] for each in classes]
    if all(isinstance(label, str) for label in labels):
        yield "\n".join(map(english, labels)) + "\n"
    elif all(isinstance(label, dict) and label.keys() == labels[0].keys() for label in labels):  # type: ignore[union-attr]
        stream = io.StringIO()
        table = csv.DictWriter(stream, list(labels[0]), delimiter=";", lineterminator="\n")
        table.writeheader()
        table.writerows(labels)  # type: ignore[arg-type]
        yield stream.getvalue()
    yield json.dumps({str(each["value"]): each["label"] for each in classes}, ensure_ascii=False, indent=1) + "\n"
    yield json.dumps(labels, ensure_ascii=False, indent=1) + "\n"


def _reads_as(text: str, classes: Sequence[Class]) -> bool:
    try:
        return parse_labels(text) == list(classes)
    except LabelsUnreadable:
        return False
