"""What customers see of a model in words, by its place in the manifest, and what an owner may write there. Nothing is
run otherwise by it, so that it may change while the model is on sale."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from db.base import JsonObject
from services.errors import N_, ShopError
from services.manifests.characters import is_storable, is_visible
from services.manifests.inputs import ChoiceInput, Option
from services.manifests.labelled import ClassLabel, Labelled
from services.manifests.labels import LabelsUnreadable, parse_labels, read_labels
from services.manifests.manifest import Manifest, Text

LANGUAGES: Final = ("ru", "en")
TITLE, ICON, CATEGORY, DESCRIPTION = "title", "icon", "category", "description"
LABEL, HELP, OPTIONS, CLASSES = "label", "help", "options", "classes"
MOST: Final = {TITLE: 60, ICON: 16, CATEGORY: 64, DESCRIPTION: 600, LABEL: 120, HELP: 300, OPTIONS: 120, CLASSES: 120}
"""Characters of each, in a language."""
ONE_LINE: Final = {TITLE, ICON, CATEGORY, LABEL}
NEEDED: Final = {TITLE, ICON, LABEL}
Words = dict[str, str]
"""{ru, en}, as far as it is known."""


class BadShownText(ShopError):
    """`key`: what it was for; `most`: how many characters it may have."""

    message = N_("It needs 1 to {most} characters, without line breaks in a name.")

    def __init__(self, key: str, most: int) -> None:
        super().__init__(key=key, most=most)
        self.key = key


class OtherCount(ShopError):
    """`key`: the list that it was for."""

    message = N_("There are {count} of them, and {given} were given. Send one a line, in their order.")

    def __init__(self, key: str, *, count: int, given: int) -> None:
        super().__init__(key=key, count=count, given=given)
        self.key = key


class TextPart(StrEnum):
    """Of what in a form a text is."""

    MODEL = "m"
    QUESTION = "i"
    ANSWER = "o"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownText:
    """`key`: where it stands, as rows keep it; `what`: its last part. `number` of the question or answer, from 0.
    `now`: by language; of an icon, the same in both. `values`: of a list, by value, in order."""

    part: TextPart
    number: int
    what: str
    key: str
    now: Words
    values: Mapping[str, Words] | None = None

    @property
    def is_list(self) -> bool:
        return self.values is not None

    @property
    def is_needed(self) -> bool:
        return self.what in NEEDED

    @property
    def most(self) -> int:
        return MOST[self.what]


def shown_texts(manifest: Manifest) -> list[ShownText]:
    """In the order of the page. The manifest is read as it is sold, with what owners have written."""
    return [*_of_model(manifest), *_of_questions(manifest), *_of_answers(manifest)]


def _of_model(manifest: Manifest) -> Iterator[ShownText]:
    own = {
        TITLE: _words(manifest.title),
        ICON: dict.fromkeys(LANGUAGES, manifest.icon),
        CATEGORY: _told(manifest.category),
        DESCRIPTION: _told(manifest.description),
    }
    for what, now in own.items():
        yield ShownText(part=TextPart.MODEL, number=0, what=what, key=what, now=now)


def _of_questions(manifest: Manifest) -> Iterator[ShownText]:
    for number, field in enumerate(manifest.inputs):
        place = f"inputs.{field.name}"
        for what, now in ((LABEL, _words(field.label)), (HELP, _told(field.help))):
            yield ShownText(part=TextPart.QUESTION, number=number, what=what, key=f"{place}.{what}", now=now)
        if isinstance(field, ChoiceInput):
            yield _list(TextPart.QUESTION, number, OPTIONS, place, field.options)


def _of_answers(manifest: Manifest) -> Iterator[ShownText]:
    for number, output in enumerate(manifest.outputs):
        place = f"outputs.{output.name}"
        for what, now in ((LABEL, _words(output.label)), (HELP, _told(output.help))):
            yield ShownText(part=TextPart.ANSWER, number=number, what=what, key=f"{place}.{what}", now=now)
        if isinstance(output, Labelled) and output.classes:
            yield _list(TextPart.ANSWER, number, CLASSES, place, output.classes)


def _list(part: TextPart, number: int, what: str, place: str, entries: Sequence[Option | ClassLabel]) -> ShownText:
    values = {entry.value: _words(entry.label) for entry in entries}
    return ShownText(part=part, number=number, what=what, key=f"{place}.{what}", now={}, values=values)


def _words(text: Text) -> Words:
    """As readers of each language see it."""
    return {language: text.pick(language) for language in LANGUAGES}


def _told(text: Text | None) -> Words:
    """As far as somebody has written it: what may be left out is not taken for written in the other language."""
    return {} if text is None else {language: text.root[language] for language in LANGUAGES if language in text.root}


def checked(text: ShownText, given: Mapping[str, str]) -> Any:  # Any: JSON, as a row keeps it
    """`given` by language, empty where there is to be none; another language stays as it is. Of an icon "ru" counts.
    None: the manifest goes without. Raises BadShownText."""
    words = {**text.now, **{language: said.strip() for language, said in given.items()}}
    words = {language: said for language, said in words.items() if said}
    if not words:
        if text.is_needed:
            raise BadShownText(text.key, text.most)
        return None
    if not all(_fits(text.what, said) for said in words.values()):
        raise BadShownText(text.key, text.most)
    return words[LANGUAGES[0]] if text.what == ICON and LANGUAGES[0] in words else words


def checked_title(said: str) -> str:
    """Raises BadShownText."""
    if not _fits(TITLE, said.strip()):
        raise BadShownText(TITLE, MOST[TITLE])
    return said.strip()


def checked_list(text: ShownText, given: str) -> dict[str, Words]:
    """`given`: a label a line, or as files of labels are. Raises OtherCount, BadShownText."""
    assert text.values is not None
    try:
        labels = [each["label"] for each in parse_labels(given)]
    except LabelsUnreadable:
        labels = []
    if len(labels) != len(text.values):
        raise OtherCount(text.key, count=len(text.values), given=len(labels))
    words = [dict.fromkeys(LANGUAGES, each) if isinstance(each, str) else dict(each) for each in labels]
    if not all(_fits(text.what, said) for each in words for said in each.values()):
        raise BadShownText(text.key, text.most)
    return dict(zip(text.values, words, strict=True))


def _fits(what: str, said: str) -> bool:
    one_line = what not in ONE_LINE or said.isprintable()
    return len(said) <= MOST[what] and is_visible(said) and is_storable(said) and one_line


def with_texts(data: JsonObject, texts: Mapping[str, Any], folder: Path) -> JsonObject:  # Any: as `checked` makes them
    """The manifest's TOML with them; what they are of may be there no more. `folder`: where files of labels are."""
    changed = dict(data)
    for key in (CATEGORY, DESCRIPTION, ICON):
        if key in texts:
            _put(changed, key, texts[key])
    for table in ("inputs", "outputs"):
        changed[table] = [
            _reworded(dict(entry), f"{table}.{entry['name']}.", texts, folder) for entry in data.get(table, ())
        ]
    return changed


def _reworded(entry: JsonObject, place: str, texts: Mapping[str, Any], folder: Path) -> JsonObject:
    for what in (LABEL, HELP):
        if place + what in texts:
            _put(entry, what, texts[place + what])
    for what in (OPTIONS, CLASSES):
        if labels := texts.get(place + what):
            if what == CLASSES and "labels" in entry:
                entry[CLASSES] = read_labels(folder / entry.pop("labels"))
            entry[what] = [{**each, "label": labels.get(each["value"], each["label"])} for each in entry.get(what, ())]
            if not entry[what]:
                del entry[what]
    return entry


def _put(entry: JsonObject, key: str, value: Any) -> None:  # Any: as above
    if value is None:
        entry.pop(key, None)
    else:
        entry[key] = value
