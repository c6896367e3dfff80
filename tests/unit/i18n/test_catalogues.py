"""The catalogues are complete, and the check sees what is not."""

import ast
import shutil
from pathlib import Path

import pytest

from i18n.catalogues import FOLDERS, KEYWORDS, ROOT, check, extract, main, messages_of_code
from i18n.translator import LOCALES

RUSSIAN = Path("ru/LC_MESSAGES/kassandra.po")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "locales"
    shutil.copytree(LOCALES, folder)
    extract(folder)
    return folder


def _spoil(folder: Path, old: str, new: str) -> list[str]:
    path = folder / RUSSIAN
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))
    return [problem for problem in check(folder) if problem.startswith("ru/")]


def test_both_catalogues_are_complete() -> None:
    assert list(check()) == []
    assert main(["check"]) == 0


def test_messages_of_every_kind_are_found() -> None:
    found = {message.id for message in messages_of_code()}
    assert "🏠 Menu" in found  # gettext
    assert "Hello, {name}!" in found  # html
    assert "This does not look like an e-mail address. Example: anna@example.com" in found  # N_
    assert ("{amount} credit", "{amount} credits") in found  # ngettext


def test_messages_within_other_strings_are_found_too() -> None:
    """Who reads the code for messages sees none that stand in an f-string."""
    found = {text for message in messages_of_code() for text in (message.id, *message.id)}
    said = {
        call.args[0].value
        for folder in FOLDERS
        for file in (ROOT / folder).rglob("*.py")
        for call in ast.walk(ast.parse(file.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "attr", getattr(call.func, "id", "")) in KEYWORDS
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    assert said - found == set()


def test_extracting_again_changes_nothing(copy: Path) -> None:
    before = (copy / RUSSIAN).read_bytes()
    extract(copy)
    assert (copy / RUSSIAN).read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('msgstr "🏠 Меню"', 'msgstr ""', "not translated: '🏠 Menu'"),
        ('msgid "🏠 Menu"\n', 'msgid "🏠 Home"\n', "missing: '🏠 Menu'"),
        ('msgid "🏠 Menu"\n', 'msgid "🏠 Home"\n', "the code has no more: '🏠 Home'"),
        ('"Здравствуйте, {name}!"', '"Здравствуйте, {имя}!"', "other placeholders"),
        ('"Здравствуйте, {name}!"', '"Здравствуйте!"', "other placeholders"),
        ('"Баланс: <b>{credits}</b>"', '"Баланс: <i>{credits}</i>"', "other tags"),
        ('msgstr[2] "{amount} кредитов"\n', "", "not translated: '{amount} credit'"),
        ('msgid "🏠 Menu"\n', '#, fuzzy\nmsgid "🏠 Menu"\n', "fuzzy"),
        ('msgstr "🏠 Меню"', 'msgstr "🏠 Меню"\n\n#~ msgid "Old"\n#~ msgstr "Старое"', "obsolete: 'Old'"),
        ("nplurals=3", "nplurals=2", "3 plural forms are expected"),
        ('msgstr "🏠 Меню"', 'msgstr "🏠 Меню "', "spaces around"),
    ],
)
def test_what_the_check_sees(copy: Path, old: str, new: str, told: str) -> None:
    problems = _spoil(copy, old, new)
    assert any(told in problem for problem in problems), problems


def test_wrong_usage() -> None:
    assert main([]) == 2
