"""The names of classes and columns that a file's metadata lists."""

import re
from collections.abc import Mapping
from typing import Final

from services.manifests.labels import LabelsUnreadable, english, parse_labels

_LABEL_KEYS: Final = ("class_labels", "classes", "labels", "names", "id2label", "label2id", "class_names", "character")
_FEATURE_KEYS: Final = ("feature_names", "features", "feature_names_in_", "columns", "input_names")
_ABOUT_THE_FILE: Final = re.compile("author|descr|licen|date|time|version|docs|url|task|summary|comment", re.IGNORECASE)
_NUMBER: Final = re.compile("[-+]?[0-9]+( [(][0-9]+[)])?")
_MAX_BYTES: Final = 2_000_000


def listed_labels(metadata: Mapping[str, str], count: int) -> tuple[str, tuple[str, ...]] | None:
    """The key of the metadata that lists as many texts as there are columns, and the texts; None where none does."""
    keys = sorted(metadata, key=lambda key: (not names_classes(key), key))
    for key in keys:
        if key.lower() in _FEATURE_KEYS or _ABOUT_THE_FILE.search(key):
            continue
        found = parse_list(metadata[key])
        if len(found) == count and (names_classes(key) or not all(map(_NUMBER.fullmatch, found))):
            return key, found
    return None


def listed_classes(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Of a key that is meant for them, however many there are."""
    keys = sorted(key for key in metadata if names_classes(key))
    return next((found for key in keys if (found := parse_list(metadata[key]))), ())


def names_classes(key: str) -> bool:
    """Whether a key of the metadata is one that files list their classes under."""
    return key.lower() in _LABEL_KEYS


def listed_features(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the columns that go in."""
    for key in sorted(metadata):
        if key.lower() in _FEATURE_KEYS and (found := parse_list(metadata[key])):
            return found
    return ()


def parse_list(raw: str) -> tuple[str, ...]:
    """Texts in their order: as a labels file lists them, or words between commas; () where it is no list."""
    raw = raw.strip()
    if not raw or len(raw) > _MAX_BYTES:
        return ()
    if raw[0] not in "[{(" and "\n" not in raw:
        return tuple(part.strip() for part in raw.split(",")) if "," in raw else ()
    try:
        return tuple(english(each["label"]) for each in parse_labels(raw))
    except LabelsUnreadable:
        return ()
