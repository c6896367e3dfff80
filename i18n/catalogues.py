"""The catalogues of `locales/`: `python -m i18n.catalogues extract` brings them up to the code, `check` proves that
every message is translated."""

import io
import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter

from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from i18n.translator import DOMAIN, LANGUAGES, LOCALES

ROOT = LOCALES.parent
FOLDERS = ("bot", "handlers", "i18n", "mail", "services", "web")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "gettext": None,
    "html": None,
    "N_": None,
    "ngettext": (1, 2),
    "nhtml": (1, 2),
    "NN_": (1, 2),
    "_": None,  # of templates
}
PLURAL_FORMS = {"ru": 3, "en": 2}
UNTRANSLATED = "en"  # the language of the msgids


def main(argv: list[str]) -> int:
    match argv:
        case ["extract"]:
            extract()
            return 0
        case ["check"]:
            problems = list(check())
            for problem in problems:
                print(problem, file=sys.stderr)  # noqa: T201 - a command line prints
            return 1 if problems else 0
    print("usage: python -m i18n.catalogues extract|check", file=sys.stderr)  # noqa: T201 - a command line prints
    return 2


def extract(folder: Path = LOCALES) -> None:
    """New messages come in empty (in English with their own text), those that the code has no more go."""
    template = messages_of_code()
    for language in LANGUAGES:
        path = _path(folder, language)
        catalogue = _read(path, language)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        if language == UNTRANSLATED:
            for message in _messages(catalogue):
                message.string = message.id
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_written(catalogue))


def check(folder: Path = LOCALES) -> Iterator[str]:
    """What is wrong, in lines that name file and message."""
    wanted = {message.id for message in _messages(messages_of_code())}
    for language in LANGUAGES:
        catalogue = _read(_path(folder, language), language)
        name = f"{language}/{DOMAIN}.po"
        found = {message.id for message in _messages(catalogue)}
        yield from (f"{name}: missing: {_shown(each)}" for each in wanted - found)
        yield from (f"{name}: the code has no more: {_shown(each)}" for each in found - wanted)
        yield from (f"{name}: obsolete: {_shown(message.id)}" for message in catalogue.obsolete.values())
        if catalogue.num_plurals != PLURAL_FORMS[language]:
            yield f"{name}: {PLURAL_FORMS[language]} plural forms are expected, not {catalogue.num_plurals}"
        for message in _messages(catalogue):
            yield from (f"{name}: {problem}: {_shown(message.id)}" for problem in _problems(message, language))


def messages_of_code() -> Catalog:
    catalogue = Catalog()
    for file, message in _found():
        catalogue.add(message, locations=[(file, 0)])  # a line number would change every day
    return catalogue


@cache  # reading all of the code takes half a second
def _found() -> list[tuple[str, str | tuple[str, ...]]]:
    return [
        (f"{folder}/{file}", message)
        for folder in FOLDERS
        for file, _, message, _, _ in extract_from_dir(
            ROOT / folder,
            [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")],
            keywords=KEYWORDS,
            comment_tags=(),
        )
    ]


def _problems(message: Message, language: str) -> Iterator[str]:
    ids = _texts(message.id)
    strings = _texts(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if len(strings) != (PLURAL_FORMS[language] if message.pluralizable else 1) or not all(strings):
        yield "not translated"
        return
    for string in strings:
        # a plural may say "one" in words: what each form needs is among what any form of the original has
        if _fields(string) - set().union(*map(_fields, ids)) or set.intersection(*map(_fields, ids)) - _fields(string):
            yield f"other placeholders in {string!r}"
        if _tags(string) != _tags(ids[-1]):
            yield f"other tags in {string!r}"
        if string.strip() != string and ids[0].strip() == ids[0]:
            yield f"spaces around {string!r}"


def _texts(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return () if text is None else (text,) if isinstance(text, str) else tuple(text)


def _fields(text: str) -> set[str]:
    return {field for _, field, _, _ in Formatter().parse(text) if field is not None}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")


def _tags(text: str) -> list[str]:
    parser = _Tags()
    parser.feed(text)
    parser.close()
    return parser.found


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _path(folder: Path, language: str) -> Path:
    return folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _written(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(
        buffer, catalogue, width=110, omit_header=False, sort_output=False, sort_by_file=True, include_lineno=False
    )
    text = buffer.getvalue().decode()
    for name in ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Generated-By"):
        text = re.sub(rf'"{name}: [^"]*(?:"\n"(?![A-Z][A-Za-z-]+: )[^"]*)*"\n', "", text)
    return re.sub(r"\A(#[^\n]*\n)+", "", text).encode()


def _shown(message: str | tuple[str, ...] | list[str]) -> str:
    return repr(_texts(message)[0])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
